package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/internal/durable"
	"github.com/openecr/openecr/pos"
)

// Config says where the journal is. Path must be given.
type Config struct {
	// Path of the journal. Its companions lie beside it: the log (-wal), its
	// index (-shm), the lock (.lock), the reserve (.reserve) and the derived
	// table of attempts (.view). A backup needs the first two alone, or, while
	// the journal is closed, just the first.
	Path string
	// Watermark is the path of a second file that remembers the highest record
	// ever acknowledged; best on another device. Default: Path + ".mark".
	Watermark string
	// AcceptRollback opens a journal that is older than the watermark says, or
	// has lost it, instead of returning ErrRollback. A repair record notes
	// what was lost and the epoch jumps, so that no key can repeat. Payments
	// made since the old copy are unknown to it: compare with the channels' bills.
	AcceptRollback bool
	// ReadOnly opens for Get, Find, Records and Verify alone: without the
	// lock, beside a running writer, and as far as a damaged file can be read.
	ReadOnly bool
	// MinFree is the free space below which no new attempt is begun. 0 means
	// DefaultMinFree, a negative number none.
	MinFree int64
	// Notify is told what a person should know, from the goroutine that found
	// it; it must not block nor call the journal. nil drops it.
	Notify func(Notice)

	tune tuning
}

// DefaultMinFree leaves room for a day's records and for the system beside them.
const DefaultMinFree = 64 << 20

// tuning holds what tests make smaller.
type tuning struct {
	reserve int64
	whole   int64 // journals up to this many records are verified whole at open
	flush   time.Duration
	idle    int           // ended attempts kept in memory
	delay   time.Duration // before the verification in the background
	noLog   bool          // no preallocated log
}

// Notice is something a person should know about the journal.
type Notice struct {
	Kind NoticeKind
	Err  error // the cause, if there is one
	Text string
}

// NoticeKind names a Notice.
type NoticeKind string

// The notices.
const (
	NoticePoisoned  NoticeKind = "poisoned"  // nothing more is written until reopened
	NoticeSpace     NoticeKind = "space"     // too little free space for new attempts, or enough again
	NoticeReserve   NoticeKind = "reserve"   // the reserve is in use, or restored
	NoticeView      NoticeKind = "view"      // the derived table is mended or built anew
	NoticeRollback  NoticeKind = "rollback"  // an older copy was accepted
	NoticeWatermark NoticeKind = "watermark" // the watermark cannot be written
)

// Journal is a pos.Journal in SQLite. All methods may be called concurrently.
type Journal struct {
	cfg      Config
	epoch    int64
	lock     *lockFile
	store    *store // nil when read-only
	view     *view  // nil when read-only without one
	mark     *markFile
	mem      *memory
	readOnly bool
	readBy   string // URI parameters of read-only connections

	poisoned atomic.Pointer[Error]
	damage   error // of a read-only opening: where the records end being sound

	queueMu sync.Mutex
	queue   []*op
	leading bool

	// Of the leader alone; the lead passes on under queueMu.
	head      mark
	busyLanes int // of the last group, and those left behind
	hashBuf   []byte
	spaceAt   time.Time
	failWrite func([]Record) error // of tests

	spaceLow, viewStuck, viewEmpty, restartLog, reserveGone, markFailed, keeperAwake atomic.Bool
	viewBad                                                                          atomic.Bool
	logPages, viewAt, commits, appends                                               atomic.Int64

	closeMu sync.Mutex
	closing bool
	closed  chan struct{} // closed when Close has ended
	closeOf error
	calls   sync.WaitGroup // of Append
	work    sync.WaitGroup // keeper and background verification
	stop    context.CancelFunc
	stopped context.Context
	kick    chan struct{}
	flushed chan struct{}
}

var _ pos.Journal = (*Journal)(nil)

const (
	lockSuffix    = ".lock"
	markSuffix    = ".mark"
	viewSuffix    = ".view"
	reserveSuffix = ".reserve"
)

