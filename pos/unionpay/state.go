package unionpay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/openecr/openecr/internal/durable"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// Item is one approved transaction of the open batch, as batch upload 批上送
// needs it. The card number is sealed by the key store or absent.
type Item struct {
	STAN     uint32 `json:"stan"`
	Kind     Kind   `json:"kind"`
	Amount   int64  `json:"amount"` // fen
	RRN      string `json:"rrn,omitempty"`
	AuthCode string `json:"auth,omitempty"`
	Entry    string `json:"entry,omitempty"`   // field 22
	Sequence string `json:"seq,omitempty"`     // field 23
	Foreign  bool   `json:"foreign,omitempty"` // not a UnionPay card: counted apart
	Sealed   []byte `json:"sealed,omitempty"`  // the message without tracks and PIN, see Terminal.memo
	TC       bool   `json:"tc,omitempty"`      // Sealed holds the chip's certificate in field 55
	Time     string `json:"time,omitempty"`    // MMDDhhmmss of the host
}

// Kind is a transaction as batch and settlement see it.
type Kind string

// Kinds. The debit total of a settlement counts what came in, the credit total
// what went back; holds count in neither.
const (
	KindSale             Kind = "sale"              // 消费
	KindVoid             Kind = "void"              // 消费撤销
	KindRefund           Kind = "refund"            // 退货
	KindPreauth          Kind = "preauth"           // 预授权
	KindPreauthVoid      Kind = "preauth_void"      // 预授权撤销
	KindCompletion       Kind = "completion"        // 预授权完成
	KindCompletionVoid   Kind = "completion_void"   // 预授权完成撤销
	KindCompletionAdvice Kind = "completion_advice" // 预授权完成通知
	KindOffline          Kind = "offline"           // 离线结算
	KindScan             Kind = "scan"              // 扫码消费
)

// Note is a message that must reach the host some day and moves no money by
// itself: a script result, an e-signature, an offline sale's advice. It is
// repeated until the host answers, before the next online transaction.
type Note struct {
	Kind   NoteKind `json:"kind,omitempty"`
	STAN   uint32   `json:"stan"`
	Sealed []byte   `json:"sealed"` // the message without MAC
	Tries  int      `json:"tries,omitempty"`
	Batch  uint32   `json:"batch,omitempty"` // of an item that batch upload could not bring in
	// Refused is the host's code that ended it without success, or why else it ended.
	Refused string `json:"refused,omitempty"`
}

// NoteKind says what a note is; a payment's signature has the payment's trace number.
type NoteKind string

// Kinds of notes. NoteUpload is an item of a batch upload, among the Troubles only.
const (
	NoteAdvice    NoteKind = "advice"
	NoteScript    NoteKind = "script"
	NoteSignature NoteKind = "signature"
	NoteUpload    NoteKind = "upload"
)

// Reason is why a payment must be reversed, where it is not silence.
type Reason struct {
	STAN uint32 `json:"stan"`
	Code string `json:"code"` // A0, 06
}

// Settling is how far the closing of a batch has come. While there is one, the
// terminal takes no other transaction.
type Settling struct {
	STAN     uint32          `json:"stan"` // of the 0500
	Attempt  string          `json:"attempt"`
	Answered bool            `json:"answered,omitempty"` // the 0510 is here
	Host     cupproto.Totals `json:"host,omitzero"`      // as the host counted, with its results
	Uploaded []uint32        `json:"uploaded,omitempty"` // items the host has
	Ending   bool            `json:"ending,omitempty"`   // the end message may have been sent
	Done     bool            `json:"done,omitempty"`     // it was answered
	Restarts int             `json:"restarts,omitempty"` // how often the host knew nothing of it any more
}

// State is what a terminal must remember besides its keys. It is a value.
type State struct {
	STAN     uint32    `json:"stan"`  // the last trace number that may have been used
	Batch    uint32    `json:"batch"` // 000001 to 999999; 0 before the first sign-on
	SignedOn string    `json:"signed_on,omitempty"`
	Items    []Item    `json:"items,omitempty"`
	Notes    []Note    `json:"notes,omitempty"`
	Settling *Settling `json:"settling,omitempty"`
	Settled  *Settling `json:"settled,omitempty"`  // the last settlement that ended
	Troubles []Note    `json:"troubles,omitempty"` // notes the host refused, the newest maxTroubles
	Reasons  []Reason  `json:"reasons,omitempty"`
}

