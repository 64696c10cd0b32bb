package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/openecr/openecr/pos"
	"github.com/stretchr/testify/require"
)

// bare is an attempt as Scan gives it.
func bare(a pos.Attempt) pos.Attempt {
	a.Handle, a.Chip, a.Slips, a.Printed = nil, pos.Chip{}, nil, nil
	return a
}

func TestScanSeesWhatFindSees(t *testing.T) {
	path := newPath(t)
	generate(t, path, 3000, 10)
	j := open(t, testConfig(path))
	defer j.Close()
	for i := range 50 { // ahead of the view, and changes of what is in it
		_, err := j.Append(t.Context(), saleOf(fmt.Sprintf("new-%d", i), 7)[0]...)
		require.NoError(t, err)
		_, err = j.Append(t.Context(), pos.Event{Kind: pos.EventPrinted, Attempt: pos.AttemptID(fmt.Sprintf("lane-%d-1-%d", i%4, i)), Slip: pos.SlipCustomer})
		require.NoError(t, err)
	}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, f := range map[string]pos.Filter{
		"all": {}, "a lane": {Till: "lane-2"}, "a day": {From: day, To: day.AddDate(0, 0, 1)}, "from": {From: day.Add(20 * time.Hour)},
		"live": {States: pos.LiveStates()}, "behind": {AfterSeq: 6000}, "none": {Till: "nobody"}, "no day": {From: day.AddDate(0, 0, -9), To: day.AddDate(0, 0, -8)},
	} {
		want := f
		want.Limit = 1 << 20
		list, err := j.Find(t.Context(), want)
		require.NoError(t, err)
		for parts := 1; parts <= MaxScanParts+1; parts++ {
			var got [MaxScanParts][]pos.Attempt
			require.NoError(t, j.Scan(t.Context(), f, parts, func(part int, a *pos.Attempt) error {
				got[part] = append(got[part], *a)
				return nil
			}))
			var all []pos.Attempt
			for _, p := range got {
				all = append(all, p...)
			}
			require.Len(t, all, len(list), "%s, %d parts", name, parts)
			for i := range list {
				require.Equal(t, bare(list[i]), all[i], "%s, %d parts", name, parts)
			}
		}
	}
	require.GreaterOrEqual(t, j.Head(), int64(12000))
}

func TestAnErrorOfTheVisitorEndsAScan(t *testing.T) {
	path := newPath(t)
	generate(t, path, 3000, 0)
	j := open(t, testConfig(path))
	defer j.Close()
	enough := errors.New("enough")
	for _, parts := range []int{1, 3} {
		require.ErrorIs(t, j.Scan(t.Context(), pos.Filter{}, parts, func(int, *pos.Attempt) error { return enough }), enough)
	}
}

func TestScanReadsADamagedRowFromTheRecords(t *testing.T) {
	path := newPath(t)
	generate(t, path, 100, 0)
	v, err := openView(path + viewSuffix)
	require.NoError(t, err)
	require.NoError(t, v.writer.run("UPDATE attempts SET body = replace(body, 'order-7\"', 'order-8\"')"))
	require.NoError(t, v.close())
	j := open(t, Config{Path: path, ReadOnly: true})
	defer j.Close()
	seen := 0
	require.NoError(t, j.Scan(t.Context(), pos.Filter{Reference: "order-7"}, 1, func(_ int, a *pos.Attempt) error {
		seen++
		return nil
	}))
	require.Equal(t, 1, seen)
}

