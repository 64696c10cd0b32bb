package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// HashLen is the length of a record's hash (SHA-256).
const HashLen = sha256.Size

// The kinds of record that are not events of an attempt.
const (
	// KindEpoch opens the journal: a new run of a process begins.
	KindEpoch = "epoch"
	// KindRepair says what was found missing and accepted by Config.AcceptRollback.
	KindRepair = "repair"
	// KindCheckpoint stands at every CheckpointEvery-th sequence number, so
	// that a long journal can be verified from the last one on.
	KindCheckpoint = "checkpoint"
)

// CheckpointEvery is the distance of checkpoint records: near enough that the
// tail behind one is verified in milliseconds, far enough to cost nothing.
const CheckpointEvery = 1000

// Record is one row of the journal as it is on disk: an event of an attempt,
// or one of the kinds above.
type Record struct {
	Seq     int64 // 1, 2, 3 ... without gaps
	Kind    string
	Attempt pos.AttemptID // empty for the journal's own kinds
	Epoch   int64         // which opening of the journal wrote it
	Mono    time.Duration // since the machine booted; order within one boot
	Wall    time.Time     // wall clock, a label only
	Prev    [HashLen]byte // hash of the record before, zero for the first
	Hash    [HashLen]byte
	Body    string // JSON
}

// Own reports whether the record is the journal's own and carries no event.
func (r *Record) Own() bool {
	return r.Kind == KindEpoch || r.Kind == KindRepair || r.Kind == KindCheckpoint
}

// Event decodes the body. Only for records that are not Own.
func (r *Record) Event() (pos.Event, error) {
	var e pos.Event
	if err := json.Unmarshal([]byte(r.Body), &e); err != nil {
		return e, fmt.Errorf("record %d: %w", r.Seq, err)
	}
	if string(e.Kind) != r.Kind || e.Attempt != r.Attempt {
		return e, fmt.Errorf("record %d: the body is of another event than its row", r.Seq)
	}
	e.Seq, e.Epoch = r.Seq, r.Epoch
	return e, nil
}

// hashVersion is the first byte of every hashed encoding, so that a later
// layout can never collide with this one.
const hashVersion = 1

// sum computes the hash. The encoding is canonical: fixed-width numbers, big
// endian, and texts with their length before them.
func (r *Record) sum(buf []byte) ([HashLen]byte, []byte) {
	buf = append(buf[:0], hashVersion)
	buf = append(buf, r.Prev[:]...)
	for _, n := range [...]int64{r.Seq, r.Epoch, int64(r.Mono), r.Wall.UnixNano()} {
		buf = binary.BigEndian.AppendUint64(buf, uint64(n))
	}
	for _, s := range [...]string{r.Kind, string(r.Attempt), r.Body} {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(s)))
		buf = append(buf, s...)
	}
	return sha256.Sum256(buf), buf
}

// follows checks that the record is the one after (seq, hash) and is as it was written.
func (r *Record) follows(seq int64, prev [HashLen]byte, buf []byte) ([]byte, error) {
	switch {
	case r.Seq != seq+1:
		return buf, fmt.Errorf("record %d is missing", seq+1)
	case r.Prev != prev:
		return buf, fmt.Errorf("record %d does not follow the one before it", r.Seq)
	}
	hash, buf := r.sum(buf)
	if hash != r.Hash {
		return buf, fmt.Errorf("record %d is not as it was written", r.Seq)
	}
	return buf, nil
}

// encodeEvent gives the event the form it will have when it is read again, and its body.
//
// The event then shares no memory with the caller's that the caller may
// change, and has no detail that JSON would lose: what Append returns is
// what a reopened journal returns.
func encodeEvent(e pos.Event) (pos.Event, string, error) {
	e.Seq, e.Epoch = 0, 0
	e.Time = e.Time.UTC().Round(0)
	if e.Reply != nil {
		r := *e.Reply
		r.PeerTime = plainTime(r.PeerTime)
		r.Slips, r.Totals = slices.Clone(r.Slips), slices.Clone(r.Totals)
		for i := range r.Slips {
			r.Slips[i].Lines = slices.Clone(r.Slips[i].Lines)
		}
		e.Reply = &r
	}
	body, err := json.Marshal(e)
	if err != nil {
		return e, "", fmt.Errorf("%w: attempt %s: %w", pos.ErrInvalid, e.Attempt, err)
	}
	if bytes.Contains(body, []byte(`\ufffd`)) { // texts that were not UTF-8: keep what was kept
		var plain pos.Event
		if err := json.Unmarshal(body, &plain); err != nil {
			return e, "", fmt.Errorf("%w: attempt %s: %w", pos.ErrInvalid, e.Attempt, err)
		}
		e = plain
	}
	return e, string(body), nil
}

// plainTime drops what JSON drops: the monotonic clock and the zone's name.
func plainTime(t time.Time) time.Time {
	if _, offset := t.Zone(); offset == 0 {
		return t.UTC().Round(0)
	}
	text, err := t.MarshalText()
	if err != nil {
		return t // json.Marshal will say why
	}
	var plain time.Time
	if err := plain.UnmarshalText(text); err != nil {
		return t
	}
	return plain
}

// ownBody is the body of the journal's own records.
type ownBody struct {
	Kind    string `json:"kind"`
	PID     int    `json:"pid,omitempty"`
	Version int    `json:"schema,omitempty"`
	// Of a repair: what was acknowledged once, and what was found.
	HadSeq   int64  `json:"had_seq,omitempty"`
	HadHash  string `json:"had_hash,omitempty"`
	HadEpoch int64  `json:"had_epoch,omitempty"`
	FoundSeq int64  `json:"found_seq,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

func (b ownBody) encode() string {
	text, err := json.Marshal(b)
	if err != nil {
		return "{}" // plain strings and numbers always encode
	}
	return strings.TrimSpace(string(text))
}
