package command

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/muster-oncall/muster"
)

// Providers that do not tell what became of a page are asked: by a delivery of its own, which is carried out again and
// again until the page is proved, over, or too old. Where the provider goes on trying to reach the person, it is asked for
// as long as it does so, because there the person answers.

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

// wantedAnswer says why nobody needs to be asked any more what became of a page.
func (c *Call) wantedAnswer(d *muster.Delivery) (not unwanted, err error) {
	var a asking
	if err := json.Unmarshal(d.Payload, &a); err != nil {
		return not, fmt.Errorf("command: what is to be asked about the page %s cannot be read: %w", d.Page, err)
	}
	p, err := c.Page(d.Page)
	if err != nil {
		return not, err
	}
	alert, err := c.Alert(d.Alert)
	if err != nil {
		return not, err
	}
	answered := alert.Status == muster.AlertResolved || alert.Status == muster.AlertAcknowledged && p.Escalation != ""
	switch {
	case c.Now().After(a.Until.Time), p.State == muster.PageFailed, p.State == muster.PageCancelled, answered, p.State == muster.PageProved && !a.Longer:
		return unwanted{why: "not needed any more"}, nil
	}
	return not, nil
}
