package cuptest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// The terminal the host knows when Config names none. Its master key is public:
// it protects nothing but simulated money.
const (
	Terminal  = "12345678"
	Merchant  = "123456789012345"
	MasterHex = "3131313131313131B2B2B2B2B2B2B2B2"
)

// MasterKey is the master key of Terminal.
func MasterKey() cupkey.Key {
	k, err := cupkey.NewKey(cupkey.DES, []byte{0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0x31, 0xB2, 0xB2, 0xB2, 0xB2, 0xB2, 0xB2, 0xB2, 0xB2})
	if err != nil {
		panic(err) // sixteen bytes are a key
	}
	return k
}

// Config describes a host. The zero value is a working one with one terminal.
type Config struct {
	Profile cupproto.Profile
	// MAC is how messages are authenticated.
	MAC cupkey.MACAlgorithm
	// Master key of the terminals; zero is MasterKey. An SM4 key makes it an SM4 host.
	Master cupkey.Key
	// Terminals by number, with their merchants; nil is Terminal at Merchant.
	Terminals map[string]string
	Cards     []Card // nil is Cards()
	Seed      uint64 // chooses keys, authorisation codes
	Batch     uint32 // the terminals begin with; zero is 1
	// Think is how long the host takes for a financial request.
	Think time.Duration
	// Late is the pause of the fault answer-late; zero is 2 s.
	Late time.Duration
	// Unsigned leaves the MAC out of its answers.
	Unsigned bool
	// TracksEncrypted decrypts field 35 with the track key.
	TracksEncrypted bool
	// Faults to begin with; see Inject.
	Faults []string
	// Remember is called with every line of the books before the next byte leaves;
	// an error makes the host refuse with 96. Restore reads lines back.
	Remember func(Entry) error
	// Log takes one line for everything that happens; nil is silent.
	Log func(string)
}

// Host is one acquirer. It keeps its books while connections come and go.
// Safe for concurrent use.
type Host struct {
	cfg Config

	mu       sync.Mutex
	rng      *rand.Rand
	lanes    map[string]*lane
	accounts map[string]*account
	books    []Entry
	faults   []fault
	rrn      uint64
	previous []byte // the last answer, for answer-previous

	ctx    context.Context
	cancel context.CancelFunc
	conns  sync.WaitGroup
	open   map[net.Conn]bool
	closed bool
}

// lane is what the host knows of one terminal.
type lane struct {
	number, merchant string
	batch            uint32
	keys             *keys
	ledger           map[string]*transaction // by batch and trace number
	settling         bool
	uploaded         int
}

type keys struct{ pin, mac, track cupkey.Key }

type account struct {
	Card
	held map[string]int64 // pre-authorisations by RRN
}

// New makes a host.
func New(cfg Config) *Host {
	if cfg.Master.IsZero() {
		cfg.Master = MasterKey()
	}
	if cfg.Terminals == nil {
		cfg.Terminals = map[string]string{Terminal: Merchant}
	}
	if cfg.Cards == nil {
		cfg.Cards = Cards()
	}
	if cfg.Batch == 0 {
		cfg.Batch = 1
	}
	if cfg.Late == 0 {
		cfg.Late = 2 * time.Second
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &Host{cfg: cfg, ctx: ctx, cancel: cancel, rng: rand.New(rand.NewPCG(cfg.Seed, randomStream)),
		lanes: map[string]*lane{}, accounts: map[string]*account{}, open: map[net.Conn]bool{}}
	for number, merchant := range cfg.Terminals {
		h.lanes[number] = &lane{number: number, merchant: merchant, batch: cfg.Batch, ledger: map[string]*transaction{}}
	}
	for _, c := range cfg.Cards {
		h.accounts[c.PAN] = &account{Card: c, held: map[string]int64{}}
	}
	h.Inject(cfg.Faults...)
	return h
}

// randomStream sets the simulator's random numbers apart from others of the same seed.
const randomStream = 0x435550

// Close ends all connections and returns when nothing runs any more. Closing
// twice is harmless.
func (h *Host) Close() error {
	h.cancel()
	h.mu.Lock()
	h.closed = true
	for c := range h.open {
		c.Close()
	}
	h.mu.Unlock()
	h.conns.Wait()
	return nil
}

// Books returns every line, in order.
func (h *Host) Books() []Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.books)
}

// Net is what the merchants have been given, in fen: sales less refunds, voids and reversals.
func (h *Host) Net() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var sum int64
	for _, e := range h.books {
		sum += e.Amount
	}
	return sum
}

// Batch is the batch a terminal is in.
func (h *Host) Batch(terminal string) uint32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l := h.lanes[terminal]; l != nil {
		return l.batch
	}
	return 0
}

// Reboot forgets the working keys, as a host does that was restarted: every
// terminal must sign on again. Connections break.
func (h *Host) Reboot() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.lanes {
		l.keys = nil
	}
	for c := range h.open {
		c.Close()
	}
	h.log("reboot: the working keys are gone")
}

func (h *Host) log(format string, args ...any) {
	if h.cfg.Log != nil {
		h.cfg.Log(fmt.Sprintf(format, args...))
	}
}
