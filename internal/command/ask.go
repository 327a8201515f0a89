package command

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// Providers that do not tell what became of a page are asked: by a delivery of its own, which is carried out again and
// again until the page is proved, over, or too old. Where the provider goes on trying to reach the person, it is asked for
// as long as it does so, because there the person answers; and it is told to stop when the answer came another way.

// asking is the payload of a delivery that asks.
type asking struct {
	Until  muster.Instant `json:"until"`
	Longer bool           `json:"longer,omitempty"` // also after a proof: for the person's answer
}

// ask makes the delivery that asks what became of a page.
func (c *Call) ask(p *muster.Page, r DeliveryResult) *muster.Delivery {
	a := asking{Until: c.Now().Plus(3 * c.provesWithin(p.Connector))}
	if !r.AskUntil.IsZero() {
		a = asking{Until: r.AskUntil, Longer: true}
	}
	b, err := json.Marshal(a)
	if err != nil {
		panic("command: " + err.Error()) // an instant and a truth value can always be written
	}
	return &muster.Delivery{
		ID: id[muster.DeliveryID](c), Kind: muster.DeliverReceipt, Connector: p.Connector, Page: p.ID, Alert: p.Alert, Ref: r.ProviderID,
		Service: r.Delivery.Service, Urgency: muster.UrgencyLow, Payload: b, State: muster.DeliveryPlanned, DueAt: c.Now().Plus(askEvery(0)), CreatedAt: c.Now(),
	}
}

// askEvery is how long to wait before asking again: five seconds for a minute, a quarter of one for ten, then one.
func askEvery(times int) time.Duration {
	switch {
	case times < 12:
		return 5 * time.Second
	case times < 48:
		return 15 * time.Second
	}
	return time.Minute
}

// wantedAnswer says why nobody needs to be asked any more what became of a page. stop: its provider goes on trying to reach
// the person, and shall not any more, because the page was answered elsewhere.
func (c *Call) wantedAnswer(d *muster.Delivery) (stop bool, not unwanted, err error) {
	var a asking
	if err := json.Unmarshal(d.Payload, &a); err != nil {
		return false, not, fmt.Errorf("command: what is to be asked about the page %s cannot be read: %w", d.Page, err)
	}
	p, err := c.Page(d.Page)
	if err != nil {
		return false, not, err
	}
	answered, err := c.answeredPageOf(p)
	if err != nil {
		return false, not, err
	}
	switch {
	case c.Now().After(a.Until.Time), p.State == muster.PageFailed, p.State == muster.PageCancelled, answered && !a.Longer, p.State == muster.PageProved && !a.Longer:
		return false, unwanted{why: "not needed any more"}, nil
	}
	return answered && c.does(c.Snap.Catalog.Connectors[p.Connector]).Stops, not, nil
}

// answeredPageOf reports whether what a page is about is over or acknowledged, so that its person has nothing to do.
func (c *Call) answeredPageOf(p *muster.Page) (bool, error) {
	if len(p.Digest) > 0 {
		_, wanted, err := c.digestWanted(p)
		return !wanted, err
	}
	a, err := c.Alert(p.Alert)
	if err != nil {
		return false, err
	}
	theirs := muster.Acknowledgement{User: p.Person}
	switch {
	case a.Status == muster.AlertResolved, a.Status == muster.AlertAcknowledged && p.Escalation != "":
		return true, nil
	case a.Status == muster.AlertAcknowledged && a.AcknowledgedBy != nil && a.AcknowledgedBy.User == p.Person:
		return true, nil // paged by hand, and they have it
	}
	return slices.ContainsFunc(a.Acks, theirs.Same), nil
}

// stopSoon lets the providers that go on trying by themselves look at once whether they still shall: those of all pages of an
// alert, or of some people.
func (c *Call) stopSoon(a muster.AlertID, only []muster.UserName) error {
	stops := map[muster.ConnectorName]bool{}
	for name, doc := range c.Snap.Catalog.Connectors {
		if c.does(doc).Stops {
			stops[name] = true
		}
	}
	if len(stops) == 0 {
		return nil
	}
	pages, err := c.PagesOf(a)
	if err != nil {
		return err
	}
	for _, p := range pages {
		taken := p.State == muster.PageAccepted || p.State == muster.PageProved
		if !taken || !stops[p.Connector] || len(only) > 0 && !slices.Contains(only, p.Person) {
			continue
		}
		if err := c.HastenDelivery(p.ID, c.Now()); err != nil {
			return err
		}
		c.Emit(store.Event{Topic: "deliveries", Due: c.Now()})
	}
	return nil
}
