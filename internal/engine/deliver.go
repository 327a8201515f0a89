package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/store"
)

// claimLoop takes over what no worker got from memory: pages that become due later, further attempts, and what a node
// that died had begun.
func (e *Engine) claimLoop() {
	for {
		e.claims.take()
		next, err := e.claimDue()
		if err != nil && e.ctx.Err() == nil {
			e.Log.Error("deliveries cannot be claimed", "error", err)
			next = muster.At(time.Now().Add(time.Second))
		}
		if !e.sleep(&e.claims, next) {
			return
		}
	}
}

func (e *Engine) claimDue() (next muster.Instant, err error) {
	for {
		due := false
		err := e.Store.Read(e.ctx, func(r store.Reader) (err error) {
			next, err = r.NextDelivery(r.Now())
			due = !next.IsZero() && !next.After(r.Now().Time)
			return err
		})
		if err != nil || !due {
			return next, err
		}
		ds, err := e.Commands.ClaimDeliveries(e.ctx, 128)
		if err != nil {
			return next, err
		}
		for _, d := range ds {
			e.workers.add(work{delivery: d})
		}
		if len(ds) == 0 {
			return muster.At(time.Now().Add(time.Second)), nil // somebody else was faster
		}
	}
}

// deliver carries one delivery out: write `started`, call, and leave the result to be written while the worker goes on to
// the next.
func (e *Engine) deliver(w work) {
	d := w.delivery
	ctx := context.WithoutCancel(e.ctx)
	guarded := d.Connector != "" && (d.Kind == muster.DeliverPage || d.Kind == muster.DeliverNotification)
	if guarded && !e.circuits.admit(d.Connector) {
		if err := e.insist(func() error { return e.Commands.HoldDelivery(ctx, d, spread(d.ID)) }); err != nil {
			e.Log.Error("a delivery cannot be put off", "delivery", d.ID, "error", err) // its lease ends and it is claimed again
		}
		return
	}
	e.Failpoint("deliver-before-start")
	var s command.Started
	var ok bool
	err := e.insist(func() (err error) {
		s, ok, err = e.Commands.StartDelivery(ctx, d, w.ready)
		return err
	})
	if err != nil {
		e.Log.Error("a delivery cannot be begun", "delivery", d.ID, "error", err)
		return // its lease ends and it is claimed again
	}
	if !ok {
		return
	}
	e.Failpoint("deliver-after-start")
	r := command.DeliveryResult{Delivery: s.Delivery, Page: s.Page, At: time.Now()}
	r.Stopped = s.Stop
	receipt, err := e.call(ctx, s, &r)
	r.Took = time.Since(r.At)
	e.Failpoint("deliver-after-call")
	if err == nil {
		r.Accepted, r.ProviderID, r.Detail, r.AskUntil = true, receipt.ProviderID, receipt.Detail, receipt.AskUntil
		if guarded && e.circuits.worked(d.Connector) {
			e.Log.Info("a connector works again", "connector", d.Connector)
		}
	} else {
		r.Permanent, r.Unknown, r.RetryAfter = connector.IsPermanent(err), connector.IsUnknown(err), connector.RetryAfter(err)
		r.Detail = firstLine(err.Error())
		if errors.Is(err, context.DeadlineExceeded) {
			r.Unknown = true
		}
		if guarded && !r.Permanent {
			var opened bool
			if r.Trouble, opened = e.circuits.failed(d.Connector, r.Detail, r.RetryAfter); opened {
				e.Log.Error("a connector is in trouble: its pages go other ways, and single ones try it", "connector", d.Connector, "problem", r.Detail)
			}
		}
		e.Log.Warn("a delivery failed", "delivery", d.ID, "connector", d.Connector, "attempt", s.Delivery.Attempts, "permanent", r.Permanent, "error", err)
	}
	e.wg.Go(func() {
		if err := e.insist(func() error { return e.Commands.FinishDelivery(ctx, r) }); err != nil {
			e.Log.Error("the result of a delivery cannot be written: it is sent again", "delivery", d.ID, "error", err)
		}
		e.Failpoint("deliver-after-result")
	})
}

