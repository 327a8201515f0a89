package demo

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// history is how long Tailwind Traders has used Muster when the demo begins.
const history = 92 * 24 * time.Hour

// night is an alert of the past: what came in at what o'clock in Berlin, and how long people needed.
type night struct {
	days    int    // ago
	clock   string // in Berlin
	workday bool   // or the last one before
	service muster.ServiceName
	title   string
	note    string // of whoever answered
	answer  int    // minutes until somebody did
	end     int    // minutes until it was over
}

// nights are the alerts of the last 90 days. Two of payments came at night: they are why somebody is on call then.
func nights() []night {
	return []night{
		{81, "11:20", true, "checkout", "Payment provider answers slowly", "The provider knows. The breaker holds.", 2, 48},
		{74, "19:05", false, "cart", "Cart API: p95 above two seconds", "A hot partition. Chen spreads it.", 3, 35},
		{61, "15:40", true, "checkout", "Refunds wait in the queue", "One poisoned message. Moved aside.", 4, 22},
		{52, "03:14", false, "checkout", "Every third card is declined", "The certificate of the provider's gateway ran out. Switched to the second one.", 4, 57},
		{44, "08:30", false, "search", "Index rebuild still runs in the morning", "Half the workers were gone. It will end by ten.", 3, 94},
		{33, "13:10", false, "cart", "Carts are not saved in one region", "Failed over to the next region.", 2, 41},
		{25, "10:05", true, "checkout", "Invoices without an address", "A release. Rolled back.", 5, 30},
		{19, "02:41", false, "checkout", "No payment went through for ten minutes", "The database failed over, and the pool kept its old connections. Restarted it.", 3, 38},
		{9, "22:50", false, "search", "Suggestions above 500 ms", "The nightly rebuild, as known.", 2, 125},
		{4, "17:25", false, "accounts", "Sign-in with a code fails now and then", "Clock of one machine was off by 40 seconds.", 3, 27},
	}
}

// told tells the alerts of the past by the operations that make them: received, answered on the page, ended.
func told(b *command.Batch) error {
	zone, err := b.Snap.Zones.Load("Europe/Berlin")
	if err != nil {
		return fmt.Errorf("demo: load the zone: %w", err)
	}
	for i, n := range nights() {
		if err := n.tell(b, n.at(b.Now(), zone), fmt.Sprintf("past-%d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// at is when it came in.
func (n *night) at(now muster.Instant, zone *time.Location) muster.Instant {
	then := now.Plus(-time.Duration(n.days) * 24 * time.Hour)
	for n.workday && (then.In(zone).Weekday() == time.Saturday || then.In(zone).Weekday() == time.Sunday) {
		then = then.Plus(-24 * time.Hour)
	}
	l, c := then.In(zone), n.clock
	since := time.Duration(l.Hour())*time.Hour + time.Duration(l.Minute())*time.Minute + time.Duration(l.Second())*time.Second
	o := time.Duration(int(c[0]-'0')*10+int(c[1]-'0'))*time.Hour + time.Duration(int(c[3]-'0')*10+int(c[4]-'0'))*time.Minute
	return then.Plus(o - since)
}

func (n *night) tell(b *command.Batch, at muster.Instant, key string) error {
	s := muster.Signal{
		Source: Source, Key: key, State: muster.SignalFiring, Title: n.title, Severity: muster.SeverityMajor, Impact: muster.Unknown,
		Action: muster.Unknown, Service: n.service, DetectedAt: at,
	}
	raw, err := json.Marshal(map[string]string{"key": key, "title": n.title, "severity": "major", "service": string(n.service)})
	if err != nil {
		return err
	}
	got, err := b.At(at, muster.Actor{}).Receive(command.ReceiveSignals{Source: Source, Format: "generic", Raw: raw, Signals: []muster.Signal{s}})
	if err != nil {
		return err
	}
	alert := got[0].Alert
	pages, err := b.PagesOf(alert)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pages, func(p *muster.Page) bool { return p.State != muster.PageCancelled })
	if i < 0 {
		return fmt.Errorf("demo: nobody was paged about %q", n.title)
	}
	if err := b.At(at, muster.Engine()).Arrived(pages[i], "rang in the browser"); err != nil {
		return err
	}
	cat := b.Snap.Catalog
	who := muster.Actor{User: pages[i].Person, Name: cat.DisplayName(pages[i].Person), Access: muster.AccessAdmin, Surface: muster.SurfacePage, Page: pages[i].ID}
	minute := func(m int) muster.Instant { return at.Plus(time.Duration(m) * time.Minute) }
	if _, err := b.At(minute(n.answer), who).Ack(command.NoteAlert{Alert: alert, Note: n.note}); err != nil {
		return err
	}
	who.Surface, who.Page = muster.SurfaceWeb, ""
	_, err = b.At(minute(n.end), who).End(command.NoteAlert{Alert: alert})
	return err
}

// away enters leave of weeks to come, and the public holidays of Christmas.
func away(b *command.Batch) error {
	now := b.Now()
	for _, l := range []command.AddLeave{
		{User: "noor", From: christmas(now, -1), Until: christmas(now, 1), Title: "Christmas with the children"},
		{User: "ravi", From: day(now, 16), Until: day(now, 20), Title: "Long weekend in Lisbon"},
	} {
		if _, err := b.Leave(l); err != nil {
			return err
		}
	}
	if err := b.Holiday("Christmas Day", "Europe/Berlin", christmas(now, 0), christmas(now, 0)); err != nil {
		return err
	}
	return b.Holiday("Boxing Day", "Europe/Berlin", christmas(now, 1), christmas(now, 1))
}

// day is a day of the calendar, so many days from now.
func day(now muster.Instant, days int) string {
	return now.UTC().AddDate(0, 0, days).Format(time.DateOnly)
}

// christmas is the 25th of December that comes next, and so many days after it. On the day itself it is the one of next year.
func christmas(now muster.Instant, days int) string {
	year := now.UTC().Year()
	if u := now.UTC(); u.Month() == time.December && u.Day() >= 24 {
		year++
	}
	d, err := time.Parse(time.DateOnly, fmt.Sprintf("%d-12-25", year))
	if err != nil {
		return "" // it is a day in every year that the calendar has
	}
	return d.AddDate(0, 0, days).Format(time.DateOnly)
}