// Open opens the journal, creating it where there is none, and makes a new
// epoch durable.
//
// It verifies the records behind the last checkpoint always, a journal of up
// to 50,000 records whole, and the rest of a larger one in the background; a
// mismatch found there stops the journal as a failed sync does.
//
// Errors, all wrapping pos.ErrJournal: ErrLocked, ErrCorrupt, ErrRollback,
// ErrSchema, or the cause. The journal is not open then, and no till may
// charge; with ReadOnly it can still be looked at. ctx bounds the opening only.
func Open(ctx context.Context, cfg Config) (*Journal, error) {
	if cfg.Path == "" {
		return nil, fmt.Errorf("%w: journal: Config.Path is missing", pos.ErrInvalid)
	}
	if cfg.Watermark == "" {
		cfg.Watermark = cfg.Path + markSuffix
	}
	if cfg.MinFree == 0 {
		cfg.MinFree = DefaultMinFree
	}
	if cfg.tune.reserve == 0 {
		cfg.tune.reserve = reserveBytes
	}
	if cfg.tune.whole == 0 {
		cfg.tune.whole = smallRecords
	}
	if cfg.tune.flush == 0 {
		cfg.tune.flush = flushAfter
	}
	if cfg.tune.idle == 0 {
		cfg.tune.idle = maxIdle
	}
	if cfg.tune.delay == 0 {
		cfg.tune.delay = verifyDelay
	}
	j, err := openOnce(ctx, cfg)
	if err == nil || cfg.ReadOnly || !crowded(cfg, err) {
		return j, err
	}
	// What was begun must be ended even on a full disk, and for that the journal must open.
	if gone, giveErr := giveReserve(cfg.Path + reserveSuffix); !gone {
		return nil, errors.Join(err, giveErr)
	}
	return openOnce(ctx, cfg)
}

func openOnce(ctx context.Context, cfg Config) (j *Journal, err error) {
	j = &Journal{
		cfg: cfg, mem: newMemory(max(0, cfg.tune.idle)), readOnly: cfg.ReadOnly, readBy: "mode=ro",
		closed: make(chan struct{}), kick: make(chan struct{}, 1), flushed: make(chan struct{}, 1),
	}
	j.stopped, j.stop = context.WithCancel(context.Background())
	if cfg.ReadOnly {
		err = j.openRead(ctx)
	} else {
		err = j.openWrite(ctx)
	}
	if err != nil {
		j.stop()
		if _, ours := errors.AsType[*Error](err); !ours {
			err = j.fail("open", kindOf(err), err)
		}
		return nil, errors.Join(err, j.release())
	}
	return j, nil
}

// crowded reports whether an opening failed for want of space: SQLite has
// several words for it, so the disk is asked too.
func crowded(cfg Config, err error) bool {
	if errors.Is(err, ErrFull) {
		return true
	}
	for _, kind := range []error{ErrLocked, ErrCorrupt, ErrRollback, ErrSchema} {
		if errors.Is(err, kind) {
			return false
		}
	}
	free, freeErr := freeBytes(filepath.Dir(cfg.Path))
	return freeErr == nil && free < crowdedBytes
}

// crowdedBytes is less than an opening needs for its log and index.
const crowdedBytes = 1 << 20

// kindOf classes what the store said at open.
func kindOf(err error) error {
	switch {
	case damaged(err), errors.Is(err, errRow):
		return ErrCorrupt
	case errors.Is(err, errNewer), errors.Is(err, errForeign), errors.Is(err, errSchemaText):
		return ErrSchema
	case noRoom(err):
		return ErrFull
	}
	return nil
}

func (j *Journal) openWrite(ctx context.Context) error {
	l, holder, err := lock(j.cfg.Path + lockSuffix)
	if errors.Is(err, durable.ErrHeld) {
		e := j.fail("open", ErrLocked, nil)
		e.PID = holder
		return e
	} else if err != nil {
		return err
	}
	j.lock = l
	had, known, err := readMark(j.cfg.Watermark)
	if err != nil {
		return err
	}
	_, statErr := os.Stat(j.cfg.Path)
	if known && os.IsNotExist(statErr) && !j.cfg.AcceptRollback {
		return j.fail("open", ErrRollback, errors.New("the file is gone, but its watermark is there"))
	}
	if j.store, err = openStore(j.cfg.Path); err != nil {
		return err
	}
	newest, err := last(j.store.writer)
	if err != nil {
		return err
	}
	j.head = mark{seq: newest.Seq, epoch: newest.Epoch, hash: newest.Hash}
	if err := j.verifyTail(ctx); err != nil {
		return err
	}
	lost, err := j.compareMark(had, known)
	if err != nil {
		return err
	}
	if err := j.openAttempts(ctx); err != nil {
		return err
	}
	return j.begin(had, lost)
}

// compareMark finds out whether something acknowledged is missing; lost says what.
func (j *Journal) compareMark(had mark, known bool) (lost string, err error) {
	switch {
	case !known && j.head.seq == 0:
		return "", nil
	case !known:
		lost = "the watermark is missing or unreadable; it cannot be told whether this is the newest copy"
	case had.seq > j.head.seq:
		lost = fmt.Sprintf("record %d was acknowledged, but the file ends at %d", had.seq, j.head.seq)
	default:
		var r Record
		if had.seq > 0 {
			if r, err = record(j.store.writer, had.seq); err != nil {
				return "", err
			}
		}
		if r.Hash == had.hash {
			return "", nil
		}
		lost = fmt.Sprintf("record %d is another one than was acknowledged", had.seq)
	}
	if !j.cfg.AcceptRollback {
		e := j.fail("open", ErrRollback, errors.New(lost))
		e.Seq = had.seq
		return "", e
	}
	return lost, nil
}

