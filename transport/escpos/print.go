package escpos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Print prints a document. It sends pieces of at most a quarter of the
// printer's buffer, two ahead of what the printer has confirmed, and waits for
// paper, cover and the like as long as ctx allows: the printer itself goes on
// where it stopped, and no line is sent twice.
//
// nil means that the printer confirmed the whole document as Profile.Confirm
// can tell (with NoConfirm: that it took it all and was well afterwards).
//
// Errors: ErrProfile when the document was built for paper or characters this
// printer has not. Every other error is a *PrintError. Its Sent says whether
// anything is on paper: if so it is ErrHalfPrinted too, and the slip must be
// printed again as a whole, marked as a reprint; what the printer still holds
// may come out before it. Causes: ErrPaperOut, ErrCoverOpen, ErrCutter,
// ErrOffline, with the context's error when it ended while waiting; ErrBroken,
// ErrNoAnswer, ErrLost, ErrClosed, and what the medium said.
func (p *Printer) Print(ctx context.Context, doc *Document) error {
	if own, its := &p.cfg.Profile, &doc.profile; own.Dots != its.Dots || own.Columns != its.Columns || own.Chinese != its.Chinese {
		return p.wrap(fmt.Errorf("%w: the document was built for %q, the printer is %q", ErrProfile, its.Name, own.Name))
	}
	j := &job{doc: doc, pieces: doc.group(p.cfg.Profile.Buffer / 4)}
	err := p.with(ctx, func(ctx context.Context, s *session) error {
		j.session = s
		return j.run(ctx)
	})
	if err == nil {
		return nil
	}
	return &PrintError{Printer: p.String(), Sent: j.sent, Confirmed: j.confirmed, Total: len(doc.data), Fault: j.fault, Err: err}
}

// group joins neighbouring pieces up to limit bytes. A single piece may be longer.
func (d *Document) group(limit int) [][]byte {
	var out [][]byte
	from, end := 0, 0
	for _, e := range d.ends {
		if e-from > limit && end > from {
			out = append(out, d.data[from:end])
			from = end
		}
		end = e
	}
	if end > from {
		out = append(out, d.data[from:end])
	}
	return out
}

// job is one document being printed.
type job struct {
	*session
	doc     *Document
	pieces  [][]byte
	confirm Confirm

	sent, confirmed int // bytes
	fault           error
	nearEnd         bool
	opened          bool // the cover, at the last look
	told            Progress
	toldOnce        bool
	asked           int    // process IDs given out
	out             []mark // asked for and not answered
}

// mark stands behind a piece in the stream.
type mark struct {
	id    [4]byte
	upTo  int // bytes of the document before it
	got   int // answers to GS r so far
	probe [4]byte
}

// ahead is how many pieces may be on their way: one prints while one travels.
const ahead = 2

// unanswered is how many questions in a row a printer may leave open before it
// counts as gone.
const unanswered = 3

func (j *job) run(ctx context.Context) error {
	if err := j.ready(ctx); err != nil {
		return err
	}
	if err := j.begin(ctx); err != nil {
		return err
	}
	for _, piece := range j.pieces {
		for len(j.out) >= ahead {
			if err := j.await(ctx); err != nil {
				return err
			}
		}
		n, err := j.write(ctx, piece)
		j.sent += n
		if err != nil {
			return err
		}
		if err := j.markHere(ctx); err != nil {
			return err
		}
		j.tell()
	}
	for len(j.out) > 0 {
		if err := j.await(ctx); err != nil {
			return err
		}
	}
	if j.confirm == NoConfirm {
		return j.settle(ctx)
	}
	return nil
}

// tell reports what has changed.
func (j *job) tell() {
	now := Progress{Sent: j.sent, Confirmed: j.confirmed, Total: len(j.doc.data), Waiting: j.fault, PaperNearEnd: j.nearEnd}
	if j.p.cfg.Progress != nil && (!j.toldOnce || now != j.told) {
		j.p.cfg.Progress(now)
	}
	j.told, j.toldOnce = now, true
}

// look asks for the status; a fault is remembered and told, and an error only
// if nobody can put it right by hand.
func (j *job) look(ctx context.Context) (well bool, err error) {
	st, err := j.status(ctx)
	if err != nil {
		return false, err
	}
	j.fault, j.nearEnd = st.Err(), st.PaperNearEnd
	j.tell()
	if st.Broken {
		return false, ErrBroken
	}
	return j.fault == nil, j.recover(ctx, st)
}

// recover tells a printer whose cutter was jammed to go on (DLE ENQ 1), once
// somebody has opened the cover and closed it again: not while there may be
// fingers at the blade.
func (j *job) recover(ctx context.Context, st Status) error {
	if st.CoverOpen || !st.Cutter {
		j.opened = st.CoverOpen
		return nil
	}
	if !j.opened {
		return nil
	}
	j.opened = false
	_, err := j.write(ctx, []byte{0x10, 0x05, 0x01})
	return err
}

// ready waits until the printer can print.
func (j *job) ready(ctx context.Context) error {
	if j.p.cfg.Profile.Status == NoStatus {
		return nil
	}
	for silent := 0; ; {
		well, err := j.look(ctx)
		switch {
		case errors.Is(err, ErrNoAnswer) && j.fault != nil:
			if silent++; silent >= unanswered {
				return err
			}
		case err != nil:
			return err
		case well:
			return nil
		default:
			silent = 0
		}
		if err := pause(ctx, j.p.cfg.Poll); err != nil {
			return err
		}
	}
}