// Change is one durable step of a State; what is nil or zero stays.
type Change struct {
	STAN     uint32    `json:"stan,omitempty"`
	Batch    uint32    `json:"batch,omitempty"` // another batch begins: items and settling are gone
	SignedOn *string   `json:"signed_on,omitempty"`
	Add      *Item     `json:"add,omitempty"`
	Drop     uint32    `json:"drop,omitempty"` // an item that was reversed
	Note     *Note     `json:"note,omitempty"` // new, or with another number of tries
	Sent     *Note     `json:"sent,omitempty"` // a note that was answered
	Settling *Settling `json:"settling,omitempty"`
	Settled  *Settling `json:"settled,omitempty"`  // it ended
	Uploaded []uint32  `json:"uploaded,omitempty"` // further items the host has
	Trouble  *Note     `json:"trouble,omitempty"`  // a note that was refused
	Reason   *Reason   `json:"reason,omitempty"`
	Resume   bool      `json:"resume,omitempty"` // the settlement was given up: trading goes on in the batch
}

// apply is pure.
func (s State) apply(c Change) State {
	if c.STAN != 0 {
		s.STAN = c.STAN
	}
	if c.Batch != 0 {
		s.Batch, s.Items, s.Settling, s.Reasons = c.Batch, nil, nil, nil
	}
	if c.SignedOn != nil {
		s.SignedOn = *c.SignedOn
	}
	if c.Drop != 0 {
		s.Items = slices.DeleteFunc(slices.Clone(s.Items), func(i Item) bool { return i.STAN == c.Drop })
		s.Reasons = slices.DeleteFunc(slices.Clone(s.Reasons), func(r Reason) bool { return r.STAN == c.Drop })
	}
	if c.Add != nil {
		s.Items = append(s.Items, *c.Add) // behind what earlier States see: theirs are shorter
	}
	if c.Note != nil {
		s.Notes = replaced(s.Notes, *c.Note)
	}
	if c.Sent != nil {
		s.Notes = slices.DeleteFunc(slices.Clone(s.Notes), c.Sent.same)
	}
	if c.Reason != nil {
		s.Reasons = append(s.Reasons[max(0, len(s.Reasons)-maxTroubles):len(s.Reasons):len(s.Reasons)], *c.Reason)
	}
	if c.Settling != nil {
		s.Settling = c.Settling
	}
	if c.Settled != nil {
		s.Settled = c.Settled
	}
	if c.Resume {
		s.Settling = nil
	}
	if len(c.Uploaded) > 0 && s.Settling != nil {
		now := *s.Settling
		now.Uploaded = append(now.Uploaded, c.Uploaded...)
		s.Settling = &now
	}
	if c.Trouble != nil {
		n := *c.Trouble
		n.Sealed = nil // it is over: nothing of the card is kept
		s.Troubles = append(s.Troubles[max(0, len(s.Troubles)-maxTroubles+1):len(s.Troubles):len(s.Troubles)], n)
	}
	return s
}

// maxTroubles bounds what waits for a person; each should be looked at the same day.
const maxTroubles = 1000

// refusedUploads counts the items of the open batch that the host refused.
func (s State) refusedUploads() (n int) {
	for _, t := range s.Troubles {
		if t.Kind == NoteUpload && t.Batch == s.Batch {
			n++
		}
	}
	return n
}

func (n Note) same(o Note) bool { return n.Kind == o.Kind && n.STAN == o.STAN }

// replaced puts a note in the place of the same one, or at the end.
func replaced(list []Note, n Note) []Note {
	list = slices.Clone(list)
	if i := slices.IndexFunc(list, n.same); i >= 0 {
		list[i] = n
		return list
	}
	return append(list, n)
}

// Store keeps the State of one terminal. Keep is durable when it returns nil.
// A terminal uses its Store from one goroutine at a time.
type Store interface {
	State() State
	Keep(c Change) error
	Close() error
}

// MemoryStore keeps the State in memory: for tests, and for laboratories that
// may lose a batch. The zero value is a terminal out of the box.
type MemoryStore struct {
	mu sync.Mutex
	s  State
}

// State implements Store.
func (m *MemoryStore) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.s
}

// Keep implements Store.
func (m *MemoryStore) Keep(c Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s = m.s.apply(c)
	return nil
}

// Close implements Store; the State stays, as after a restart.
func (m *MemoryStore) Close() error { return nil }

// Errors of a state file.
var (
	// ErrStateLocked: another till uses the terminal's state. One at a time.
	ErrStateLocked = errors.New("unionpay: the terminal's state file is in use by another till")
	// ErrState: the file is damaged in the middle. Do not delete it: trace numbers
	// would repeat. Restore it, or sign on with a new batch after settling at the host.
	ErrState = errors.New("unionpay: the terminal's state file is damaged")
)

// MaxStateFile bounds what is read: a batch of 100,000 transactions takes some 40 MB.
const MaxStateFile = 256 << 20

