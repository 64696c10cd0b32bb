package zvttest

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// Config describes a terminal. The zero value is a working one for euros.
type Config struct {
	Currency   pos.Currency      // zero is EUR
	Password   zvtproto.Password // zero is 000000
	TerminalID string            // eight digits; zero is 52500041
	MerchantID string            // VU number; zero is 100764992
	Seed       uint64            // chooses cards and authorisation codes
	// Think is how long each step at the terminal takes: card, PIN, host.
	Think time.Duration
	// T3 is the wait for a register's response; zero is 5 s.
	T3 time.Duration
	// Late is the pause of the fault answer-late, Away how long a reboot takes; zero is 2 s each.
	Late, Away time.Duration
	// FirstReceipt is the number of the first receipt; zero is 1.
	FirstReceipt uint16
	// NoRepeat makes 06 20 complete without a status-information, NoAbort refuses
	// 06 B0, as some terminals do (Portalum.Zvt issue 26).
	NoRepeat, NoAbort bool
	// Faults to begin with; see Inject.
	Faults []string
	// Book is called with every line of the books before the next byte leaves.
	// An error stops the terminal from booking: the payment is declined.
	Book func(Booking) error
	// Remember is called with everything the terminal must know after its power
	// was cut, before the next byte leaves and before Book; see Restore. An error
	// is treated as one of Book.
	Remember func(Entry) error
	// Log takes one line for everything the display shows; nil is silent.
	Log func(string)
}

// Terminal is one simulated terminal. It keeps its books while connections
// come and go. Safe for concurrent use.
type Terminal struct {
	cfg Config

	mu       sync.Mutex
	rng      *rand.Rand
	faults   []fault
	books    []Booking
	records  []*record // by receipt
	last     *record
	dayEnd   *zvtproto.StatusInformation
	receipt  uint16
	trace    uint64
	config   zvtproto.Config
	can      zvtproto.Capabilities
	tlv      bool // the register has sent a TLV container, so may we
	known    bool // a register has registered
	display  []string
	printed  [][]string
	awayTill time.Time

	t3     atomic.Int64    // see SetT3
	work   sync.Mutex      // held by the one dialogue the terminal is in
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	closed sync.Once
	conns  sync.WaitGroup
}

// New makes a terminal.
func New(cfg Config) *Terminal {
	def(&cfg.Currency, pos.EUR)
	def(&cfg.Password, "000000")
	def(&cfg.TerminalID, "52500041")
	def(&cfg.MerchantID, "100764992")
	def(&cfg.T3, 5*time.Second)
	def(&cfg.Late, 2*time.Second)
	def(&cfg.Away, 2*time.Second)
	def(&cfg.FirstReceipt, 1)
	ctx, cancel := context.WithCancel(context.Background())
	t := &Terminal{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, randomStream)), ctx: ctx, cancel: cancel,
		receipt: cfg.FirstReceipt - 1, trace: uint64(cfg.FirstReceipt) + 100}
	t.SetT3(cfg.T3)
	t.Inject(cfg.Faults...)
	return t
}

// randomStream sets the simulator's random numbers apart from others of the same seed.
const randomStream = 0x5A5654

// TerminalID is the terminal's number, eight digits.
func (t *Terminal) TerminalID() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cfg.TerminalID
}

// SetT3 changes the wait for a register's response, from the next message on.
func (t *Terminal) SetT3(d time.Duration) { t.t3.Store(int64(d)) }

// responseTime is T3.
func (t *Terminal) responseTime() time.Duration { return time.Duration(t.t3.Load()) }

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Display returns every line the terminal has shown.
func (t *Terminal) Display() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.display...)
}

// Printed returns the receipts that came out of the terminal's own printer.
func (t *Terminal) Printed() [][]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([][]string(nil), t.printed...)
}

func (t *Terminal) show(line string) {
	t.mu.Lock()
	t.display = append(t.display, line)
	if len(t.display) > maxDisplay {
		t.display = t.display[len(t.display)-maxDisplay:]
	}
	t.mu.Unlock()
	if t.cfg.Log != nil {
		t.cfg.Log(line)
	}
}

// maxDisplay bounds what a terminal that runs for months remembers showing.
const maxDisplay = 1000

// Card is a test card.
type Card struct {
	PAN    zvtproto.PAN // masked, as terminals report it
	Name   string
	Type   zvtproto.CardType
	Entry  byte // tag 1F12: 00 stripe, 01 chip, 02 contactless
	Expiry [2]int
}

// Cards are what customers carry.
var Cards = []Card{
	{"541333******0018", "Mastercard", 6, 1, [2]int{30, 12}},
	{"476173******0010", "VISA", 10, 2, [2]int{31, 6}},
	{"672591*********0018", "girocard", 5, 1, [2]int{29, 9}},
	{"622202*********0128", "UnionPay", 198, 2, [2]int{33, 3}},
	{"374245*****1003", "American Express", 8, 0, [2]int{28, 1}},
}

// record is one line of the terminal's turnover store.
type record struct {
	kind      pos.Op
	receipt   uint16
	trace     uint64
	original  *record
	amount    int64 // approved, minor units
	card      Card
	auth      string
	takenBack bool // by the terminal itself
	voided    bool // by a void
	done      bool // of a hold: completed or released
	info      *zvtproto.StatusInformation
	at        time.Time
}

// Endings are the last four digits of amounts in minor units that are declined,
// and the result code they are declined with.
var Endings = map[int64]zvtproto.ResultCode{
	9005: 0x05, // declined by the host
	9055: 0x37, // wrong PIN
	9006: 0x6C, // the customer presses stop
	9064: 0x64, // card not readable
	9071: 0x71, // credit not sufficient
	9078: 0x78, // card expired
	9033: 0xC3, // maximum amount exceeded
	9099: 0x63, // a code of the host that no table has
}

// partialEnding is approved by half.
const partialEnding = 9050
