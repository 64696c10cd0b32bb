package journal

import (
	"errors"
	"time"
)

const (
	// flushAfter is how long a changed attempt waits for the view when little
	// happens: long enough that intent, armed and outcome go together.
	flushAfter = 500 * time.Millisecond
	// flushMany is how many changed attempts are written even though lanes are
	// busy: until then the processor is theirs, and half the memory is left.
	flushMany = maxDirty / 2
	// busyAppends is how many appends within flushAfter make the keeper wait:
	// more than any shop's lanes have, less than an import.
	busyAppends = 100
	// spaceEvery is how often the free space is asked for, at most.
	spaceEvery = 100 * time.Millisecond
)

var (
	errSpace = errors.New("too little free space to begin a payment; make room, then try again")
	errStuck = errors.New("the table of attempts cannot be written; make room, then try again")
)

func (j *Journal) kickKeeper() {
	select {
	case j.kick <- struct{}{}:
	default:
	}
}

// keep does what no payment waits for: it writes changed attempts to the view,
// moves the log into the file and restores the reserve.
func (j *Journal) keep() {
	mover, err := openConn(j.cfg.Path, "", writerSetup[1:]...)
	if err != nil {
		j.poison(j.fail("open", ErrPoisoned, err))
		return
	}
	defer mover.close()
	tick := time.NewTicker(j.cfg.tune.flush)
	defer tick.Stop()
	seen := int64(0) // appends up to the last tick
	for {
		quiet := false
		select {
		case <-j.stopped.Done():
			j.flushView()
			return
		case <-j.kick:
			if j.keeperAwake.CompareAndSwap(false, true) {
				tick.Reset(j.cfg.tune.flush)
			}
		case <-tick.C:
			now := j.appends.Load()
			quiet, seen = now-seen <= busyAppends, now
		}
		if quiet || j.mem.dirtyCount() >= flushMany {
			j.flushView()
		}
		if pages := j.logPages.Load(); pages > walPages/2 && !j.restartLog.Load() {
			j.moveLog(mover)
		}
		if j.reserveGone.Load() {
			j.keepReserve()
		}
		if quiet && j.mem.dirtyCount() == 0 && !j.reserveGone.Load() {
			tick.Stop()
			j.keeperAwake.Store(false)
			if j.mem.dirtyCount() > 0 { // a commit between the question and the answer
				j.kickKeeper()
			}
		}
	}
}

// moveLog checkpoints beside the running commits; the leader then moves the
// few pages that came meanwhile and the log starts over.
func (j *Journal) moveLog(mover *conn) {
	switch _, err := checkpoint(mover); {
	case err == nil:
		j.restartLog.Store(true)
	case passing(err), noRoom(err):
		// A reader or the disk is in the way: the log grows until it is not.
	default:
		j.poison(j.fail("checkpoint", ErrPoisoned, err))
	}
}

// flushView writes what the view lacks. A full disk leaves it behind for a
// while; anything else spoils the view, which the next Open builds anew.
func (j *Journal) flushView() {
	list, at := j.mem.changed()
	if j.viewBad.Load() || len(list) == 0 && at.seq == j.viewAt.Load() {
		return
	}
	if len(list) > 0 {
		j.viewEmpty.Store(false) // before anything can leave the memory
	}
	err := j.view.write(list, j.viewAt.Load(), at)
	switch {
	case err == nil:
		j.mem.written(list)
		j.viewAt.Store(at.seq)
		j.viewStuck.Store(false)
	case noRoom(err), passing(err):
		j.viewStuck.Store(true)
	default:
		j.spoilView(err)
	}
	select {
	case j.flushed <- struct{}{}:
	default:
	}
}

// spoilView stops the journal because its derived table cannot be trusted any
// more. Admission relies on it: going on could charge twice.
func (j *Journal) spoilView(err error) *Error {
	j.viewBad.Store(true)
	return j.poison(j.fail("view", ErrCorrupt, err))
}

// keepReserve writes the reserve if there is room for it and more.
func (j *Journal) keepReserve() {
	path := j.cfg.Path + reserveSuffix
	free, err := freeBytes(j.dir())
	if err == nil && j.reserveGone.Load() && free < j.cfg.MinFree+j.cfg.tune.reserve {
		return
	}
	if err == nil {
		err = makeReserve(path, j.cfg.tune.reserve)
	}
	gone := err != nil
	if was := j.reserveGone.Swap(gone); was && !gone {
		j.notify(Notice{Kind: NoticeReserve, Text: "the reserve is restored"})
	} else if gone && !was {
		j.notify(Notice{Kind: NoticeReserve, Err: err, Text: "no room for the reserve"})
	}
}

// checkSpace looks whether new attempts may begin.
func (j *Journal) checkSpace() {
	if j.cfg.MinFree < 0 {
		return
	}
	free, err := freeBytes(j.dir())
	if err != nil {
		return // the write itself will tell
	}
	low := free < j.cfg.MinFree
	if j.spaceLow.Swap(low) == low {
		return
	}
	text := "there is room for new attempts again"
	if low {
		text = "too little free space: no new attempt is begun"
	}
	j.notify(Notice{Kind: NoticeSpace, Text: text})
}