// begin turns automatic status off, whose bytes look like answers, and finds
// out how the printer confirms.
func (j *job) begin(ctx context.Context) error {
	j.confirm = j.p.confirm
	if j.confirm == NoConfirm {
		return nil
	}
	if _, err := j.write(ctx, []byte{0x1D, 0x61, 0x00}); err != nil {
		return err
	}
	if j.confirm != ConfirmTry {
		return nil
	}
	j.confirm = ConfirmStatus
	if _, err := j.write(ctx, statusMark); err != nil {
		return err
	}
	for end, got := time.Now().Add(j.p.cfg.Answer), 0; got < answersPerMark; {
		a, ok, err := j.next(ctx, time.Until(end))
		if err != nil {
			return err
		}
		if !ok {
			j.confirm = NoConfirm
			break
		}
		if a.kind == answerStatus {
			got++
		}
	}
	j.p.confirm = j.confirm
	return nil
}

// statusMark is GS r 1, twice.
var statusMark = []byte{0x1D, 0x72, 0x01, 0x1D, 0x72, 0x01}

const answersPerMark = 2

// markHere puts a mark behind what was sent.
func (j *job) markHere(ctx context.Context) error {
	m := mark{upTo: j.sent}
	switch j.confirm {
	case NoConfirm:
		return j.ready(ctx)
	case ConfirmProcess:
		m.id = j.nextID()
		if err := j.ask(ctx, m.id); err != nil {
			return err
		}
	default:
		if _, err := j.write(ctx, statusMark); err != nil {
			return err
		}
	}
	j.out = append(j.out, m)
	return nil
}

// nextID numbers process IDs 0001 to 9999, as Epson's reference recommends.
func (j *job) nextID() [4]byte {
	j.asked++
	return [4]byte([]byte(fmt.Sprintf("%04d", j.asked%10000)))
}

// ask sends GS ( H function 48.
func (j *job) ask(ctx context.Context, id [4]byte) error {
	_, err := j.write(ctx, append([]byte{0x1D, 0x28, 0x48, 6, 0, 0x30, 0x30}, id[:]...))
	return err
}

// await waits for the oldest mark. While nothing comes it asks why, and waits
// with the printer for what a person must do.
func (j *job) await(ctx context.Context) error {
	silent := 0
	until := time.Now().Add(j.p.cfg.Patience)
	for {
		done, err := j.matched()
		if done || err != nil {
			return err
		}
		a, ok, err := j.next(ctx, j.p.cfg.Poll)
		if err != nil {
			return err
		}
		if ok {
			j.keep(a)
			continue
		}
		well, err := j.inquire(ctx, &silent)
		switch {
		case err != nil:
			return err
		case !well:
			until = time.Now().Add(j.p.cfg.Patience)
		case time.Now().After(until):
			return ErrLost
		default:
			if err := j.probe(ctx); err != nil {
				return err
			}
		}
	}
}

// inquire asks a silent printer why; one without status is just waited for.
func (j *job) inquire(ctx context.Context, silent *int) (well bool, err error) {
	if j.p.cfg.Profile.Status == NoStatus {
		return true, nil
	}
	well, err = j.look(ctx)
	if errors.Is(err, ErrNoAnswer) {
		if *silent++; *silent < unanswered {
			return false, nil
		}
		return false, err
	}
	*silent = 0
	return well, err
}

// probe sends one more process ID behind everything, once a mark: a printer
// that lost its buffer answers it at once, and not the mark before it.
func (j *job) probe(ctx context.Context) error {
	m := &j.out[len(j.out)-1]
	if j.confirm != ConfirmProcess || m.probe != [4]byte{} {
		return nil
	}
	m.probe = j.nextID()
	return j.ask(ctx, m.probe)
}

// matched looks whether the oldest mark was answered. An ID that is not the
// next one proves that those before it were lost.
func (j *job) matched() (bool, error) {
	for len(j.marks) > 0 {
		a := j.marks[0]
		j.marks = j.marks[1:]
		m := &j.out[0]
		switch {
		case j.confirm == ConfirmStatus && a.kind == answerStatus:
			if m.got++; m.got < answersPerMark {
				continue
			}
		case j.confirm == ConfirmProcess && a.kind == answerProcess:
			if a.id != m.id {
				if j.isAhead(a.id) {
					return false, ErrLost
				}
				continue // of a probe whose marks are done
			}
		default:
			continue
		}
		j.confirmed = m.upTo
		j.out = j.out[1:]
		j.fault = nil
		j.tell()
		return true, nil
	}
	return false, nil
}

// isAhead reports an ID that stands behind the oldest mark in the stream.
func (j *job) isAhead(id [4]byte) bool {
	for i, m := range j.out {
		if i > 0 && m.id == id || m.probe == id {
			return true
		}
	}
	return false
}

// settle looks twice, a poll apart, at a printer that confirms nothing.
func (j *job) settle(ctx context.Context) error {
	if j.p.cfg.Profile.Status == NoStatus {
		return j.empty(ctx)
	}
	for range 2 {
		if err := pause(ctx, j.p.cfg.Poll); err != nil {
			return err
		}
		if err := j.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// What a system queues for a serial line, and how slow such lines are.
const (
	lineQueue  = 4096 // bytes
	lineSecond = 960  // bytes a second at 9600 baud
)

// empty leaves the line open while the system sends what it took: closing would
// throw it away, and nobody would tell.
func (j *job) empty(ctx context.Context) error {
	wait := j.p.cfg.LineTime
	if wait == 0 {
		wait = time.Duration(min(j.sent, lineQueue)) * time.Second / lineSecond
	}
	return pause(ctx, wait)
}
