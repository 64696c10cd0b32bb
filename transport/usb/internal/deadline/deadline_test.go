package deadline_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/usb/internal/deadline"
)

func TestADeadlineEndsWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deadline.New()
		require.False(t, d.Passed())
		d.Set(time.Now().Add(time.Hour))
		waiting := d.Done()
		d.Set(time.Now().Add(time.Second)) // moved under a call that waits
		begun := time.Now()
		<-waiting
		require.Equal(t, time.Second, time.Since(begun))
		require.True(t, d.Passed())
		d.Set(time.Time{})
		require.False(t, d.Passed())
		d.Set(time.Unix(1, 0))
		require.True(t, d.Passed())
		d.Set(time.Unix(2, 0))
		require.True(t, d.Passed())
	})
}

func TestADeadlineMayBeMovedByMany(t *testing.T) {
	d := deadline.New()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				d.Set(time.Now().Add(time.Microsecond))
				d.Passed()
			}
		})
	}
	all.Wait()
	<-d.Done()
}
