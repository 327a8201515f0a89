package rota

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// Case is a question about time and rotations in the form of the public vectors: anybody may check the arithmetic with
// cases of their own. Kind says which fields Input has.
type Case struct {
	ID    string          `json:"id" doc:"your name for the case; it comes back with the answer"`
	Kind  string          `json:"kind" doc:"resolve_local, rotation, restriction, final_schedule, elapsed_delay, tz_update, zone_name or parse_timestamp"`
	Input json.RawMessage `json:"input" doc:"as the kind needs it"`
}

// UnmarshalJSON reads a case and leaves alone what else a file of vectors says about it, such as what it expects.
func (c *Case) UnmarshalJSON(b []byte) error {
	type plain Case
	return json.Unmarshal(b, (*plain)(c))
}

// CaseKinds lists the kinds of cases that [Answer] knows.
func CaseKinds() []string {
	return []string{"resolve_local", "rotation", "restriction", "final_schedule", "elapsed_delay", "tz_update", "zone_name", "parse_timestamp"}
}

// maxCaseShifts is how many shifts the answer to one case may have.
const maxCaseShifts = 20_000

// Work is what the answers to some cases may still cost: a stretch of time that is looked at costs [workStep], and one more
// for each rotation. Cases that share it can neither keep a processor busy nor fill the memory, however many they are.
type Work int

// MaxWork is enough for the answers of one call: some 200,000 shifts, made in about a second.
const MaxWork Work = 1_000_000

const workStep = 4

// step takes one stretch off.
func (w *Work) step(rotations int) error {
	if *w -= Work(workStep + rotations); *w < 0 {
		return caseError("input.window", "asks for more than one call may: ask about a shorter one, or send fewer cases at once")
	}
	return nil
}

// Answer answers a case in the form of the vectors' `expect`. An input that cannot be read gives an error of code
// [muster.ErrInvalid] whose paths are within the case. now is when the question came; what the answer costs is taken off work.
func Answer(z *Zones, c Case, now muster.Instant, work *Work) (any, error) {
	switch c.Kind {
	case "resolve_local":
		return answer(c, func(in localCase) (any, error) { return in.answer(z) })
	case "rotation":
		return answer(c, func(in rotationCase) (any, error) { return in.answer(z, work) })
	case "restriction":
		return answer(c, func(in restrictionCase) (any, error) { return in.answer(z, work) })
	case "final_schedule":
		return answer(c, func(in scheduleCase) (any, error) { return in.answer(z, work) })
	case "elapsed_delay":
		return answer(c, func(in delayCase) (any, error) { return in.answer(z) })
	case "tz_update":
		return answer(c, func(in updateCase) (any, error) { return in.answer() })
	case "zone_name":
		return answer(c, func(in struct{ Zone string }) (any, error) {
			_, err := z.Load(in.Zone)
			return map[string]bool{"valid": err == nil}, nil
		})
	case "parse_timestamp":
		return answer(c, func(in struct{ Timestamp string }) (any, error) { return believe(in.Timestamp, now), nil })
	}
	return nil, caseError("kind", "%q is not one of %s", muster.Clip(c.Kind, 40), strings.Join(CaseKinds(), ", "))
}

func answer[In any](c Case, fn func(In) (any, error)) (any, error) {
	var in In
	d := json.NewDecoder(bytes.NewReader(c.Input))
	if err := d.Decode(&in); err != nil {
		return nil, caseError("input", "cannot be read as a case of kind %s: %s", c.Kind, err)
	}
	return fn(in)
}

func caseError(path, format string, args ...any) error {
	return muster.Invalid("The case is not right", []muster.FieldError{{Path: path, Message: fmt.Sprintf(format, args...)}})
}

type localCase struct{ Local, Zone string }

func (in localCase) answer(z *Zones) (any, error) {
	zone, err := z.Load(in.Zone)
	if err != nil {
		return nil, caseError("input.zone", "%s", muster.MessageOf(err))
	}
	r, err := Resolve(zone, in.Local)
	if err != nil {
		return nil, caseError("input.local", "%s", muster.MessageOf(err))
	}
	out := map[string]any{"instant": utc(r.At), "resolved_local": r.Local.Format(time.RFC3339), "status": r.Status}
	if r.Status == LocalAmbiguous {
		all := []string{}
		for _, a := range r.All {
			all = append(all, utc(a))
		}
		out["all"] = all
	}
	return out, nil
}

