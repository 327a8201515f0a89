package exchange

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// ReadCalendar reads the events of an iCalendar file that touch the time from lo to hi, in order, those that repeat as
// one event per date. Days, and times that name no zone, are of zone; load finds a zone by its IANA name.
//
// A fault is told with its line; its event is left out whole, the others are given all the same, so it is for the caller
// to say whether a calendar with faults may be used. Events that are cancelled are left out.
//
// Of rules, FREQ=DAILY, WEEKLY, MONTHLY and YEARLY with INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS and
// WKST are read; a rule of another form is a fault, unless it ended before lo. The dates of a rule keep the time of day at
// which the event begins and ends on the clocks of its zone, as calendars show them. (RFC 5545 would keep the exact
// length instead, and open a gap or an overlap between weekly shifts at each change to summer time.)
func ReadCalendar(b []byte, lo, hi muster.Instant, zone *time.Location, load func(string) (*time.Location, error)) ([]Event, []muster.FieldError) {
	r := calendarReader{lo: lo, hi: hi, effort: effort}
	if len(b) > MaxBytes {
		r.faults.add(0, "", "the calendar is larger than %d MiB: take out old events, or split it", MaxBytes>>20)
		return nil, r.faults.all()
	}
	if !lo.Before(hi.Time) {
		r.faults.add(0, "", "the end of the time to read must be after its beginning")
		return nil, r.faults.all()
	}
	p := parseCalendar(b, &r.faults)
	r.clocks = clocks{floating: zone, load: load, says: p.zones, known: map[string]*time.Location{}}
	for _, s := range r.gather(p.events) {
		if !r.series(s) {
			break
		}
	}
	slices.SortStableFunc(r.out, func(a, b Event) int {
		return cmp.Or(a.From.Compare(b.From.Time), strings.Compare(a.UID, b.UID))
	})
	return r.out, r.faults.all()
}

type calendarReader struct {
	clocks clocks
	lo, hi muster.Instant
	effort int // days that rules may still look at
	faults faults
	out    []Event
}

// A vevent is an event as it stands in the file.
type vevent struct {
	line       int
	component  *component
	base       Event // without times
	start      moment
	end        moment
	hasEnd     bool
	lasts      length // without hasEnd
	rule       *rule
	recurrence *moment // this one date of a series is told anew
	cancelled  bool
}

// A series is everything that the calendar says about one UID.
type series struct {
	master  *vevent
	changed []*vevent // single dates told anew
	faulty  bool      // one of them could not be read: none is used
}

// gather reads every event and puts together what belongs together, in the order of the file.
func (r *calendarReader) gather(list []*component) []*series {
	var all []*series
	byUID := map[string]*series{}
	for _, c := range list {
		before := len(r.faults.list) + r.faults.more
		v := r.event(c)
		uid := v.base.UID
		s := byUID[uid]
		if s == nil {
			s = &series{}
			byUID[uid] = s
			all = append(all, s)
		}
		if c.broken || len(r.faults.list)+r.faults.more > before {
			s.faulty = true
			continue
		}
		if v.recurrence != nil {
			s.changed = append(s.changed, v)
			continue
		}
		if s.master == nil || newer(v, s.master) {
			s.master = v
		} else if !newer(s.master, v) && !sameTimes(v, s.master) {
			r.faults.add(v.line, "UID", "the event %s and the one of line %d have the same UID and different times: give each a UID of its own", v.title(), s.master.line)
			s.faulty = true
		}
	}
	return all
}

// newer reports whether a says later than b what the event is.
func newer(a, b *vevent) bool {
	return cmp.Or(cmp.Compare(a.base.Sequence, b.base.Sequence), a.base.Stamp.Compare(b.base.Stamp.Time)) > 0
}

func sameTimes(a, b *vevent) bool {
	return a.start.wall.Equal(b.start.wall) && a.hasEnd == b.hasEnd && a.end.wall.Equal(b.end.wall) && a.lasts == b.lasts
}

// title names the event for people.
func (v *vevent) title() string {
	if v.base.Summary != "" {
		return quote(v.base.Summary)
	}
	return quote(v.base.UID)
}

