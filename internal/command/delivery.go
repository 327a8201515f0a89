package command

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// maxAttempts is how often one delivery is handed to its connector. Meanwhile the person's next contact method is due,
// and the next step after it.
const maxAttempts = 8

// Started is a delivery that may be handed over now, with what its message needs. It was read in the transaction that
// wrote `started`.
type Started struct {
	Delivery *muster.Delivery
	Page     *muster.Page
	Alert    *muster.Alert
	Contact  *muster.Contact
}

type startResult struct {
	Started
	ok bool
}

type startItem struct {
	delivery *muster.Delivery
	ready    *Started
}

// StartDelivery writes that a delivery is begun, if it is still wanted: a page only while its alert is open and
// unacknowledged (I14). ok is false when there is nothing to do: it was cancelled, or another node has it.
//
// ready is what the event of the delivery brought, nil if it brought nothing. With it nothing is read again: whatever
// makes a planned page unwanted cancels its delivery, and that raises the epoch which the write asks for.
func (c *Commands) StartDelivery(ctx context.Context, d *muster.Delivery, ready *Started) (s Started, ok bool, err error) {
	r, err := c.starts.Do(ctx, startItem{d, ready})
	return r.Started, r.ok, err
}

func (c *Commands) start(ctx context.Context, set []startItem) (out []startResult, err error) {
	err = c.do(ctx, "StartDelivery", muster.Engine(), func(call *Call) error {
		out, err = call.startSet(set)
		return err
	})
	return out, err
}

func (c *Call) startSet(set []startItem) ([]startResult, error) {
	out := make([]startResult, len(set))
	var begin []*muster.Delivery
	var pages []*muster.Page
	at := map[muster.DeliveryID]int{}
	for i, in := range set {
		d := *in.delivery // the row in memory stays as it is: the command may run again
		var s Started
		var why string
		if in.ready != nil && d.Epoch == 1 {
			page := *in.ready.Page
			s = Started{Page: &page, Alert: in.ready.Alert, Contact: in.ready.Contact}
		} else {
			var err error
			if s, why, err = c.wanted(&d); err != nil {
				return nil, err
			}
		}
		if why != "" {
			d.State = muster.DeliveryCancelled
			if s.Page != nil && s.Page.State == muster.PagePlanned {
				s.Page.State, s.Page.Detail = muster.PageCancelled, why
				pages = append(pages, s.Page)
			}
			begin = append(begin, &d)
			continue
		}
		d.State, d.Attempts = muster.DeliveryStarted, d.Attempts+1
		d.LeaseNode, d.LeaseUntil = c.Node, c.Now().Plus(c.Lease)
		if s.Page != nil {
			if s.Page.StartedAt.IsZero() {
				s.Page.StartedAt = c.Now()
			}
			s.Page.State, s.Page.Detail = muster.PageStarted, ""
			pages = append(pages, s.Page)
		}
		s.Delivery = &d
		out[i] = startResult{Started: s, ok: true}
		at[d.ID] = i
		begin = append(begin, &d)
	}
	wrote, err := c.UpdateDeliveries(begin)
	if err != nil {
		return nil, err
	}
	keep := pages[:0]
	for _, p := range pages {
		keep = append(keep, p)
	}
	for id, i := range at {
		if !wrote[id] { // somebody else claimed it since
			out[i].ok = false
			keep = without(keep, out[i].Page)
		}
	}
	return out, c.UpdatePages(keep)
}

func without(pages []*muster.Page, p *muster.Page) []*muster.Page {
	out := pages[:0:0]
	for _, q := range pages {
		if q != p {
			out = append(out, q)
		}
	}
	return out
}

// wanted reads what a delivery is about and says why it is not wanted any more, "" if it is.
func (c *Call) wanted(d *muster.Delivery) (s Started, why string, err error) {
	if d.Kind != muster.DeliverPage {
		return s, "", nil
	}
	if s.Page, err = c.Page(d.Page); err != nil {
		return s, "", err
	}
	if s.Alert, err = c.Alert(s.Page.Alert); err != nil {
		return s, "", err
	}
	switch {
	case s.Page.State == muster.PageProved || s.Page.State == muster.PageCancelled:
		return s, "not needed any more", nil
	case s.Alert.Status == muster.AlertResolved:
		return s, "the alert was resolved first", nil
	case s.Alert.Status == muster.AlertAcknowledged && s.Page.Escalation != "":
		return s, acknowledgedFirst(s.Alert), nil
	}
	if s.Page.State == muster.PagePlanned && s.Page.PlannedAt.Before(s.Page.DueAt.Time) {
		if proved, err := c.answeredElsewhere(s.Page); err != nil || proved {
			return s, c.Snap.Catalog.DisplayName(s.Page.Person) + " answered another page first", err
		}
	}
	ct, err := c.Contact(s.Page.Contact)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return s, "the contact method was removed", nil
	}
	s.Contact = ct
	return s, "", err
}

func acknowledgedFirst(a *muster.Alert) string {
	if a.AcknowledgedBy == nil {
		return "acknowledged first"
	}
	return a.AcknowledgedBy.Name + " acknowledged first"
}

// answeredElsewhere reports whether the person proved an earlier page of the same round.
func (c *Call) answeredElsewhere(p *muster.Page) (bool, error) {
	pages, err := c.PagesOf(p.Alert)
	for _, o := range pages {
		if o.ID != p.ID && o.Person == p.Person && o.Step == p.Step && o.Round == p.Round && o.State == muster.PageProved {
			return true, nil
		}
	}
	return false, err
}