// caseWindow is the stretch that a case asks about.
type caseWindow struct {
	Window []muster.Instant
}

func (w caseWindow) bounds() (from, until muster.Instant, err error) {
	if len(w.Window) != 2 || !w.Window[1].After(w.Window[0].Time) {
		return from, until, caseError("input.window", "must be two instants, the earlier first")
	}
	return w.Window[0], w.Window[1], nil
}

// caseRotation is a rotation in the form of the vectors.
type caseRotation struct {
	Every        int
	Participants []muster.UserName
	StartLocal   string `json:"start_local"`
	Unit         muster.RotationUnit
	Zone         string
	MonthDay     string `json:"month_day"`
	Restriction  *muster.Window
}

func (in caseRotation) rotation(path, name string) (muster.Rotation, error) {
	day, clock, _ := strings.Cut(in.StartLocal, "T")
	if in.MonthDay != "" && in.MonthDay != "clamp" {
		return muster.Rotation{}, caseError(path+".month_day", "%q is not known: the day is always clamped to the end of the month", muster.Clip(in.MonthDay, 20))
	}
	r := muster.Rotation{
		Name: name, Role: muster.PrimaryResponder, Zone: in.Zone, Every: in.Every, Unit: in.Unit, Start: day, Handoff: clock, People: in.Participants,
	}
	if in.Restriction != nil {
		r.Hours = []muster.Window{*in.Restriction}
	}
	return r, nil
}

type rotationCase struct {
	caseRotation
	caseWindow
}

func (in rotationCase) answer(z *Zones, work *Work) (any, error) {
	r, err := in.rotation("input", "r")
	if err != nil {
		return nil, err
	}
	return shiftsOf(z, &muster.Roster{Name: "case", Title: "case", Team: "case", Rotations: []muster.Rotation{r}}, in.caseWindow, false, work)
}

type restrictionCase struct {
	muster.Window
	Zone string
	caseWindow2
}

// caseWindow2 keeps the window of the case apart from the window of the day.
type caseWindow2 struct {
	Asked []muster.Instant `json:"window"`
}

func (in restrictionCase) answer(z *Zones, work *Work) (any, error) {
	from, until, err := caseWindow{in.Asked}.bounds()
	if err != nil {
		return nil, err
	}
	zone, err := z.Load(in.Zone)
	if err != nil {
		return nil, caseError("input.zone", "%s", muster.MessageOf(err))
	}
	hours, err := newHours([]muster.Window{in.Window})
	if err != nil {
		return nil, caseError("input.from", "times of day are written like 09:00")
	}
	type interval struct {
		Start string `json:"start"`
		End   string `json:"end"`
	}
	out := []interval{}
	l := &layer{zone: zone}
	for at := from.Micros(); at < until.Micros() && len(hours) > 0; {
		if err := work.step(1); err != nil {
			return nil, err
		}
		inside, lo, hi := hours.at(l, at, from.Micros(), until.Micros())
		if inside {
			out = append(out, interval{utc(instant(lo)), utc(instant(hi))})
		}
		if at = hi; len(out) > maxCaseShifts {
			return nil, caseError("input.window", "has more than %d intervals: ask about a shorter one", maxCaseShifts)
		}
	}
	return map[string]any{"intervals": out}, nil
}

type scheduleCase struct {
	Layers    []caseRotation
	Overrides []caseOverride
	Swaps     []struct {
		A, B    caseOverride
		Created int64
	}
	caseWindow
}

type caseOverride struct {
	Created    int64
	Start, End muster.Instant
	Who        *muster.UserName
}

func (o caseOverride) override(id string, created int64, who *muster.UserName) muster.Override {
	// The number says only what came before what: it becomes that many microseconds after the beginning.
	x := muster.Override{ID: id, Role: muster.PrimaryResponder, From: o.Start, Until: o.End, At: muster.FromMicros(created + 1)}
	if who != nil {
		x.People = []muster.UserName{*who}
	}
	return x
}