// event reads one VEVENT; what is wrong is added to the faults.
func (r *calendarReader) event(c *component) *vevent {
	v := &vevent{line: c.line, component: c, cancelled: strings.EqualFold(strings.TrimSpace(c.text("STATUS")), "CANCELLED")}
	v.base = Event{
		Line: c.line, UID: cleanUID(c.text("UID")), Summary: muster.CleanLine(c.text("SUMMARY"), maxName),
		Description: muster.CleanText(c.text("DESCRIPTION"), maxText), People: people(c),
	}
	if p, ok := c.get("URL"); ok {
		v.base.URL = cleanURL(p.value)
	}
	if p, ok := c.get("DTSTAMP"); ok { // only decides between two versions of an event
		if m, err := r.clocks.moment(p, p.value); err == nil {
			v.base.Stamp, _ = m.at()
		}
	}
	if v.base.UID == "" {
		v.base.UID = madeUID(c)
	}
	wrong := func(p property, err error) {
		r.faults.add(p.line, p.name, "the event %s: %s", v.title(), err)
	}
	if p, ok := c.get("SEQUENCE"); ok {
		n, err := strconv.ParseInt(strings.TrimSpace(p.value), 10, 64)
		if err != nil || n < 0 {
			wrong(p, fmt.Errorf("%s is not a whole number: correct it", quote(p.value)))
		}
		v.base.Sequence = n
	}
	p, ok := c.get("DTSTART")
	if !ok {
		r.faults.add(c.line, "DTSTART", "the event %s does not say when it begins: give it a time, or take it out", v.title())
		return v
	}
	var err error
	if v.start, err = r.clocks.moment(p, p.value); err != nil {
		wrong(p, err)
		return v
	}
	if _, err = v.start.at(); err != nil {
		wrong(p, err)
		return v
	}
	v.base.AllDay = v.start.day
	if p, err = r.end(v); err != nil {
		wrong(p, err)
	}
	if p, ok = c.get("RECURRENCE-ID"); ok {
		m, err := r.clocks.moment(p, p.value)
		switch {
		case err != nil:
			wrong(p, err)
		case p.param("RANGE") != "":
			wrong(p, fmt.Errorf("a change of all dates from one on (RANGE) is not read: end the repetition there, and begin a new one"))
		}
		v.recurrence = &m
	}
	if p, err = r.rule(v); err != nil {
		wrong(p, err)
	}
	return v
}

// end reads DTEND or DURATION. Without either a day lasts a day, and a time no time at all.
func (r *calendarReader) end(v *vevent) (property, error) {
	if p, ok := v.component.get("DTEND"); ok {
		m, err := r.clocks.moment(p, p.value)
		switch {
		case err != nil:
			return p, err
		case m.day != v.start.day:
			return p, fmt.Errorf("it begins with a time and ends with a day, or the other way round: use two days or two times")
		}
		v.end, v.hasEnd = m, true
		from, _ := v.start.at()
		until, err := m.at()
		switch {
		case err != nil:
			return p, err
		case until.Before(from.Time) && m.zone == v.start.zone && m.wall.Before(v.start.wall), until.Before(from.Time) && m.zone != v.start.zone:
			return p, fmt.Errorf("it ends before it begins: correct one of the times")
		case until.Sub(from.Time) > longestEvent*24*time.Hour:
			return p, errTooLong
		case m.day && m.wall.Equal(v.start.wall): // what some programs write for one day
			v.hasEnd, v.lasts = false, length{days: 1}
		}
		return p, nil
	}
	if p, ok := v.component.get("DURATION"); ok {
		var err error
		if v.lasts, err = parseLength(p.value); err == nil && v.start.day && (v.lasts.exact != 0 || v.lasts.days == 0) {
			err = fmt.Errorf("an event of whole days lasts whole days: write the length like P1D")
		}
		return p, err
	}
	if v.start.day {
		v.lasts.days = 1
	}
	return property{}, nil
}

// rule reads the RRULE. One that is not understood is no fault when it says that it ended before the time asked for.
func (r *calendarReader) rule(v *vevent) (property, error) {
	found := 0
	var last property
	for _, p := range v.component.props {
		switch p.name {
		case "EXRULE":
			return p, fmt.Errorf("a rule for the dates to leave out (EXRULE) is not read: leave them out singly (EXDATE)")
		case "RRULE":
			found++
			last = p
		}
	}
	if found == 0 {
		return last, nil
	}
	if found > 1 {
		return last, fmt.Errorf("it repeats by more than one rule: make an event of each")
	}
	rl, err := parseRule(last.value)
	if err != nil {
		if rl.until == nil || rl.until.wall.AddDate(0, 0, 2).After(r.lo.UTC()) {
			return last, err
		}
		rl = rule{interval: 1, count: 1}
	}
	v.rule = &rl
	return last, nil
}

// madeUID stands for the UID of an event without one: the same for as long as its times and summary are.
func madeUID(c *component) string {
	h := sha256.New()
	for _, name := range []string{"DTSTART", "DTEND", "DURATION", "SUMMARY"} {
		p, _ := c.get(name)
		fmt.Fprintf(h, "%s=%s\n", name, p.value)
	}
	return "made-" + hex.EncodeToString(h.Sum(nil)[:12])
}

// people gives the addresses of those who take part, each once. Rooms, and those who declined, do not.
func people(c *component) []string {
	var out []string
	add := func(p property) {
		if strings.EqualFold(p.param("PARTSTAT"), "DECLINED") || slices.Contains([]string{"ROOM", "RESOURCE"}, strings.ToUpper(p.param("CUTYPE"))) {
			return
		}
		address := strings.TrimSpace(p.value)
		if len(address) > 7 && strings.EqualFold(address[:7], "mailto:") {
			address = address[7:]
		} else {
			address = p.param("EMAIL")
		}
		address = mailAddress(address)
		if address != "" && len(out) < maxPeople && !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	for _, name := range []string{"ATTENDEE", "ORGANIZER"} {
		for _, p := range c.props {
			if p.name == name {
				add(p)
			}
		}
	}
	return out
}

// mailAddress is s in lower case when it has the form of a mail address, else "".
func mailAddress(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	name, host, ok := strings.Cut(s, "@")
	if !ok || name == "" || host == "" || len(s) > maxAddress || strings.ContainsAny(s, " ,;<>()[]\"\\") || strings.Contains(host, "@") || muster.CleanLine(s, maxAddress) != s {
		return ""
	}
	return s
}
