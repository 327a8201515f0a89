package command

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/escalate"
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
	Digest   []*muster.Alert // for a page about several: these
	Notice   *muster.Notice  // for a notification that tells one
	Contact  *muster.Contact
	Stop     bool // of one that asks a provider: it is told to stop instead
}

type startResult struct {
	Started
	ok bool
}

type startItem struct {
	delivery *muster.Delivery
	ready    *Started
	hold     time.Duration // not to be begun now: its connector is in trouble
}

// heldFor is how long a page that is due waits for its connector, which is in trouble: then it has failed.
const heldFor = time.Hour

// StartDelivery writes that a delivery is begun, if it is still wanted: a page only while its alert is open and
// unacknowledged (I14), and while no silence holds it back. ok is false when there is nothing to do: it was cancelled, or another node has it.
//
// ready is what the event of the delivery brought, nil if it brought nothing. With it nothing is read again: whatever
// makes a planned page unwanted cancels its delivery, and that raises the epoch which the write asks for.
func (c *Commands) StartDelivery(ctx context.Context, d *muster.Delivery, ready *Started) (s Started, ok bool, err error) {
	r, err := c.starts.Do(ctx, startItem{d, ready, 0})
	return r.Started, r.ok, err
}

// HoldDelivery puts a delivery off whose connector is in trouble, which counts as no attempt. The person's next contact
// method goes at once, or what stands in for the connector.
func (c *Commands) HoldDelivery(ctx context.Context, d *muster.Delivery, by time.Duration) error {
	_, err := c.starts.Do(ctx, startItem{d, nil, max(by, time.Second)})
	return err
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
	begin := make([]*muster.Delivery, len(set))
	why := make([]unwanted, len(set))
	for i, in := range set {
		d := *in.delivery // the row in memory stays as it is: the command may run again
		begin[i] = &d
		var s Started
		if in.ready != nil && d.Epoch == 1 {
			page := *in.ready.Page
			s = Started{Page: &page, Alert: in.ready.Alert, Contact: in.ready.Contact}
		} else {
			var err error
			if s, why[i], err = c.wanted(&d); err != nil {
				return nil, err
			}
		}
		s.Delivery = &d
		out[i] = startResult{Started: s, ok: why[i].why == ""}
		if !out[i].ok {
			d.State = muster.DeliveryCancelled
			continue
		}
		if s.Page != nil && d.State == muster.DeliveryStarted {
			s.Page.Attempts = append(slices.Clone(s.Page.Attempts), lostAttempt(s.Page))
		}
		if in.hold > 0 {
			why[i] = c.putOff(&d, s.Page, in.hold)
			continue
		}
		d.State, d.Attempts = muster.DeliveryStarted, d.Attempts+1
		d.LeaseNode, d.LeaseUntil = c.Node, c.Now().Plus(c.Lease)
	}
	wrote, err := c.UpdateDeliveries(begin)
	if err != nil {
		return nil, err
	}
	var pages, failed, held []*muster.Page
	newest := newestClaims(begin)
	for i := range out {
		p := out[i].Page
		switch {
		case !wrote[begin[i].ID] || newest[begin[i].ID] != begin[i].Epoch: // it was cancelled, or somebody else claimed it since
			out[i].ok = false
		case set[i].hold > 0 && out[i].ok:
			out[i].ok = false
			if begin[i].State == muster.DeliveryPlanned {
				c.Emit(store.Event{Topic: "deliveries", Due: begin[i].DueAt})
			}
			if p == nil {
				break
			}
			if p.Detail = why[i].why; why[i].failed {
				p.State = muster.PageFailed
			} else if p.State == muster.PageStarted {
				p.State = muster.PageUnknown
			}
			pages, held = append(pages, p), append(held, p)
			c.emitPage(p)
		case p == nil:
		case out[i].ok:
			if !tried(p) {
				p.StartedAt = c.Now()
			}
			p.State, p.Detail = muster.PageStarted, ""
			pages = append(pages, p)
		case p.State == muster.PagePlanned || p.State == muster.PageStarted || p.State == muster.PageUnknown:
			p.State, p.Detail = muster.PageCancelled, why[i].why
			if why[i].failed {
				p.State = muster.PageFailed
				failed = append(failed, p)
			}
			pages = append(pages, p)
			c.emitPage(p)
		}
	}
	if err := c.UpdatePages(pages); err != nil {
		return nil, err
	}
	if err := each(failed, c.nextMethod); err != nil {
		return nil, err
	}
	return out, each(held, func(p *muster.Page) error { return c.nextWay(p, p.State != muster.PageFailed) })
}