// rollbackEpochs is how far the epoch jumps when an older copy is accepted:
// more openings than the lost copy can have seen.
const rollbackEpochs = 1 << 16

// begin makes the new epoch durable and starts the keeper.
func (j *Journal) begin(had mark, lost string) error {
	j.epoch = max(j.head.epoch, had.epoch) + 1
	g := &group{j: j, at: j.head, mono: sinceBoot(), wall: time.Now().Round(0)}
	if lost != "" {
		j.epoch += rollbackEpochs
		g.own(KindRepair, ownBody{Kind: KindRepair, HadSeq: had.seq, HadHash: fmt.Sprintf("%x", had.hash), HadEpoch: had.epoch, FoundSeq: j.head.seq, Reason: lost})
		j.notify(Notice{Kind: NoticeRollback, Text: lost})
	}
	if (g.at.seq+1)%CheckpointEvery == 0 {
		g.own(KindCheckpoint, ownBody{Kind: KindCheckpoint})
	}
	g.own(KindEpoch, ownBody{Kind: KindEpoch, PID: os.Getpid(), Version: schemaVersion})
	if err := j.store.insert(g.rows); err != nil {
		return err
	}
	j.head = g.at
	j.mem.apply(nil, g.at)
	var err error
	if j.mark, err = openMark(j.cfg.Watermark, g.at); err != nil {
		return err
	}
	if err := durable.SyncDir(filepath.Dir(j.cfg.Path)); err != nil {
		return err
	}
	if !j.cfg.tune.noLog {
		if err := j.store.preallocateLog(); err != nil {
			j.notify(Notice{Kind: NoticeSpace, Err: err, Text: "no room to keep the log ready"})
		}
	}
	j.keepReserve()
	j.checkSpace()
	j.spaceAt = time.Now()
	j.work.Go(j.keep)
	if j.head.seq > j.cfg.tune.whole {
		j.work.Go(j.verifyBehind)
	}
	return nil
}

// Epoch returns how often the journal had been opened, jumps included.
func (j *Journal) Epoch() int64 { return j.epoch }

// Poisoned returns why nothing more is written, or nil. It is an *Error of
// kind ErrPoisoned, ErrFenced or ErrCorrupt; close the journal and open it
// again, which verifies it.
func (j *Journal) Poisoned() error {
	if e := j.poisoned.Load(); e != nil {
		return e
	}
	if j.readOnly {
		return j.damage
	}
	return nil
}

// poison stops the journal for good and returns the first reason.
func (j *Journal) poison(e *Error) *Error {
	if j.poisoned.CompareAndSwap(nil, e) {
		j.notify(Notice{Kind: NoticePoisoned, Err: e, Text: "the journal writes nothing more until it is reopened"})
	}
	return j.poisoned.Load()
}

// usable refuses appends that cannot succeed.
func (j *Journal) usable(op string) error {
	if j.readOnly {
		return j.fail(op, ErrReadOnly, nil)
	}
	if e := j.poisoned.Load(); e != nil {
		return j.fail(op, ErrPoisoned, e)
	}
	return nil
}

// enter counts a call that Close waits for.
func (j *Journal) enter() error {
	j.closeMu.Lock()
	defer j.closeMu.Unlock()
	if j.closing {
		return j.fail("append", ErrClosed, nil)
	}
	j.calls.Add(1)
	return nil
}

func (j *Journal) notify(n Notice) {
	if j.cfg.Notify != nil {
		j.cfg.Notify(n)
	}
}

// Close waits for the calls that are under way, brings the derived table up to
// date, and gives up the lock. Later calls fail with ErrClosed. Closing twice
// is harmless. An error says that housekeeping failed; what was appended is durable.
func (j *Journal) Close() error {
	j.closeMu.Lock()
	if j.closing {
		j.closeMu.Unlock()
		<-j.closed
		return j.closeOf
	}
	j.closing = true
	j.closeMu.Unlock()
	j.calls.Wait()
	j.stop()
	j.work.Wait()
	j.closeOf = j.release()
	close(j.closed)
	return j.closeOf
}

// release closes whatever is open, the lock last.
func (j *Journal) release() error {
	var list []error
	if j.view != nil {
		list = append(list, j.view.close())
		if j.viewBad.Load() && !j.readOnly {
			list = append(list, removeView(j.cfg.Path+viewSuffix))
		}
	}
	if j.store != nil {
		list = append(list, j.store.close())
	}
	if j.mark != nil {
		list = append(list, j.mark.close())
	}
	if j.lock != nil {
		list = append(list, j.lock.unlock())
	}
	if err := errors.Join(list...); err != nil {
		return j.fail("close", nil, err)
	}
	return nil
}