func (in scheduleCase) answer(z *Zones, work *Work) (any, error) {
	r := &muster.Roster{Name: "case", Title: "case", Team: "case"}
	for i, l := range in.Layers {
		x, err := l.rotation(fmt.Sprintf("input.layers[%d]", i), fmt.Sprintf("layer-%d", i))
		if err != nil {
			return nil, err
		}
		r.Rotations = append(r.Rotations, x)
	}
	for i, o := range in.Overrides {
		r.Overrides = append(r.Overrides, o.override(fmt.Sprintf("o%d", i), o.Created, o.Who))
	}
	for i, s := range in.Swaps { // here a swap gives the hours, whose turn they ever are
		r.Overrides = append(r.Overrides,
			s.A.override(fmt.Sprintf("s%d-a", i), s.Created, s.B.Who), s.B.override(fmt.Sprintf("s%d-b", i), s.Created, s.A.Who))
	}
	return shiftsOf(z, r, in.caseWindow, true, work)
}

// shiftsOf lists the shifts of a case. In a final schedule, shifts of the same person that follow each other are joined;
// the turns of one rotation stay apart.
func shiftsOf(z *Zones, r *muster.Roster, w caseWindow, join bool, work *Work) (any, error) {
	from, until, err := w.bounds()
	if err != nil {
		return nil, err
	}
	if wrong := r.Check(); len(wrong) > 0 {
		return nil, muster.Invalid("The case is not right", wrong)
	}
	type shift struct {
		Start string           `json:"start"`
		End   string           `json:"end"`
		Who   *muster.UserName `json:"who"`
	}
	out := []shift{}
	b := Make(z, r).bench(muster.PrimaryResponder)
	for at := from.Micros(); at < until.Micros(); {
		if err := work.step(len(r.Rotations)); err != nil {
			return nil, err
		}
		s := b.at(at)
		x := shift{Start: utc(instant(max(s.from, from.Micros()))), End: utc(instant(min(s.until, until.Micros())))}
		if len(s.people) > 0 {
			x.Who = &s.people[0]
		}
		who := x.Who
		if n := len(out); n > 0 && (who == nil && out[n-1].Who == nil || join && who != nil && out[n-1].Who != nil && *who == *out[n-1].Who) {
			out[n-1].End = x.End
		} else {
			out = append(out, x)
		}
		if at = s.until; len(out) > maxCaseShifts {
			return nil, caseError("input.window", "has more than %d shifts: ask about a shorter one", maxCaseShifts)
		}
	}
	return map[string]any{"shifts": out}, nil
}

type delayCase struct {
	DelaySeconds int64 `json:"delay_seconds"`
	Start        muster.Instant
	Zone         string
}

// maxDelay is a hundred years: what is longer cannot be added to a moment.
const maxDelay = 100 * 366 * 86400

func (in delayCase) answer(z *Zones) (any, error) {
	zone, err := z.Load(in.Zone)
	if err != nil {
		return nil, caseError("input.zone", "%s", muster.MessageOf(err))
	}
	if in.DelaySeconds < -maxDelay || in.DelaySeconds > maxDelay {
		return nil, caseError("input.delay_seconds", "must be at most a hundred years")
	}
	at := in.Start.Plus(time.Duration(in.DelaySeconds) * time.Second)
	return map[string]string{"instant": utc(at), "local": at.In(zone).Format(time.RFC3339)}, nil
}

type updateCase struct {
	HandoffLocal  string `json:"handoff_local"`
	Before, After struct {
		OffsetSeconds int `json:"offset_seconds"`
	}
	Now          muster.Instant
	AlreadyFired *bool `json:"already_fired"`
}

func (in updateCase) answer() (any, error) {
	fired := in.AlreadyFired != nil && *in.AlreadyFired
	z, err := ZoneUpdate(in.HandoffLocal, in.Before.OffsetSeconds, in.After.OffsetSeconds, in.Now, fired)
	if err != nil {
		return nil, caseError("input.handoff_local", "is not a local time: write it like 2026-03-29T02:30")
	}
	out := map[string]any{"before": utc(z.Before), "after": utc(z.After), "recompute": z.Recompute}
	if in.AlreadyFired != nil {
		out["fire_again"] = z.FireAgain
	} else {
		out["notify_owners"] = z.NotifyOwners
	}
	return out, nil
}

// believe says whether the time in a signal counts, as intake does: when it has a zone and lies within a day of receipt.
func believe(stamp string, now muster.Instant) any {
	use := "receive_time"
	if t, err := time.Parse(time.RFC3339Nano, stamp); err == nil && t.Sub(now.Time).Abs() <= 24*time.Hour {
		use = "payload_time"
	}
	return map[string]any{"accept_event": true, "use": use}
}

func utc(at muster.Instant) string { return at.UTC().Format(time.RFC3339Nano) }
