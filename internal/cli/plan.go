package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/apiclient"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/rota"
)

// change is what plan, propose and apply are told: files and flags.
type change struct {
	files  []string
	remove []string
	why    string
	accept string
	dry    bool
	back   int
	ahead  int
	zone   *time.Location // nil: that of this machine

	all  []catalog.Parsed
	text string
}

// changeOf reads the words behind a verb; allowed are the flags that it takes.
func (r *run) changeOf(verb string, args []string, allowed ...string) (*change, error) {
	c := &change{}
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(args[i], "=")
		if !strings.HasPrefix(name, "--") {
			c.files = append(c.files, args[i])
			continue
		}
		if !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+name+" ") {
			return nil, usage("muster %s has no flag %s", verb, muster.Clip(name, 40))
		}
		if name == "--dry-run" && !has {
			c.dry = true
			continue
		}
		if !has {
			if i++; i >= len(args) {
				return nil, usage("%s needs a value", name)
			}
			value = args[i]
		}
		if err := c.set(name, value); err != nil {
			return nil, err
		}
	}
	if c.zone != nil {
		r.Zone = c.zone
	}
	if len(c.files) == 0 && len(c.remove) > 0 {
		return c, nil
	}
	all, err := r.files(c.files)
	if err != nil {
		return nil, err
	}
	c.all = all
	var text strings.Builder
	for i, p := range all {
		if i > 0 {
			text.WriteString("---\n")
		}
		y, err := catalog.YAML(p.Doc)
		if err != nil {
			return nil, err
		}
		text.WriteString(y)
	}
	c.text = text.String()
	return c, nil
}

func (c *change) set(name, value string) error {
	days := func(into *int) error {
		if _, err := fmt.Sscanf(value+" ", "%d ", into); err != nil || *into < 1 {
			return usage("%s must be a number of days", name)
		}
		return nil
	}
	switch name {
	case "--why":
		c.why = value
	case "--accept":
		c.accept = value
	case "--zone", "--tz":
		zone, err := rota.NewZones().Load(value)
		if err != nil {
			return err
		}
		c.zone = zone
	case "--remove":
		c.remove = append(c.remove, value)
	case "--days-back":
		return days(&c.back)
	case "--days-ahead":
		return days(&c.ahead)
	default:
		return usage("%s takes no value", name)
	}
	return nil
}

// planned asks the server what a change would do, a part of the past at a time. Progress goes to standard error.
func (r *run) planned(ctx context.Context, c *change) (*query.PlannedChange, error) {
	in := query.PlanChange{Documents: c.text, Remove: c.remove, DaysBack: c.back, DaysAhead: c.ahead}
	var out *query.PlannedChange
	for {
		ans, err := r.client().Do(ctx, apiclient.Request{Method: http.MethodPost, Path: "/plan", Body: in})
		if err != nil {
			return nil, located(c.all, err)
		}
		var part query.PlannedChange
		if err := json.Unmarshal(ans.Body, &part); err != nil {
			return nil, muster.WrapError(muster.ErrInternal, err, "The answer of the server cannot be read.")
		}
		if out == nil {
			out = &part
		} else {
			out.Add(part.Replayed)
			out.Dangers = append(out.Dangers, part.Dangers...)
			out.Next = part.Next
		}
		if out.Next == nil || len(part.Changes) == 0 {
			return out, nil
		}
		fmt.Fprintf(r.Stderr, "%d of %d past alerts played\n", out.Alerts, out.Of)
		in.Cursor = *out.Next
	}
}

// plan tells what a change would do and writes nothing. A change that would reach nobody has the exit status of a refusal.
func (r *run) plan(ctx context.Context, args []string) error {
	c, err := r.changeOf("plan", args, "--remove", "--days-back", "--days-ahead", "--zone", "--tz")
	if err != nil {
		return err
	}
	out, err := r.planned(ctx, c)
	if err != nil {
		return err
	}
	if r.json {
		b, err := json.Marshal(out)
		if err != nil {
			return err
		}
		if err := r.raw(b); err != nil {
			return err
		}
	} else {
		r.consequences(out)
	}
	if len(out.Dangers) > 0 {
		return muster.Errorf(muster.ErrConflict, "This change would reach nobody: it is refused unless somebody accepts it (--accept %s), or a second person approves it (muster propose).", plan.ReachesNobody)
	}
	return nil
}

