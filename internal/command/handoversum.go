package command

import (
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// sumUp writes what Muster knows about a shift that is handed over: what is open, what happened, what ends soon.
func (c *Call) sumUp(r *muster.Roster, n *muster.HandoverNote) error {
	services := c.Snap.Serves(r.Name)
	say := func(format string, args ...any) { n.Summary = append(n.Summary, fmt.Sprintf(format, args...)) }
	if err := c.shiftCounts(n, services); err != nil {
		return err
	}
	switch {
	case len(services) == 0:
		say("No service is looked after by this roster.")
	case n.Alerts == 0 && n.Pages == 0:
		say("It was quiet: no alerts.")
	default:
		text := counted(n.Alerts, "alert", "alerts") + " came in, " + counted(n.Pages, "page", "pages") + " went to " + c.namesOf(n.From)
		if n.NightPages > 0 {
			text += fmt.Sprintf(", %d at night", n.NightPages)
		}
		say("%s.", text)
	}
	open, err := c.openAlerts(n, services)
	if err != nil {
		return err
	}
	if open > 0 {
		say("%s still open.", counted(open, "alert is", "alerts are"))
	}
	if err := c.shiftIncidents(n, services); err != nil {
		return err
	}
	for _, i := range n.Items {
		if i.Kind == muster.HandoverIncident {
			say("%s %s: %s.", i.Ref, i.State, i.Title)
		}
	}
	if ending := c.endingSilences(r, n); ending > 0 {
		say("%s within a day.", counted(ending, "silence ends", "silences end"))
	}
	return nil
}

func counted(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + many
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// shiftCounts counts what happened during the shift. An alert about which somebody was paged several times counts once, and
// as one at night when one of its pages was.
func (c *Call) shiftCounts(n *muster.HandoverNote, services []muster.ServiceName) error {
	since := n.Since
	if since.IsZero() || since.Before(n.At.Add(-31*24*time.Hour)) {
		since = n.At.Plus(-31 * 24 * time.Hour) // of somebody who is on call for ever
	}
	for _, s := range services {
		list, err := c.Alerts(store.AlertFilter{Service: s, Since: since, List: store.List{Limit: 1000}})
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.ReceivedAt.Before(n.At.Time) {
				n.Alerts++
			}
		}
	}
	pages, err := c.PagedBetween(since, n.At)
	if err != nil {
		return err
	}
	type about struct {
		person muster.UserName
		alert  muster.AlertID
	}
	atNight := map[about]bool{}
	for _, p := range pages {
		if !slices.Contains(n.From, p.Person) || !slices.Contains(services, p.Service) {
			continue
		}
		hour := p.At.In(c.zoneOf(p.Person)).Hour()
		k := about{p.Person, p.Alert}
		atNight[k] = atNight[k] || hour >= 22 || hour < 7
	}
	n.Pages = len(atNight)
	for _, night := range atNight {
		if night {
			n.NightPages++
		}
	}
	return nil
}

func (c *Call) openAlerts(n *muster.HandoverNote, services []muster.ServiceName) (open int, err error) {
	for _, s := range services {
		list, err := c.Alerts(store.AlertFilter{Service: s, Status: []muster.AlertStatus{muster.AlertOpen, muster.AlertAcknowledged}, List: store.List{Limit: 200}})
		if err != nil {
			return 0, err
		}
		for _, a := range list {
			if open++; open > handoverItems {
				continue
			}
			state := "open"
			if a.Status == muster.AlertAcknowledged {
				state = "acknowledged"
				if a.AcknowledgedBy != nil {
					state += " by " + a.AcknowledgedBy.Name
				}
			}
			n.Items = append(n.Items, muster.HandoverItem{Kind: muster.HandoverAlert, Ref: string(a.ID), Title: a.Title, State: state})
		}
	}
	return open, nil
}

// shiftIncidents lists the incidents that are not over, and those of the shift.
func (c *Call) shiftIncidents(n *muster.HandoverNote, services []muster.ServiceName) error {
	for _, s := range services {
		list, err := c.Incidents(store.IncidentFilter{Service: s, List: store.List{Limit: 50}})
		if err != nil {
			return err
		}
		count := 0
		for _, i := range list {
			goesOn := i.Status == muster.IncidentOpen || i.Status == muster.IncidentMitigated
			if !goesOn && (n.Since.IsZero() || i.DeclaredAt.Before(n.Since.Time)) {
				continue
			}
			if count++; count > handoverItems {
				break
			}
			n.Items = append(n.Items, muster.HandoverItem{
				Kind: muster.HandoverIncident, Ref: string(i.Key), Title: i.Title, State: fmt.Sprintf("(%s) is %s", i.Severity, i.Status),
			})
		}
	}
	return nil
}

// endingSilences lists the silences of the roster's team, and of no team, that end within a day of the change.
func (c *Call) endingSilences(r *muster.Roster, n *muster.HandoverNote) (ending int) {
	for _, d := range c.Snap.Catalog.Documents(muster.KindSilences) {
		s, ok := d.(*muster.Silence)
		if !ok || s.Team != "" && s.Team != r.Team || s.From.After(n.At.Time) || !s.Until.After(n.At.Time) || s.Until.Sub(n.At.Time) > 24*time.Hour {
			continue
		}
		if ending++; ending <= handoverItems {
			n.Items = append(n.Items, muster.HandoverItem{
				Kind: muster.HandoverSilence, Ref: string(s.Name), Title: s.Why, State: "ends " + s.Until.UTC().Format("Mon 2 Jan 15:04 MST"),
			})
		}
	}
	return ending
}