// insist runs a write again while the store is unavailable, at most as long as the lease of a delivery lasts: a page need
// not wait for the end of its lease, nor go out twice, because the database was away for a second.
func (e *Engine) insist(write func() error) error {
	until := time.Now().Add(e.Commands.Lease)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := write()
		if muster.CodeOf(err) != muster.ErrUnavailable || time.Until(until) < pause {
			return err
		}
		select {
		case <-e.ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// call hands a delivery over, with a time-out and a guard: a connector that panics fails this attempt and nothing else.
func (e *Engine) call(ctx context.Context, s command.Started, result *command.DeliveryResult) (r connector.Receipt, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			e.Log.Error("a connector panicked", "connector", s.Delivery.Connector, "panic", p)
			err = connector.Temporary(errors.New("the connector failed from within; the log says more"), 0)
		}
	}()
	if s.Delivery.Kind == muster.DeliverStatusPage {
		return connector.Receipt{}, e.PublishStatus(ctx, muster.StatusPageName(s.Delivery.Ref))
	}
	conn, err := e.Connector(ctx, s.Delivery.Connector)
	if err != nil {
		return connector.Receipt{}, err
	}
	if check, words := e.check(conn, s.Delivery); check != nil {
		return connector.Receipt{Detail: words}, check.Check(ctx)
	}
	if s.Stop {
		if stopper, ok := conn.(connector.Stopper); ok {
			return connector.Receipt{Detail: "told to stop"}, stopper.Stop(ctx, s.Delivery.Ref)
		}
		return connector.Receipt{}, nil // the document has become one of another kind
	}
	if s.Delivery.Kind == muster.DeliverRoster || s.Delivery.Kind == muster.DeliverCalendar {
		return e.exchange(ctx, conn, s.Delivery)
	}
	reader, readable := conn.(connector.ReceiptReader)
	if s.Delivery.Kind == muster.DeliverReceipt {
		if !readable {
			return connector.Receipt{}, connector.Permanent(errors.New("this connector cannot be asked any more"))
		}
		return connector.Receipt{}, e.ask(ctx, reader, s.Delivery)
	}
	msg, err := e.message(conn, s)
	if err != nil {
		return connector.Receipt{}, err
	}
	r, err = conn.Deliver(ctx, msg)
	result.Asked = readable && r.ProviderID != ""
	return r, err
}

// ask asks the provider what became of a page and does what follows from it.
func (e *Engine) ask(ctx context.Context, reader connector.ReceiptReader, d *muster.Delivery) error {
	answers, err := reader.ReadReceipt(ctx, d.Ref)
	if err != nil || len(answers) == 0 {
		return err
	}
	for i := range answers {
		answers[i].Page = d.Page // it was asked about this one
	}
	_, err = e.Commands.AnswerPage(ctx, d.Connector, answers)
	return err
}

// check is how a connector is tried out without sending anything, nil when its test is a message: to its room, or by mail to
// whoever asked for it. The words say what is known when nothing was found.
func (e *Engine) check(conn connector.Connector, d *muster.Delivery) (connector.Checker, string) {
	user, ok := strings.CutPrefix(d.Ref, "test/")
	check, can := conn.(connector.Checker)
	if !ok || !can || d.Kind != muster.DeliverNotification {
		return nil, ""
	}
	switch conn.(type) {
	case connector.Publisher, connector.RosterTable, connector.CalendarFeed:
		return check, "tried out: it works"
	}
	cat := e.Commands.Live.Current().Catalog
	words, room := e.Commands.TestWords(d.Connector)
	c, u := cat.Connectors[d.Connector], cat.Users[muster.UserName(user)]
	if words == "" || room || c != nil && c.Kind == mailKind && u != nil && u.Email != "" {
		return nil, ""
	}
	return check, words
}

// mailKind is the kind of connector whose test goes to whoever asked for it, at the address that they sign in with.
const mailKind = "email"