// consequences tells a plan.
func (r *run) consequences(out *query.PlannedChange) {
	w := r.Stdout
	if len(out.Changes) == 0 {
		fmt.Fprintln(w, "Nothing changes.")
		return
	}
	added := map[muster.RosterName]bool{}
	for _, c := range out.Changes {
		if c.Kind == muster.KindRosters && c.What == plan.Added {
			added[muster.RosterName(c.Name)] = true
		}
		fmt.Fprintf(w, "%s %s/%s\n", mark(c.What), c.Kind, muster.CleanLine(c.Name, 80))
	}
	if c := out.Consequences; c != nil {
		r.window(c, added)
	}
	if out.Alerts > 0 {
		fmt.Fprintf(w, "\nOf %s, %d would have reached the same people, %d other people, %d nobody.\n", count(out.Alerts, "past alert"), out.Same, out.Others, out.Lost)
		r.outcomes("!", out.ReachNobody, out.Lost)
		r.outcomes(" ", out.OtherPeople, out.Others)
	} else if out.Unplayed == 0 {
		fmt.Fprintln(w, "\nThere are no past alerts to play.")
	}
	if text := out.Replayed.Far(); text != "" {
		fmt.Fprintln(w, "\n"+text)
	}
	if len(out.Dangers) > 0 {
		fmt.Fprintln(w, "\nThis would reach nobody:")
		told := out.Dangers
		if out.Consequences != nil { // in the zone of whoever reads it
			if here := plan.DangersIn(r.Zone, rota.NewZones(), out.Consequences, &out.Replayed); len(here) > 0 {
				told = here
			}
		}
		for i, d := range told {
			if i == shown {
				fmt.Fprintf(w, "  and %d more\n", len(told)-i)
				break
			}
			fmt.Fprintln(w, "  "+muster.CleanLine(d, 600))
		}
	}
}

// shown is how many lines of a kind are told on a terminal; --json has all.
const shown = 10

func mark(w plan.What) string {
	switch w {
	case plan.Added:
		return "+"
	case plan.Removed:
		return "-"
	case plan.Changed:
	}
	return "~"
}

func (r *run) span(from, until muster.Instant) string {
	at := func(i muster.Instant) string {
		if i.IsZero() {
			return "further notice"
		}
		return i.In(r.Zone).Format("Mon 2006-01-02 15:04")
	}
	return at(from) + " – " + at(until)
}

func people(list []plan.Person) string {
	if len(list) == 0 {
		return "nobody"
	}
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = muster.CleanLine(p.Name, 80)
	}
	return strings.Join(words, ", ")
}

// firstShifts is how many shifts of a new roster are told.
const firstShifts = 3

// newRosters tells each new roster in one line with its first shifts, and gives the shifts of the others.
func (r *run) newRosters(c *plan.Consequences, added map[muster.RosterName]bool) (others []plan.ShiftChange) {
	fresh := map[muster.RosterName][]plan.ShiftChange{}
	var names []muster.RosterName
	for _, s := range c.Shifts {
		if !added[s.Roster] {
			others = append(others, s)
			continue
		}
		if fresh[s.Roster] == nil {
			names = append(names, s.Roster)
		}
		fresh[s.Roster] = append(fresh[s.Roster], s)
	}
	for _, name := range names {
		list := fresh[name]
		fmt.Fprintf(r.Stdout, "\n%s is new, with %s in this time. It begins with:\n", muster.CleanLine(list[0].Title, 80), oneOrMore(len(list), "shift", "shifts"))
		for i := range list[:min(len(list), firstShifts)] {
			fmt.Fprintf(r.Stdout, "  %s  %s: %s\n", r.span(list[i].From, list[i].Until), list[i].Role.Word(), people(list[i].After))
		}
	}
	return others
}

// window tells what changes in the days to come; added are the rosters that are new.
func (r *run) window(c *plan.Consequences, added map[muster.RosterName]bool) {
	some := func(title string, n int, line func(i int) string) {
		if n == 0 {
			return
		}
		fmt.Fprintf(r.Stdout, "\n%s\n", title)
		for i := range n {
			if i == shown {
				fmt.Fprintf(r.Stdout, "  and %d more\n", n-i)
				return
			}
			fmt.Fprintln(r.Stdout, "  "+muster.CleanLine(line(i), 600))
		}
	}
	days := int(c.Until.Sub(c.From.Time) / (24 * time.Hour))
	if len(c.Shifts)+len(c.Opens)+len(c.Closes) > 0 {
		fmt.Fprintf(r.Stdout, "\nTimes are those of %s.\n", r.place(c.From.Format(time.RFC3339)))
	}
	if text := c.Far(); text != "" {
		fmt.Fprintln(r.Stdout, "\n"+text)
	}
	if c.Looked.After(c.Until.Time) {
		fmt.Fprintf(r.Stdout, "\nWhether somebody is reached was looked at until %s.\n", c.Looked.In(r.Zone).Format("Mon 2 Jan 2006"))
	}
	shifts := r.newRosters(c, added)
	some(fmt.Sprintf("In the next %d days, %s:", days, oneOrMore(len(shifts)+c.More, "shift changes hands", "shifts change hands")), len(shifts), func(i int) string {
		s := &shifts[i]
		return fmt.Sprintf("%s  %s %s: %s → %s", r.span(s.From, s.Until), s.Title, s.Role.Word(), people(s.Before), people(s.After))
	})
	gap := func(list []plan.Gap) func(int) string {
		return func(i int) string {
			g := &list[i]
			text := fmt.Sprintf("%s  %s %s (%s)", r.span(g.From, g.Until), g.Title, g.Role.Word(), people(g.People))
			if g.Stated {
				text += ", as an override says"
			}
			return text
		}
	}
	some("Gaps that open (who is on call there now):", len(c.Opens), gap(c.Opens))
	closes := slices.DeleteFunc(slices.Clone(c.Closes), func(g plan.Gap) bool { return added[g.Roster] }) // said above
	some("Gaps that close (who would be on call):", len(closes), gap(closes))
	some("Hours on call (nights, weekends):", len(c.Hours), func(i int) string {
		h := &c.Hours[i]
		load := func(l plan.Load) string { return fmt.Sprintf("%g (%g, %g)", l.Total, l.Nights, l.Weekends) }
		return fmt.Sprintf("%s: %s → %s", h.Person.Name, load(h.Before), load(h.After))
	})
	some("When the clocks change:", len(c.Clocks), func(i int) string { return c.Clocks[i].Text })
	some("New warnings:", len(c.Warnings), func(i int) string { return c.Warnings[i].Text })
	some("Warnings that are gone:", len(c.Gone), func(i int) string { return c.Gone[i].Text })
}

