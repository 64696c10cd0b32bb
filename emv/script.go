package emv

import "fmt"

// scriptResult is the size of one result: outcome, and the script's identifier.
const scriptResult = 5

// ScriptOutcome is what became of an issuer script.
type ScriptOutcome byte

// The outcomes.
const (
	ScriptNotDone ScriptOutcome = iota
	ScriptFailed
	ScriptDone
)

// ScriptResult is what became of one issuer script (发卡方脚本结果; tag 9F5B, and DF31 of
// UnionPay terminals; B4 12.2.4).
type ScriptResult struct {
	Outcome ScriptOutcome
	Command int // that failed, from 1; 15 means 15 or later; 0 if none or not known
	ID      [4]byte
}

// DecodeScriptResults reads the value of tag 9F5B or DF31. Errors: ErrValue
// unless it has five bytes per script.
func DecodeScriptResults(value []byte) ([]ScriptResult, error) {
	if len(value)%scriptResult != 0 {
		return nil, fmt.Errorf("%w: script results have %d bytes, where five per script belong", ErrValue, len(value))
	}
	var out []ScriptResult
	for v := value; len(v) > 0; v = v[scriptResult:] {
		out = append(out, ScriptResult{ScriptOutcome(v[0] >> 4), int(v[0] & 0xF), [4]byte(v[1:scriptResult])})
	}
	return out, nil
}

// Append appends the five bytes of one result.
func (r ScriptResult) Append(dst []byte) []byte {
	dst = append(dst, byte(r.Outcome)<<4|byte(min(max(r.Command, 0), 15)))
	return append(dst, r.ID[:]...)
}

// String says it in words.
func (r ScriptResult) String() string {
	words := [...]string{"not performed", "failed", "performed"}
	s := fmt.Sprintf("script %X ", r.ID)
	if int(r.Outcome) < len(words) {
		s += words[r.Outcome]
	} else {
		s += fmt.Sprintf("has reserved outcome %d", r.Outcome)
	}
	if r.Command == 15 {
		return s + " at command 15 or later"
	}
	if r.Command > 0 {
		return fmt.Sprintf("%s at command %d", s, r.Command)
	}
	return s
}