func TestChangesAndAsOf(t *testing.T) {
	j := open(t, testConfig(newPath(t)))
	defer j.Close()
	var history []map[pos.AttemptID]pos.Attempt // by record
	note := func(a pos.Attempt, err error) {
		require.NoError(t, err)
		for int64(len(history)) <= j.Head() {
			next := map[pos.AttemptID]pos.Attempt{}
			if n := len(history); n > 0 {
				for k, v := range history[n-1] {
					next[k] = v
				}
			}
			history = append(history, next)
		}
		history[j.Head()][a.ID] = a
	}
	for i := range 40 {
		id := fmt.Sprintf("s%d", i)
		for _, e := range saleOf(id, 5)[0] {
			note(j.Append(t.Context(), e))
		}
		if i >= 3 {
			note(j.Append(t.Context(), pos.Event{Kind: pos.EventPrinted, Attempt: pos.AttemptID(fmt.Sprintf("s%d", i-3)), Slip: pos.SlipCustomer}))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		after := 1 + r.Int64N(j.Head()-1)
		upTo := after + r.Int64N(j.Head()-after+1)
		want := map[pos.AttemptID]bool{}
		for id, a := range history[after] {
			if history[upTo][id].Updated > a.Updated {
				want[id] = true
			}
		}
		was, is, err := j.Changes(t.Context(), after, upTo)
		require.NoError(t, err)
		require.Len(t, was, len(want))
		for i, a := range is {
			require.True(t, want[a.ID])
			require.Equal(t, history[after][a.ID], was[i])
			require.Equal(t, history[upTo][a.ID], a)
		}
	}
	a, err := j.Get(t.Context(), "s9")
	require.NoError(t, err)
	_, err = j.AsOf(t.Context(), a.Seq-1, a)
	require.ErrorIs(t, err, pos.ErrNotFound)
}

// TestEveryFieldIsReadByHand fails when a new field of an attempt would make
// scans slow in silence.
func TestEveryFieldIsReadByHand(t *testing.T) {
	var a pos.Attempt
	v := reflect.ValueOf(&a).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case pos.Money:
			f.Set(reflect.ValueOf(pos.FromMinor(5, pos.CNY)))
		case time.Time:
			f.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
		case pos.Chip:
			f.Set(reflect.ValueOf(pos.Chip{AID: "A0"}))
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString("x")
			case reflect.Int, reflect.Int64:
				f.SetInt(7)
			case reflect.Slice:
				f.Set(reflect.MakeSlice(f.Type(), 1, 1))
			case reflect.Map:
				f.Set(reflect.MakeMap(f.Type()))
				f.SetMapIndex(reflect.New(f.Type().Key()).Elem(), reflect.New(f.Type().Elem()).Elem())
			default:
				t.Fatalf("what is %s?", v.Type().Field(i).Name)
			}
		}
	}
	body, err := json.Marshal(a)
	require.NoError(t, err)
	var got pos.Attempt
	d := decoder{text: string(body), scan: new(scanDecoder)}
	require.True(t, d.attempt(&got), "at %s", d.text[d.at:])
	require.Equal(t, bare(a), got)
}

// FuzzDecodeScan holds the hand-written reader against encoding/json.
func FuzzDecodeScan(f *testing.F) {
	rich := pos.Attempt{ID: "a", Till: "t\"\\", Reference: "<&>\u2028", State: pos.StateForced, Amount: pos.FromMinor(-5, pos.CNY), Handle: pos.Handle{"a}": "\\\""},
		Slips: []pos.Slip{{Kind: pos.SlipCustomer, Lines: []string{"x]", "\""}}}, Alerts: []pos.Alert{{Kind: pos.AlertStray}}, Totals: []pos.Total{{Name: "n"}},
		Chip: pos.Chip{AID: "A0"}, Printed: map[pos.SlipKind]int{pos.SlipCustomer: 2}, Tries: 3, PeerTime: time.Unix(5, 6).UTC(), Created: time.Unix(1, 0).UTC()}
	for _, a := range []pos.Attempt{{}, rich, {ID: "b", Handle: pos.Handle{"k": "v"}, Given: pos.FromMinor(1, "JPY")}} {
		b, err := json.Marshal(a)
		require.NoError(f, err)
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d scanDecoder
		var in pos.Attempt
		if json.Unmarshal([]byte(text), &in) != nil {
			var out pos.Attempt
			_ = new(scanDecoder).decode(text, &out) // no panic; what is no JSON never passed its checksum
			return
		}
		body, err := json.Marshal(in)
		if err != nil {
			return // such an attempt cannot have been written: a year beyond JSON's, say
		}
		var want pos.Attempt
		require.NoError(t, json.Unmarshal(body, &want))
		got := want // texts are shared with the attempt before
		got.Reason, got.Reference = "another", got.Reason
		for range 2 {
			memory := []byte(string(body))
			require.NoError(t, d.decode(unsafe.String(&memory[0], len(memory)), &got))
			clear(memory) // it is not the attempt's
			require.Equal(t, bare(want), got)
		}
	})
}