func oneOrMore(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func (r *run) outcomes(mark string, list []plan.Outcome, n int) {
	for i := range list {
		o := &list[i]
		if i == shown {
			fmt.Fprintf(r.Stdout, "  and %d more\n", n-i)
			return
		}
		fmt.Fprintf(r.Stdout, "%s %s  %s: %s → %s  %s\n", mark, o.At.In(r.Zone).Format("2006-01-02 15:04"), muster.CleanLine(o.Title, 80), people(o.Before), people(o.After), o.Alert)
	}
}

// apply tells what the documents of files change, and writes them as one change.
func (r *run) apply(ctx context.Context, args []string) error {
	c, err := r.changeOf("apply", args, "--why", "--dry-run", "--accept", "--zone", "--tz")
	if err != nil {
		return err
	}
	if !r.json {
		out, err := r.planned(ctx, c)
		if err != nil {
			return err
		}
		r.consequences(out)
		fmt.Fprintln(r.Stdout)
	}
	in := map[string]any{"documents": c.text}
	if c.why != "" {
		in["why"] = c.why
	}
	if c.accept != "" {
		in["accept"] = c.accept
	}
	if c.dry {
		in["dry_run"] = true
	}
	ans, err := r.client().Do(ctx, apiclient.Request{Method: http.MethodPost, Path: "/apply", Body: in})
	if err != nil {
		return located(c.all, err)
	}
	if r.json {
		return r.raw(ans.Body)
	}
	var out struct {
		Revision int64
		Changes  []struct{ Kind, Name, What string }
		Judged   string
	}
	if err := json.Unmarshal(ans.Body, &out); err != nil {
		return muster.WrapError(muster.ErrInternal, err, "The answer of the server cannot be read.")
	}
	for _, c := range out.Changes {
		fmt.Fprintf(r.Stdout, "%s/%s %s\n", c.Kind, c.Name, c.What)
	}
	if c.dry {
		fmt.Fprintln(r.Stdout, "Nothing was written.")
		return nil
	}
	fmt.Fprintf(r.Stdout, "The catalog is at revision %d.\n", out.Revision)
	if out.Judged != "" {
		fmt.Fprintln(r.Stdout, "It was not judged as a whole: "+muster.CleanLine(out.Judged, 600))
	}
	return nil
}

// propose keeps a change for a second person.
func (r *run) propose(ctx context.Context, args []string) error {
	c, err := r.changeOf("propose", args, "--why", "--remove")
	if err != nil {
		return err
	}
	in := map[string]any{"documents": c.text, "remove": c.remove, "why": c.why}
	ans, err := r.client().Do(ctx, apiclient.Request{Method: http.MethodPost, Path: "/changes", Body: in})
	if err != nil {
		return located(c.all, err)
	}
	if r.json {
		return r.raw(ans.Body)
	}
	var out muster.Proposal
	if err := json.Unmarshal(ans.Body, &out); err != nil {
		return muster.WrapError(muster.ErrInternal, err, "The answer of the server cannot be read.")
	}
	fmt.Fprintln(r.Stdout, muster.CleanLine(out.Summary, 600))
	for i, d := range out.Dangers {
		if i == shown {
			break
		}
		fmt.Fprintln(r.Stdout, "! "+muster.CleanLine(d, 600))
	}
	fmt.Fprintf(r.Stdout, "Kept as %s. Somebody else approves it: muster change approve %s\n", out.ID, out.ID)
	return nil
}