// DeliveryResult is what came of handing a delivery to its connector.
type DeliveryResult struct {
	Delivery   *muster.Delivery
	Page       *muster.Page // as StartDelivery gave it, for a page
	Accepted   bool
	Permanent  bool          // do not try again
	Unknown    bool          // no complete answer: it may have arrived
	RetryAfter time.Duration // what the provider asked for
	Detail     string        // for people; never a secret
	ProviderID string
	At         time.Time // when the call began
	Took       time.Duration
}

// FinishDelivery writes the result of a call. A result of a claim that was taken over since is refused in silence: the
// other node's result counts.
func (c *Commands) FinishDelivery(ctx context.Context, r DeliveryResult) error {
	_, err := c.ends.Do(ctx, r)
	return err
}

func (c *Commands) finish(ctx context.Context, set []DeliveryResult) ([]struct{}, error) {
	err := c.do(ctx, "FinishDelivery", muster.Engine(), func(call *Call) error {
		return call.finishSet(set)
	})
	return make([]struct{}, len(set)), err
}

func (c *Call) finishSet(set []DeliveryResult) error {
	rows := make([]*muster.Delivery, len(set))
	for i, r := range set {
		d := *r.Delivery
		d.LeaseNode, d.LeaseUntil = "", muster.Instant{}
		switch {
		case r.Accepted:
			d.State = muster.DeliveryDone
		case r.Permanent || d.Attempts >= maxAttempts:
			d.State = muster.DeliveryFailed
		default:
			d.State, d.DueAt = muster.DeliveryPlanned, c.Now().Plus(backoff(d.Attempts, r.RetryAfter))
		}
		rows[i] = &d
	}
	wrote, err := c.UpdateDeliveries(rows)
	if err != nil {
		return err
	}
	var pages []*muster.Page
	for i, r := range set {
		if !wrote[r.Delivery.ID] {
			continue
		}
		if rows[i].State == muster.DeliveryPlanned {
			c.Emit(store.Event{Topic: "deliveries", Due: rows[i].DueAt})
		}
		if r.Delivery.Kind != muster.DeliverPage {
			continue
		}
		p := *r.Page
		c.pageResult(&p, r, rows[i].State)
		pages = append(pages, &p)
		if p.State == muster.PageFailed {
			if err := c.nextMethod(&p); err != nil {
				return err
			}
		}
		c.Emit(store.Event{Topic: "alert:" + string(p.Alert), Parts: []string{"page"}})
		c.Emit(store.Event{Topic: "pages", Parts: []string{"page"}})
	}
	return c.FinishPages(pages)
}

// pageResult writes one attempt on a page. A proof that came meanwhile stays, because FinishPages leaves it alone.
func (c *Call) pageResult(p *muster.Page, r DeliveryResult, state muster.DeliveryState) {
	at := muster.Attempt{At: muster.At(r.At), Took: r.Took.Microseconds(), Detail: muster.Clip(r.Detail, 300), Provider: r.ProviderID}
	switch {
	case r.Accepted:
		at.Result = "accepted"
	case r.Unknown:
		at.Result = "unknown"
	default:
		at.Result = "failed"
	}
	p.Attempts = append(slices.Clone(p.Attempts), at)
	if r.Accepted && p.AcceptedAt.IsZero() {
		p.AcceptedAt = c.Now()
	}
	switch {
	case r.Accepted:
		p.State, p.Detail = muster.PageAccepted, ""
	case state == muster.DeliveryFailed:
		p.State, p.Detail = muster.PageFailed, at.Detail
	case r.Unknown:
		p.State, p.Detail = muster.PageUnknown, fmt.Sprintf("%s; attempt %d follows", at.Detail, r.Delivery.Attempts+1)
	default:
		p.Detail = fmt.Sprintf("%s; attempt %d follows", at.Detail, r.Delivery.Attempts+1)
	}
}

// nextMethod brings the person's next contact method forward when one has failed for good.
func (c *Call) nextMethod(failed *muster.Page) error {
	pages, err := c.PagesOf(failed.Alert)
	if err != nil {
		return err
	}
	for _, p := range pages {
		if p.ID == failed.ID || p.Person != failed.Person || p.Step != failed.Step || p.Round != failed.Round ||
			p.State != muster.PagePlanned || !p.DueAt.After(c.Now().Time) {
			continue
		}
		p.DueAt = c.Now()
		if err := c.UpdatePages([]*muster.Page{p}); err != nil {
			return err
		}
		if err := c.HastenDelivery(p.ID, c.Now()); err != nil {
			return err
		}
		c.Emit(store.Event{Topic: "deliveries", Due: c.Now()})
		return nil
	}
	return nil
}

// backoff is 2, 4, 8 … seconds up to two minutes, or what the provider asked for if that is longer (at most ten minutes).
func backoff(attempt int, asked time.Duration) time.Duration {
	d := min(2*time.Second<<min(attempt-1, 6), 2*time.Minute)
	return max(d, min(asked, 10*time.Minute))
}

// ClaimDeliveries leases what is due to this node: what is planned, and what a node that died had begun.
func (c *Commands) ClaimDeliveries(ctx context.Context, limit int) (out []*muster.Delivery, err error) {
	err = c.Store.Write(ctx, store.LanePeople, "ClaimDeliveries", func(tx store.Tx) error {
		out, err = tx.ClaimDeliveries(c.Node, tx.Now(), tx.Now().Plus(c.Lease), limit)
		return err
	})
	return out, err
}
