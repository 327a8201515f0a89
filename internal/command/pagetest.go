package command

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

const (
	pageTestRef = "page_tests" // of the one timer
	// pageTestLook is how long the timer sleeps at most: so late does somebody get a test who came, or moved, in between.
	pageTestLook = time.Hour
	// pageTestLate is how late a test is still sent. One that was due while Muster was down for longer waits for the next
	// week: nobody wants it in the night.
	pageTestLate = 2 * time.Hour
)

// SetPageTest sets when everybody gets a test page every week.
type SetPageTest struct {
	Weekday string `json:"weekday,omitempty" arg:"1" doc:"monday to sunday; empty: no test pages"`
	Hour    *int   `json:"hour,omitempty" arg:"2" doc:"the hour of the day in each person's own time; 10 when empty"`
}

// usualTestHour is when test pages go out when nobody says: people are awake, and at work if they work.
const usualTestHour = 10

// weekday is the day that a word names.
func weekday(word string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), word) {
			return d, true
		}
	}
	return 0, false
}

func (c *Call) setPageTest(in SetPageTest) (SetPageTest, error) {
	in.Weekday = strings.ToLower(strings.TrimSpace(in.Weekday))
	var wrong []muster.FieldError
	if _, ok := weekday(in.Weekday); !ok && in.Weekday != "" {
		wrong = append(wrong, muster.FieldError{Path: "weekday", Message: "write a day of the week, monday, or nothing for none"})
	}
	switch {
	case in.Weekday == "":
		in.Hour = nil
	case in.Hour == nil:
		in.Hour = new(usualTestHour)
	case *in.Hour < 0 || *in.Hour > 23:
		wrong = append(wrong, muster.FieldError{Path: "hour", Message: "take an hour from 0 to 23: 10"})
	}
	if err := muster.Invalid("The test pages cannot be set", wrong); err != nil {
		return in, err
	}
	if err := c.DeleteTimersOf(pageTestRef, muster.TimerPageTest); err != nil {
		return in, err
	}
	s := muster.PageTests{Weekday: in.Weekday, Since: c.Now()}
	if in.Hour != nil {
		s.Hour = *in.Hour
	}
	if err := c.putPageTests(&s); err != nil {
		return in, err
	}
	if s.Weekday != "" {
		if err := c.rearm(&muster.Timer{Kind: muster.TimerPageTest, Ref: pageTestRef}, c.nextPageTest(&s, nil)); err != nil {
			return in, err
		}
	}
	return in, c.audit("set page tests", "", map[string]string{"weekday": in.Weekday, "hour": strconv.Itoa(s.Hour)})
}

func (c *Call) putPageTests(s *muster.PageTests) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return c.SetMeta(muster.PageTestsKey, string(b))
}

// testMoment is the last moment until now at which a person's test is due.
func (c *Call) testMoment(s *muster.PageTests, u *muster.User) muster.Instant {
	zone, err := c.Snap.Zones.Load(u.Zone)
	if err != nil {
		zone = time.UTC
	}
	day, _ := weekday(s.Weekday) // it was checked when it was set
	now := c.Now().In(zone)
	back := (int(now.Weekday()) - int(day) + 7) % 7
	at := onDay(zone, now.AddDate(0, 0, -back), s.Hour)
	if at.After(now) {
		at = onDay(zone, now.AddDate(0, 0, -back-7), s.Hour)
	}
	return at
}

// onDay is an hour of a day in a zone; an hour that the clock leaves out is read with the offset before.
func onDay(zone *time.Location, day time.Time, hour int) muster.Instant {
	x, err := rota.Resolve(zone, day.Format(time.DateOnly)+fmt.Sprintf("T%02d:00", hour))
	if err != nil {
		return muster.At(day) // every day has the hours from 0 to 23
	}
	return x.At
}

// nextPageTest is when there may be something to do.
func (c *Call) nextPageTest(s *muster.PageTests, contacts map[muster.UserName][]muster.Contact) muster.Instant {
	next := c.Now().Plus(pageTestLook)
	sooner := func(at muster.Instant) {
		if at.After(c.Now().Time) && at.Before(next.Time) {
			next = at
		}
	}
	for _, u := range c.Snap.Catalog.Users {
		sooner(c.testMoment(s, u).Plus(7 * 24 * time.Hour))
	}
	for _, list := range contacts {
		for i := range list {
			if !list[i].TestedAt.IsZero() {
				sooner(list[i].TestedAt.Plus(muster.PageTestAnswer))
			}
		}
	}
	return next
}

