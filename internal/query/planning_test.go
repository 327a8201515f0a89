package query

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
)

// Whoever may look may ask for plans, and a plan can take long: few are made at a time, and the others wait for a while.
func TestFewPlansAreMadeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Deps{})
		var done []func()
		for range maxPlanning {
			d, err := q.plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done = append(done, d)
		}
		begun := time.Now()
		if _, err := q.plan(t.Context()); muster.CodeOf(err) != muster.ErrUnavailable || time.Since(begun) != planPatience {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		time.AfterFunc(time.Second, done[0])
		d, err := q.plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d()
		done[1]()
	})
}
