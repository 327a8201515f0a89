package sim

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/app"
)

// Stage is where stories are told.
type Stage struct{ blank []byte }

// databaseFile is the file in a data directory that SQLite keeps.
const databaseFile = "muster.db"

// NewStage starts an installation once and keeps its database. Each story begins with a copy: to make the schema again and
// again would cost more than to live.
func NewStage(t *testing.T) *Stage {
	t.Helper()
	dir := t.TempDir()
	a, err := app.New(t.Context(), app.Deps{Data: dir, PublicURL: "http://muster.test", AuditEvery: -1})
	if err == nil {
		err = a.Stop()
	}
	if err != nil {
		t.Fatal(err)
	}
	blank, err := os.ReadFile(filepath.Join(dir, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	return &Stage{blank}
}

// room is a new directory for one run, in memory where the machine has such a place.
func (g *Stage) room(t *testing.T) (dir string, leave func()) {
	dir, err := os.MkdirTemp("/dev/shm", "muster-sim-") //nolint:usetesting // thousands of databases, each needed for a second
	if err != nil {
		if dir, err = os.MkdirTemp("", "muster-sim-"); err != nil { //nolint:usetesting // likewise
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, databaseFile), g.blank, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// Outcome is what came of one run.
type Outcome struct {
	Violations         []Violation
	Escalations, Steps int
	Calls              int
	record             *record
}

// Run lets a scenario happen and checks it.
func (g *Stage) Run(t *testing.T, s *Scenario) Outcome {
	t.Helper()
	dir, leave := g.room(t)
	defer leave()
	r := live(t, s, dir)
	v, e, n := check(s, r)
	return Outcome{Violations: v, Escalations: e, Steps: n, Calls: len(r.calls), record: r}
}

// patience is how long a story is taken apart.
const patience = 90 * time.Second

// Shrink takes actions out of a story as long as the same promise stays broken, and returns the smallest one that it found
// in some time, with its outcome. Accidents of one instant may need more tries than it makes.
func (g *Stage) Shrink(t *testing.T, s *Scenario, v Violation) (*Scenario, Outcome, bool) {
	t.Helper()
	began, found := time.Now(), false
	var best Outcome
	breaks := func(actions []Action) bool {
		if time.Since(began) > patience {
			return false
		}
		c := *s
		c.Actions = actions
		o := g.Run(t, &c)
		for i := range o.Violations {
			if o.Violations[i].Invariant == v.Invariant {
				o.Violations[0], o.Violations[i] = o.Violations[i], o.Violations[0]
				best, found = o, true
				return true
			}
		}
		return false
	}
	small := s.Actions
	if v.Key >= 0 {
		if alone := only(small, v.Key); breaks(alone) {
			small = alone
		}
	}
	// What lies behind the violation cannot have led to it.
	if early := slices.DeleteFunc(slices.Clone(small), func(a Action) bool { return a.At > v.At }); len(early) < len(small) && breaks(early) {
		small = early
	}
	for parts := 2; len(small) > 1; {
		cut, step := false, max(1, (len(small)+parts-1)/parts)
		for from := 0; from < len(small); from += step {
			rest := slices.Concat(small[:from], small[min(len(small), from+step):])
			if breaks(rest) {
				small, cut = rest, true
				parts = max(2, parts-1)
				break
			}
		}
		if !cut {
			if step == 1 {
				break
			}
			parts = min(2*parts, len(small))
		}
		if time.Since(began) > patience {
			break
		}
	}
	c := *s
	c.Actions = small
	return &c, best, found
}

// only leaves one condition of the actions about many.
func only(actions []Action, key int) (out []Action) {
	for _, a := range actions {
		switch {
		case len(a.Keys) == 0:
			out = append(out, a)
		case slices.Contains(a.Keys, key):
			a.Keys = []int{key}
			out = append(out, a)
		}
	}
	return out
}

// Report tells a broken promise so that somebody can understand and repeat it.
func Report(s, small *Scenario, v Violation, o Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d broke %s at %s: %s\n", s.Seed, v.Invariant, v.At.Round(time.Millisecond), v.Text)
	fmt.Fprintf(&b, "the smallest story that breaks it (%d of %d actions):\n", len(small.Actions), len(s.Actions))
	for i, a := range small.Actions {
		if i == 40 {
			fmt.Fprintf(&b, "  … and %d more\n", len(small.Actions)-i)
			break
		}
		fmt.Fprintf(&b, "  %s\n", a)
	}
	b.WriteString("the company:\n")
	for l := range strings.SplitSeq(strings.TrimSpace(o.record.company(small, o.Violations[0])), "\n") {
		fmt.Fprintf(&b, "  %s\n", l)
	}
	first := o.Violations[0]
	fmt.Fprintf(&b, "what happened then (%s at %s: %s):\n%s", first.Invariant, first.At.Round(time.Millisecond), first.Text, story(small, o.record, first))
	fmt.Fprintf(&b, "again: MUSTER_SIM_SEED=%d go test ./internal/sim -run TestPromises -count=1\n", s.Seed)
	return b.String()
}

// company is the policy that a violation is about, and the rosters.
func (r *record) company(s *Scenario, v Violation) string {
	var docs []string
	for _, a := range r.alerts {
		if string(a.ID) != v.Alert {
			continue
		}
		if i := slices.Index(s.Org.groups, a.Labels["group"]); i >= 0 {
			docs = append(docs, s.Org.policies[fmt.Sprintf("p%d", i)].doc())
		}
	}
	for _, ro := range s.Org.rosters {
		docs = append(docs, ro.doc())
	}
	slices.Sort(docs)
	return strings.Join(docs, "\n")
}