// firePageTest sends the tests that became due, and tells of those that nobody answered.
func (c *Call) firePageTest(t *muster.Timer) error {
	text, err := c.Meta(muster.PageTestsKey)
	if err != nil || text == "" {
		return err
	}
	var s muster.PageTests
	if err := json.Unmarshal([]byte(text), &s); err != nil || s.Weekday == "" {
		return err
	}
	contacts, err := c.ContactsOf(nil)
	if err != nil {
		return err
	}
	for _, d := range c.Snap.Catalog.Documents(muster.KindUsers) {
		u, ok := d.(*muster.User)
		if !ok || u.Disabled {
			continue
		}
		list := contacts[u.Name]
		for i := range list {
			due := list[i].TestedAt.Plus(muster.PageTestAnswer)
			if list[i].Missed(c.Now()) && due.After(s.Since.Time) {
				if err := c.tellMissed(u, &list[i]); err != nil {
					return err
				}
			}
		}
		at := c.testMoment(&s, u)
		if at.After(s.Since.Time) && c.Now().Sub(at.Time) < pageTestLate {
			if err := c.sendPageTest(u, list, at); err != nil {
				return err
			}
		}
	}
	s.Since = c.Now()
	if err := c.putPageTests(&s); err != nil {
		return err
	}
	return c.rearm(t, c.nextPageTest(&s, contacts))
}

// inTurn is the contact method that is tried out next: of those that urgent pages use, the one that waited longest.
func (c *Call) inTurn(u *muster.User, list []muster.Contact) *muster.Contact {
	var best *muster.Contact
	take := func(method string) {
		for i := range list {
			ct := &list[i]
			if (method == "" || ct.Method == method) && c.usable(ct) && (best == nil || ct.TestedAt.Before(best.TestedAt.Time)) {
				best = ct
			}
		}
	}
	for _, r := range u.Notify {
		if r.Urgency != muster.UrgencyLow {
			take(r.Method)
		}
	}
	if best == nil {
		take("")
	}
	return best
}

func (c *Call) sendPageTest(u *muster.User, list []muster.Contact, at muster.Instant) error {
	ct := c.inTurn(u, list)
	if ct == nil {
		return nil // Readiness says that nothing reaches them
	}
	ct.TestedAt = c.Now()
	if err := c.UpdateContact(ct); err != nil {
		return err
	}
	c.record(muster.LedgerEvent{Kind: muster.LedgerPlanned, Person: u.Name, Method: ct.Method, Connector: ct.Connector, Ref: string(ct.ID), Why: "the weekly test page"})
	return c.tell(muster.Notice{
		Person: u.Name, Kind: muster.NoticePageTest, Ref: string(ct.ID), Key: "page_test/" + string(u.Name) + "/" + strconv.FormatInt(at.UnixMilli(), 10),
		Title: "This is a test: nothing is wrong", URL: "/settings/people/" + string(u.Name),
		Text: "Muster tries out " + ct.Method + " (" + ct.Hint + ") of " + c.Snap.Catalog.DisplayName(u.Name) + ", as every week. Open the link and press the button within a day: " +
			"then it is proved that urgent pages reach you there.",
	}, ct)
}

// tellMissed tells the person, and the owners of their teams, that a test page was not answered.
func (c *Call) tellMissed(u *muster.User, ct *muster.Contact) error {
	key := "page_test_missed/" + string(ct.ID) + "/" + strconv.FormatInt(ct.TestedAt.UnixMilli(), 10)
	name := c.Snap.Catalog.DisplayName(u.Name)
	told := []muster.UserName{u.Name}
	if err := c.notify(muster.Notice{
		Person: u.Name, Kind: muster.NoticePageTestMissed, Ref: string(ct.ID), Key: key, URL: "/settings/people/" + string(u.Name),
		Title: "You did not answer the test page", Text: "Nobody knows whether " + ct.Method + " (" + ct.Hint + ") reaches you. Send yourself a test, or use another contact method.",
	}); err != nil {
		return err
	}
	for _, team := range u.Teams {
		t := c.Snap.Catalog.Teams[team]
		if t == nil {
			continue
		}
		for _, owner := range t.Owners {
			if slices.Contains(told, owner) {
				continue
			}
			told = append(told, owner)
			if err := c.notify(muster.Notice{
				Person: owner, Kind: muster.NoticePageTestMissed, Ref: string(ct.ID), Key: key, URL: "/settings/people/" + string(u.Name),
				Title: name + " did not answer the test page", Text: "It went by " + ct.Method + " a day ago. Nobody knows whether pages reach " + name + " there.",
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