// message words a delivery for its connector.
func (e *Engine) message(conn connector.Connector, s command.Started) (connector.Delivery, error) {
	d := s.Delivery
	out := connector.Delivery{Key: string(d.ID), Kind: d.Kind, At: d.CreatedAt}
	switch d.Kind {
	case muster.DeliverPage:
		address, err := e.Commands.Address(s.Contact)
		if err != nil {
			return out, connector.Permanent(err)
		}
		out.Address = address
		out.Page = e.pageMessage(s)
		out.Key = string(out.Page.PageID) // the same for every attempt, so that a repetition is recognised (I23)
		if _, ok := conn.(connector.Answerer); ok {
			out.AnswerURL, out.Page.ReplyCode = e.AnswerLinks(d.Connector, s.Page.ID), e.Commands.Box.ReplyCode(s.Page.ID)
		}
	case muster.DeliverNotification:
		if s.Notice != nil {
			return e.notice(conn, out, s)
		}
		if strings.HasPrefix(d.Ref, "alert/") {
			return e.room(out, d)
		}
		out.Note = &connector.Notification{Title: "Muster: a test", Text: "This message was sent by the Test button. If you can read it, the connector works."}
		if user, ok := strings.CutPrefix(d.Ref, "test/"); ok {
			cat := e.Commands.Live.Current().Catalog
			u, c := cat.Users[muster.UserName(user)], cat.Connectors[d.Connector]
			if u != nil && c != nil && c.Kind == mailKind { // others have an address of their own, or need none
				out.Address = u.Email
			}
		}
	case muster.DeliverWebhook:
		out.Event = &connector.Event{Type: d.Ref, At: d.CreatedAt, Body: d.Payload}
	case muster.DeliverStatusPage, muster.DeliverRoster, muster.DeliverCalendar, muster.DeliverReceipt:
		return out, fmt.Errorf("engine: the delivery %s has no message", d.ID)
	}
	return out, nil
}

// notice words a notice. A test of a contact method bears its own link, which nobody sees but who gets the message.
func (e *Engine) notice(conn connector.Connector, out connector.Delivery, s command.Started) (connector.Delivery, error) {
	address, err := e.Commands.Address(s.Contact)
	if err != nil {
		return out, connector.Permanent(err)
	}
	n := s.Notice
	out.Address = address
	out.Note = &connector.Notification{
		Title: n.Title, Text: n.Text, Kind: n.Kind, Person: e.Commands.Live.Current().Catalog.DisplayName(n.Person),
	}
	switch {
	case n.Kind.Tries():
		out.Note.URL = e.TestLinks(n.ID)
		if _, ok := conn.(connector.Answerer); ok {
			out.AnswerURL = e.TestAnswerLinks(s.Delivery.Connector, n.ID)
		}
	case n.URL != "":
		out.Note.URL = e.PublicURL() + n.URL
	}
	return out, nil
}

func (e *Engine) pageMessage(s command.Started) *connector.PageMessage {
	cat := e.Commands.Live.Current().Catalog
	a, p := s.Alert, s.Page
	link := e.PageLinks(p.ID)
	msg := &connector.PageMessage{
		Title: a.Title, Service: cat.ServiceTitle(a.Service), Severity: a.Severity, Urgency: a.Urgency, Impact: a.Impact,
		Action: a.Action, Summary: a.Summary, Person: cat.DisplayName(p.Person), Why: muster.WhyPerson(p.Why), AckURL: link, PageURL: link,
		Round: p.Round, Step: p.Step, AlertID: a.ID, PageID: cmp.Or(p.Repeats, p.ID), // by whichever provider it comes
	}
	if len(s.Digest) > 0 {
		digest(msg, cat, s.Digest)
	}
	return msg
}

// digestLines is how many alerts of a digest its text names.
const digestLines = 20

// digest words a page about several alerts, the worst first. Its title and text say all that is needed, for connectors that
// know no digests.
func digest(msg *connector.PageMessage, cat *muster.Catalog, alerts []*muster.Alert) {
	worst := alerts[0]
	msg.Title, msg.Severity, msg.Urgency = fmt.Sprintf("%d alerts, the worst: %s", len(alerts), worst.Title), worst.Severity, worst.Urgency
	lines := make([]string, 0, digestLines+1)
	for i, a := range alerts {
		if a.Urgency == muster.UrgencyHigh {
			msg.Urgency = muster.UrgencyHigh
		}
		line := connector.DigestLine{AlertID: a.ID, Title: a.Title, Service: cat.ServiceTitle(a.Service), Severity: a.Severity}
		msg.Digest = append(msg.Digest, line)
		switch {
		case i < digestLines:
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s: %s. %s", line.Severity, muster.CleanLine(line.Title, 120), line.Service)))
		case i == digestLines:
			lines = append(lines, fmt.Sprintf("and %d more", len(alerts)-digestLines))
		}
	}
	msg.Summary = strings.Join(lines, "\n")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return muster.Clip(line, 300)
}