// putOff lets a delivery wait for its connector. A page that waited for too long has failed.
func (c *Call) putOff(d *muster.Delivery, p *muster.Page, by time.Duration) unwanted {
	d.LeaseNode, d.LeaseUntil = "", muster.Instant{}
	d.State, d.DueAt = muster.DeliveryPlanned, c.Now().Plus(by)
	if p == nil {
		return unwanted{}
	}
	if c.Now().Sub(p.DueAt.Time) > heldFor { // a later way is planned long before
		d.State = muster.DeliveryFailed
		return unwanted{why: fmt.Sprintf("%s was in trouble for %s", d.Connector, muster.Duration(heldFor)), failed: true}
	}
	return unwanted{why: fmt.Sprintf("%s is in trouble: the page waits, and goes another way if there is one", d.Connector)}
}

// newestClaims gives the newest epoch of each delivery of a set, which may hold an old claim beside the one that took its
// place: only the newest can have been written.
func newestClaims(ds []*muster.Delivery) map[muster.DeliveryID]int64 {
	out := make(map[muster.DeliveryID]int64, len(ds))
	for _, d := range ds {
		out[d.ID] = max(out[d.ID], d.Epoch)
	}
	return out
}

// emitPage tells live screens that a page changed.
func (c *Call) emitPage(p *muster.Page) {
	c.Emit(store.Event{Topic: "alert:" + string(p.Alert), Parts: []string{"page"}})
	c.Emit(store.Event{Topic: "pages", Parts: []string{"page"}})
}

// lostDetail is what an attempt says whose result nobody wrote.
const lostDetail = "Muster stopped while this attempt was under way: it may have arrived"

// tried reports whether the result of any attempt at a page was written. What a process began and did not live to tell may
// never have been made: the page counts as begun with the attempt after it (I15).
func tried(p *muster.Page) bool {
	return slices.ContainsFunc(p.Attempts, func(a muster.Attempt) bool { return a.Result != "unknown" || a.Detail != lostDetail })
}

// lostAttempt is an attempt whose result nobody wrote: the process that made it ended. After an attempt with a result its
// beginning is not known exactly: it began after that one.
func lostAttempt(p *muster.Page) muster.Attempt {
	at := p.StartedAt
	if n := len(p.Attempts); n > 0 && p.Attempts[n-1].At.After(at.Time) {
		at = p.Attempts[n-1].At
	}
	return muster.Attempt{At: at, Result: "unknown", Detail: lostDetail}
}

// unwanted says why a delivery is not carried out; failed, that the person could not be reached this way, so that their
// next contact method is due.
type unwanted struct {
	why    string
	failed bool
}

// wanted reads what a delivery is about and says why it is not wanted any more; nothing if it is.
func (c *Call) wanted(d *muster.Delivery) (s Started, not unwanted, err error) {
	if id, ok := strings.CutPrefix(d.Ref, noticeRef); ok && d.Kind == muster.DeliverNotification {
		return c.wantedNotice(muster.NoticeID(id))
	}
	if d.Kind == muster.DeliverReceipt {
		s.Stop, not, err = c.wantedAnswer(d)
		return s, not, err
	}
	if d.Kind != muster.DeliverPage {
		return s, not, nil
	}
	if s.Page, err = c.Page(d.Page); err != nil {
		return s, not, err
	}
	if s.Alert, err = c.Alert(s.Page.Alert); err != nil {
		return s, not, err
	}
	switch {
	case s.Page.State == muster.PageProved || s.Page.State == muster.PageCancelled:
		return s, unwanted{why: "not needed any more"}, nil
	case len(s.Page.Digest) > 0:
		var wanted bool
		if s.Digest, wanted, err = c.digestWanted(s.Page); err != nil || !wanted {
			return s, unwanted{why: "every alert of it was acknowledged or over first"}, err
		}
	case s.Alert.Status == muster.AlertResolved:
		return s, unwanted{why: "the alert was resolved first"}, nil
	case s.Alert.Status == muster.AlertAcknowledged && s.Page.Escalation != "":
		return s, unwanted{why: acknowledgedFirst(s.Alert)}, nil
	case s.Alert.Suppressed != nil && s.Page.Escalation != "" && !s.Page.StartedAt.IsZero(): // others were cancelled with it
		return s, unwanted{why: cancelReason(s.Alert)}, nil
	}
	if anew, err := c.pagedAnew(s.Page); err != nil || anew {
		return s, unwanted{why: "a silence ended meanwhile, and paging began anew"}, err
	}
	if d.Epoch > 1 || s.Page.PlannedAt.Before(s.Page.DueAt.Time) { // later ways, and what is tried again
		if proved, err := c.answeredElsewhere(s.Page); err != nil || proved {
			return s, unwanted{why: "another page reached " + c.Snap.Catalog.DisplayName(s.Page.Person) + " first"}, err
		}
	}
	if u := c.Snap.Catalog.Users[s.Page.Person]; u == nil || u.Disabled {
		return s, unwanted{why: c.Snap.Catalog.DisplayName(s.Page.Person) + " has left", failed: true}, nil
	}
	ct, err := c.Contact(s.Page.Contact)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return s, unwanted{why: "the contact method was removed", failed: true}, nil
	}
	s.Contact = ct
	return s, not, err
}