// FileStore keeps the State in a file of one change a line, each with its
// checksum, synced one by one. A line torn at the end was never promised and
// is cut off; damage before that is ErrState. The file starts afresh with each batch.
type FileStore struct {
	mu   sync.Mutex
	path string
	f    *os.File
	lock *os.File
	s    State
	bad  error // after a failed write nothing is believed any more
}

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// OpenFileStore opens or makes a state file. Errors: ErrStateLocked, ErrState,
// those of the file system.
func OpenFileStore(path string) (*FileStore, error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("unionpay: %w", err)
	}
	if err := durable.TryLock(lock); err != nil {
		if errors.Is(err, durable.ErrHeld) {
			err = ErrStateLocked
		}
		return nil, errors.Join(err, lock.Close())
	}
	s := &FileStore{path: path, lock: lock}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

func (s *FileStore) open() error {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("unionpay: %w", err)
	}
	if st, err := f.Stat(); err != nil || st.Size() > MaxStateFile {
		return errors.Join(fmt.Errorf("%w: it is larger than %d bytes", ErrState, MaxStateFile), err, f.Close())
	}
	good, err := s.replay(f)
	if err == nil {
		err = f.Truncate(good)
	}
	if err == nil {
		_, err = f.Seek(good, io.SeekStart)
	}
	if err == nil {
		err = errors.Join(f.Sync(), durable.SyncDir(filepath.Dir(s.path)))
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s.f = f
	return nil
}

// replay applies every whole line and returns where they end.
func (s *FileStore) replay(f io.Reader) (good int64, err error) {
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return good, nil // without its end the line was never promised
		}
		if err != nil {
			return good, fmt.Errorf("unionpay: reading the terminal's state: %w", err)
		}
		c, ok := readLine(line)
		if !ok {
			if _, err := r.Peek(1); err == io.EOF {
				return good, nil // torn, with an old line's end behind it
			}
			return good, fmt.Errorf("%w: line %d", ErrState, n)
		}
		s.s = s.s.apply(c)
		good += int64(len(line))
	}
}

// readLine takes a line apart: checksum in hex, space, JSON.
func readLine(line []byte) (c Change, ok bool) {
	sum, body, found := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if !found || err != nil || crc32.Checksum(body, crcTable) != uint32(want) {
		return c, false
	}
	ok = json.Unmarshal(body, &c) == nil
	return c, ok
}

func appendLine(dst []byte, c Change) ([]byte, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return append(append(fmt.Appendf(dst, "%08x ", crc32.Checksum(body, crcTable)), body...), '\n'), nil
}

// State implements Store.
func (s *FileStore) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.s
}

// Keep implements Store. After an error nothing is kept until the file has
// been opened again: what the system says of a failed sync cannot be believed.
func (s *FileStore) Keep(c Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad != nil {
		return fmt.Errorf("unionpay: the terminal's state could not be kept before; open it again: %w", s.bad)
	}
	if c.Batch != 0 {
		s.bad = s.startAfresh(s.s.apply(c))
	} else {
		s.bad = s.append(c)
	}
	if s.bad != nil {
		return fmt.Errorf("unionpay: keeping the terminal's state: %w", s.bad)
	}
	s.s = s.s.apply(c)
	return nil
}

func (s *FileStore) append(c Change) error {
	line, err := appendLine(nil, c)
	if err != nil {
		return err
	}
	if _, err := s.f.Write(line); err != nil {
		return err
	}
	return s.f.Sync()
}

// startAfresh replaces the file by one that says the same in few lines.
func (s *FileStore) startAfresh(st State) error {
	var content []byte
	for _, c := range st.changes() {
		var err error
		if content, err = appendLine(content, c); err != nil {
			return err
		}
	}
	if err := errors.Join(s.f.Close(), durable.Replace(s.path, content, 0o600)); err != nil {
		return err
	}
	f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	s.f = f
	return nil
}

// changes lead from nothing to the state.
func (s State) changes() []Change {
	list := []Change{{STAN: s.STAN, Batch: s.Batch, SignedOn: &s.SignedOn, Settling: s.Settling, Settled: s.Settled}}
	for i := range s.Items {
		list = append(list, Change{Add: &s.Items[i]})
	}
	for i := range s.Notes {
		list = append(list, Change{Note: &s.Notes[i]})
	}
	for i := range s.Troubles {
		list = append(list, Change{Trouble: &s.Troubles[i]})
	}
	for i := range s.Reasons {
		list = append(list, Change{Reason: &s.Reasons[i]})
	}
	return list
}

// Close implements Store.
func (s *FileStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f == nil {
		return nil
	}
	err := errors.Join(s.f.Close(), s.lock.Close())
	s.f, s.bad = nil, os.ErrClosed
	return err
}
