package report_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/journal"
	"github.com/openecr/openecr/pos/report"
)

// victimEnv names the journal of a process that is there to be killed.
const victimEnv = "OPENECR_REPORT_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimEnv); path != "" {
		if err := victim(path); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// victim sells and closes without end, and tells each Z that it was given.
func victim(path string) error {
	j, err := journal.Open(context.Background(), journal.Config{Path: path, MinFree: -1})
	if err != nil {
		return err
	}
	b, err := report.New(report.Config{Journal: j, Zone: time.UTC})
	if err != nil {
		return err
	}
	fmt.Println("ready 0")
	s := &shop{j: j, now: time.Now()}
	for i := 0; ; i++ {
		d := did{id: fmt.Sprintf("e%d-%d", j.Epoch(), i), amount: cny(int64(1 + i%1000))}
		if _, err := j.Append(context.Background(), s.events(d)...); err != nil {
			return err
		}
		z, err := b.Z(context.Background(), report.ZRequest{Again: true})
		if err != nil {
			return err
		}
		fmt.Println("z", z.Number, z.Check)
	}
}

func TestKillingInTheMiddleOfZs(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.j.Close())
	s.j = nil
	told := map[int]string{} // what a Z that returned had said
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	r := rand.New(rand.NewPCG(7, 11))
	for range rounds {
		killOne(t, s.path, r.IntN(15), time.Duration(r.IntN(8_000))*time.Microsecond, told)
		s.reopen()
		b := s.book(func(c *report.Config) { c.Zone = time.UTC })
		last := contiguous(t, b)
		var sum int64
		for n := 1; n <= last; n++ {
			z, err := b.Numbered(t.Context(), n)
			require.NoError(t, err)
			if check := told[n]; check != "" {
				require.Equal(t, check, z.Check, "Z %d", n)
			}
			for _, l := range z.Totals {
				sum += l.Net
			}
		}
		for n := range told {
			require.LessOrEqual(t, n, last, "a Z that was told is there")
		}
		x, err := b.X(t.Context(), report.Window{})
		require.NoError(t, err)
		require.Equal(t, net(t, s.j), sum+total(x), "all Zs and what is since are the journal")
		require.NoError(t, s.j.Close())
		s.j = nil
	}
	require.NotEmpty(t, told)
	s.reopen()
}

// killOne runs a victim and kills it a while after it has told some Zs.
func killOne(t *testing.T, path string, zs int, after time.Duration, told map[int]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "the victim is ready")
	require.Equal(t, "ready 0", lines.Text())
	for n := 0; ; n++ {
		if n == zs {
			timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		if !lines.Scan() {
			break
		}
		f := strings.Fields(lines.Text())
		require.Equal(t, "z", f[0], lines.Text())
		n, err := strconv.Atoi(f[1])
		require.NoError(t, err)
		if len(f) == 3 && len(f[2]) == 32 { // not cut off by the kill
			told[n] = f[2]
		}
	}
	require.Error(t, cmd.Wait(), "killed")
}

func total(r report.Report) (sum int64) {
	for _, l := range r.Totals {
		sum += l.Net
	}
	return sum
}

// net adds the journal up without the package under test.
func net(t testing.TB, j *journal.Journal) (sum int64) {
	list, err := j.Find(t.Context(), pos.Filter{Limit: 1 << 30})
	require.NoError(t, err)
	types := map[pos.AttemptID]pos.Type{}
	for _, a := range list {
		types[a.ID] = a.Type
	}
	for _, a := range list {
		if a.State != pos.StateApproved && a.State != pos.StateConfirmed && a.State != pos.StateForced {
			continue
		}
		switch a.Type {
		case pos.TypeCharge, pos.TypeCompletion, pos.TypeRedeem:
			sum += a.Approved.Minor()
		case pos.TypeRefund:
			sum -= a.Approved.Minor()
		case pos.TypeVoid:
			if types[a.Original] != pos.TypePreauth {
				sum -= a.Approved.Minor()
			}
		}
	}
	return sum
}

var errPower = errors.New("the power went")

// dying is a journal that goes away in front of, or right behind, a chosen call.
type dying struct {
	*journal.Journal
	left   int
	behind bool
}

func (d *dying) spend() bool { d.left--; return d.left == 0 }

func (d *dying) Append(ctx context.Context, events ...pos.Event) (pos.Attempt, error) {
	cut := d.spend()
	if cut && !d.behind {
		return pos.Attempt{}, errPower
	}
	a, err := d.Journal.Append(ctx, events...)
	if cut {
		return a, errPower
	}
	return a, err
}

func (d *dying) Find(ctx context.Context, f pos.Filter) ([]pos.Attempt, error) {
	if d.spend() {
		return nil, errPower
	}
	return d.Journal.Find(ctx, f)
}

func (d *dying) Scan(ctx context.Context, f pos.Filter, parts int, visit func(int, *pos.Attempt) error) error {
	if d.spend() {
		return errPower
	}
	return d.Journal.Scan(ctx, f, parts, visit)
}

func (d *dying) Changes(ctx context.Context, since, upTo int64) (before, after []pos.Attempt, err error) {
	if d.spend() {
		return nil, nil, errPower
	}
	return d.Journal.Changes(ctx, since, upTo)
}

func (d *dying) AsOf(ctx context.Context, seq int64, list ...pos.Attempt) ([]pos.Attempt, error) {
	if d.spend() {
		return nil, errPower
	}
	return d.Journal.AsOf(ctx, seq, list...)
}

// TestPowerGoesAtEveryStep cuts a Z at each of its calls, asks again as a
// register does after a restart, and finds one Z for the day.
func TestPowerGoesAtEveryStep(t *testing.T) {
	for _, behind := range []bool{false, true} {
		finished := false
		for step := 1; !finished; step++ {
			s := newShop(t)
			s.put(did{amount: cny(100)}, did{id: "o", amount: cny(7), state: pos.StateApproved})
			_, err := s.book().Z(t.Context(), report.ZRequest{CarryOver: boss})
			require.NoError(t, err)
			s.now = at("2026-11-23 20:00:00")
			s.put(did{amount: cny(20)})
			s.confirm("o")
			_, err = s.book(func(c *report.Config) { c.Journal = &dying{Journal: s.j, left: step, behind: behind} }).Z(t.Context(), report.ZRequest{})
			if finished = err == nil; !finished {
				require.ErrorIs(t, err, errPower)
			}
			s.reopen()
			z, err := s.book().Z(t.Context(), report.ZRequest{})
			if closed := new(report.ClosedError); errors.As(err, &closed) {
				require.Equal(t, 2, closed.Closing.Number)
				z, err = s.book().Numbered(t.Context(), 2)
			}
			require.NoError(t, err)
			require.Equal(t, 2, z.Number)
			require.Equal(t, " CNY 20 s1:20 r0:0 v0:0\n", flat(z.Totals))
			require.Equal(t, 2, contiguous(t, s.book()))
		}
	}
}