// pagedAnew reports whether what waits for another attempt was overtaken: a silence held its alert back and ended, so that the
// policy began anew. Both together would be one page too many (I22).
func (c *Call) pagedAnew(p *muster.Page) (bool, error) {
	if p.Escalation == "" || p.StartedAt.IsZero() || len(p.Digest) > 0 {
		return false, nil
	}
	e, err := c.EscalationOf(p.Alert)
	if err != nil || e == nil {
		return false, err
	}
	return slices.ContainsFunc(e.Taken, func(t muster.StepTaken) bool {
		return t.Event == string(escalate.Release) && t.Round > p.Round
	}), nil
}

func acknowledgedFirst(a *muster.Alert) string {
	if a.AcknowledgedBy == nil {
		return "acknowledged first"
	}
	return a.AcknowledgedBy.Name + " acknowledged first"
}

// answeredElsewhere reports whether the person proved another page of those that were planned together with this one.
func (c *Call) answeredElsewhere(p *muster.Page) (bool, error) {
	ways, err := c.ways(p)
	return err == nil && proven(ways), err
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
	Stopped    bool           // the provider was told to stop, as [Started].Stop asks
	Trouble    bool           // calls of this connector fail one after the other
	Asked      bool           // the provider can be asked what became of the page
	AskUntil   muster.Instant // and so long; zero: the usual time
	At         time.Time      // when the call began
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
		case r.Stopped && !r.Accepted && !r.Permanent: // as long as the provider goes on; it was asked often perhaps before
			d.State, d.DueAt = muster.DeliveryPlanned, c.Now().Plus(backoff(d.ID, min(d.Attempts, 3), r.RetryAfter))
		case d.Kind == muster.DeliverReceipt && !r.Stopped: // until it is not wanted any more
			d.State, d.DueAt = muster.DeliveryPlanned, c.Now().Plus(max(askEvery(d.Attempts), min(r.RetryAfter, 10*time.Minute)))
		case r.Accepted:
			d.State = muster.DeliveryDone
		case r.Permanent || d.Attempts >= maxAttempts:
			d.State = muster.DeliveryFailed
		default:
			d.State, d.DueAt = muster.DeliveryPlanned, c.Now().Plus(backoff(d.ID, d.Attempts, r.RetryAfter))
		}
		rows[i] = &d
	}
	wrote, err := c.UpdateDeliveries(rows)
	if err != nil {
		return err
	}
	var pages, failed, stuck []*muster.Page
	var ask []*muster.Delivery
	newest := newestClaims(rows)
	for i, r := range set {
		if !wrote[r.Delivery.ID] || newest[r.Delivery.ID] != r.Delivery.Epoch {
			continue
		}
		if rows[i].State == muster.DeliveryPlanned {
			c.Emit(store.Event{Topic: "deliveries", Due: rows[i].DueAt})
		}
		if r.Delivery.Kind != muster.DeliverPage {
			if err := c.tried(rows[i], r); err != nil {
				return err
			}
			continue
		}
		p := *r.Page
		c.pageResult(&p, r, rows[i].State)
		pages = append(pages, &p)
		switch {
		case p.State == muster.PageFailed:
			failed = append(failed, &p)
		case r.Trouble && !r.Accepted:
			stuck = append(stuck, &p)
		case r.Accepted && r.Asked:
			ask = append(ask, c.ask(&p, r))
		}
		c.emitPage(&p)
	}
	if err := c.FinishPages(pages); err != nil {
		return err
	}
	if len(ask) > 0 {
		if err := c.InsertDeliveries(ask); err != nil {
			return err
		}
		c.Emit(store.Event{Topic: "deliveries", Due: ask[0].DueAt})
	}
	if err := each(failed, c.nextMethod); err != nil {
		return err
	}
	return each(stuck, func(p *muster.Page) error { return c.nextWay(p, true) })
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

// backoff is 2, 4, 8 … seconds up to two minutes, or what the provider asked for if that is longer (at most ten minutes),
// and up to a quarter more: what failed together shall not come again together. The same delivery waits the same.
func backoff(id muster.DeliveryID, attempt int, asked time.Duration) time.Duration {
	d := max(min(2*time.Second<<min(attempt-1, 6), 2*time.Minute), min(asked, 10*time.Minute))
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash takes everything
	return d + d/4*time.Duration((h.Sum32()+uint32(attempt)*7919)%1024)/1024
}

// ClaimDeliveries leases what is due to this node: what is planned, and what a node that died had begun.
func (c *Commands) ClaimDeliveries(ctx context.Context, limit int) (out []*muster.Delivery, err error) {
	err = c.Store.Write(ctx, store.LanePeople, "ClaimDeliveries", func(tx store.Tx) error {
		out, err = tx.ClaimDeliveries(c.Node, tx.Now(), tx.Now().Plus(c.Lease), limit)
		return err
	})
	return out, err
}
