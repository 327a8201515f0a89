package command

import (
	"context"
	"crypto/subtle"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// What bounds answers in text: how long a page's code works, of how many of a person's newest pages, and how many wrong
// codes an address may send within an hour before none is looked at for the rest of it.
const (
	answerLife    = 7 * 24 * time.Hour
	answerPages   = 200
	maxWrongCodes = 5
	wrongCodesFor = time.Hour
)

// AnswerPage does what a provider tells about pages of a connector, or what people answered to them. The caller has made
// sure that it comes from the provider; a page in an answer was named by the page's own token. The text is for the person
// who answered, "" when there is nothing to say. Doing the same twice is harmless. An error with the code ErrForbidden says
// that somebody tried what they may not: it belongs into the security log.
func (c *Commands) AnswerPage(ctx context.Context, via muster.ConnectorName, answers []muster.PageAnswer) (text string, err error) {
	for _, a := range answers {
		said, aerr := c.answerOne(ctx, via, a)
		switch muster.CodeOf(aerr) {
		case "":
		case muster.ErrConflict, muster.ErrNotFound, muster.ErrInvalid:
			said = muster.MessageOf(aerr)
		case muster.ErrForbidden, muster.ErrUnauthenticated:
			err = aerr
		default:
			return "", aerr
		}
		if said != "" {
			text = said
		}
	}
	return text, err
}

func (c *Commands) answerOne(ctx context.Context, via muster.ConnectorName, a muster.PageAnswer) (string, error) {
	person := a.Kind != muster.AnswerReceived && a.Kind != muster.AnswerFailed
	if a.Page == "" {
		if !person {
			return "", nil // nobody can tell which page it is about
		}
		page, said, err := c.pageByCode(ctx, via, a)
		if page == "" || err != nil {
			return said, err
		}
		a.Page = page
	}
	p, err := c.answeredPage(ctx, via, a)
	if err != nil {
		return "", err
	}
	if !person {
		return "", c.do(ctx, "ReceiptOfPage", c.provider(via), func(call *Call) error { return call.receipt(a) })
	}
	actor, err := c.ActorOf(p.Person, c.surface(via))
	if err != nil {
		return "", muster.Errorf(muster.ErrForbidden, "This page was for somebody who has left.")
	}
	if !actor.Access.AtLeast(muster.AccessResponder) {
		actor.Access = muster.AccessResponder // whoever is paged may answer
	}
	actor.Page = p.ID
	var text string
	err = c.do(ctx, "AnswerPage", actor, func(call *Call) (err error) {
		text, err = call.answered(p, a)
		return err
	})
	return text, err
}

// SeePage writes that the actor, who came by the page's own link, looks at it: a gesture of a person told so. It proves the
// page and answers nothing.
func (c *Commands) SeePage(ctx context.Context, actor muster.Actor, alert muster.AlertID) error {
	return c.do(ctx, "SeePage", actor, func(call *Call) error {
		a, err := call.Alert(alert)
		if err != nil {
			return err
		}
		return call.prove(a, actor.Name+" opened the page")
	})
}

// answeredPage finds the page of an answer. A failure may be told before the result of the call is written: then it waits
// for that, because the result would hide the failure.
func (c *Commands) answeredPage(ctx context.Context, via muster.ConnectorName, a muster.PageAnswer) (p *muster.Page, err error) {
	for try := 0; ; try++ {
		err = c.Store.Read(ctx, func(r store.Reader) (err error) {
			p, err = r.Page(a.Page)
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case p.Connector != via:
			return nil, muster.Errorf(muster.ErrForbidden, "The page %s was not sent by the connector %s.", a.Page, via)
		case a.Kind != muster.AnswerFailed || p.State != muster.PageStarted || try == 20:
			return p, nil
		}
		select {
		case <-ctx.Done():
			return p, nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// provider is the actor of what a connector's provider tells.
func (c *Commands) provider(via muster.ConnectorName) muster.Actor {
	return muster.Actor{Name: string(via), Machine: true, Access: muster.AccessResponder, Surface: muster.SurfaceEngine}
}

// surface is by what people answer the pages of a connector.
func (c *Commands) surface(via muster.ConnectorName) muster.Surface {
	if s := c.does(c.Live.Current().Catalog.Connectors[via]).Surface; s != "" {
		return s
	}
	return muster.SurfacePage
}

// receipt writes what the provider found out about a page that it had taken.
func (c *Call) receipt(a muster.PageAnswer) error {
	p, err := c.Page(a.Page)
	if err != nil {
		return err
	}
	if p.State == muster.PageProved || p.State == muster.PageCancelled || p.State == muster.PagePlanned {
		return nil
	}
	if a.Kind == muster.AnswerReceived {
		return c.proved(p, proofText(c.does(c.Snap.Catalog.Connectors[p.Connector]).Proof))
	}
	if n := len(p.Attempts); p.State == muster.PageFailed || n > 0 && a.ProviderID != "" && p.Attempts[n-1].Provider != "" && p.Attempts[n-1].Provider != a.ProviderID {
		return nil // told already, or of an earlier attempt
	}
	p.State, p.Detail = muster.PageFailed, muster.CleanLine("the provider took it and could not bring it: "+a.Detail, 300)
	if err := c.UpdatePages([]*muster.Page{p}); err != nil {
		return err
	}
	c.emitPage(p)
	return c.nextMethod(p)
}

// proved writes that a page reached its person.
func (c *Call) proved(p *muster.Page, how string) error {
	p.State, p.ProvedAt, p.Proof, p.Detail = muster.PageProved, c.Now(), how, ""
	if err := c.UpdatePages([]*muster.Page{p}); err != nil {
		return err
	}
	c.emitPage(p)
	return nil
}

// proofText says what a receipt of a provider means.
func proofText(p muster.Proof) string {
	switch p {
	case muster.ProofCarrier:
		return "the carrier says that it was delivered"
	case muster.ProofDevice:
		return "the device says that it got it"
	case muster.ProofPerson:
	}
	return "the provider says that it was received"
}

// answered does what a person answered to a page, as that person, and says in a sentence what came of it.
func (c *Call) answered(p *muster.Page, a muster.PageAnswer) (string, error) {
	in := NoteAlert{Alert: p.Alert}
	switch a.Kind {
	case muster.AnswerAcknowledge:
		alert, err := c.ackAlert(in)
		if err != nil {
			return "", err
		}
		title := muster.Clip(alert.Title, 60)
		switch {
		case len(p.Digest) > 0:
			return fmt.Sprintf("You have these %d alerts. Muster pages nobody else about them.", len(p.Digest)), nil
		case alert.Status == muster.AlertResolved:
			return "It is over already: " + title + ".", nil
		case alert.AcknowledgedBy != nil && alert.AcknowledgedBy.User != c.Actor.User:
			return alert.AcknowledgedBy.Name + " has it already: " + title + ".", nil
		case alert.Status == muster.AlertOpen: // one of several acknowledgements that the step asks for
			return "Noted, and somebody else is still needed: " + title + ".", nil
		}
		return "You have it: " + title + ". Muster pages nobody else.", nil
	case muster.AnswerResolve, muster.AnswerEscalate, muster.AnswerOpened:
		alert, err := c.Alert(p.Alert)
		if err != nil {
			return "", err
		}
		if len(p.Digest) > 0 && a.Kind != muster.AnswerOpened {
			return fmt.Sprintf("This page tells of %d alerts: open its link to resolve or escalate one of them.", len(p.Digest)), c.prove(alert, c.Actor.Name+" answered")
		}
		word := map[muster.PageAnswerKind]string{muster.AnswerResolve: " resolved", muster.AnswerEscalate: " escalated", muster.AnswerOpened: " opened the page"}
		if err := c.prove(alert, c.Actor.Name+word[a.Kind]); err != nil {
			return "", err
		}
		switch a.Kind { //nolint:exhaustive // these two do more
		case muster.AnswerResolve:
			_, err = c.resolveAlertOp(in)
			return "Resolved: " + muster.Clip(alert.Title, 60) + ".", err
		case muster.AnswerEscalate:
			_, err = c.escalateAlert(in)
			return "Muster pages the next step: " + muster.Clip(alert.Title, 60) + ".", err
		}
		return "", nil
	case muster.AnswerUnclear:
		return unclearText(c.Box.ReplyCode(p.ID)), nil
	case muster.AnswerReceived, muster.AnswerFailed:
	}
	return "", nil
}

// unclearText tells somebody how to answer.
func unclearText(code string) string {
	return fmt.Sprintf("Muster did not understand. Answer 4 %s to acknowledge or 6 %s to resolve.", code, code)
}

// pageByCode finds the page that somebody answers in text: the sender must be the address of a contact method, and the code
// that of a page which went there. Neither is enough alone: senders can be forged and codes are short. said is for the
// person when there is no page.
func (c *Commands) pageByCode(ctx context.Context, via muster.ConnectorName, a muster.PageAnswer) (page muster.PageID, said string, err error) {
	turn := &c.codes[crc32.ChecksumIEEE([]byte(a.From))%uint32(len(c.codes))]
	turn.Lock()
	defer turn.Unlock()
	var senders []muster.Contact
	locked := false
	err = c.Store.Read(ctx, func(r store.Reader) error {
		if senders, err = c.contactsAt(r, via, a.From); err != nil || a.Code == "" {
			return err
		}
		for i := range senders {
			if senders[i].WrongCodes >= maxWrongCodes && r.Now().Sub(senders[i].WrongSince.Time) < wrongCodesFor {
				locked = true
				return nil
			}
		}
		for i := range senders {
			if page, err = c.pageWithCode(r, via, &senders[i], a.Code); page != "" || err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return "", "", err
	case len(senders) == 0:
		return "", "", muster.Errorf(muster.ErrForbidden, "An answer came from an address that is nobody's contact method.")
	case a.Code == "":
		return "", unclearText("and the five digits of the page"), nil
	case locked:
		return "", "Too many wrong codes came from this number. Open the link in the page, or try again in an hour.", nil
	case page != "":
		return page, "", nil
	}
	err = c.do(ctx, "WrongCode", c.provider(via), func(call *Call) error { return call.wrongCode(senders[0].ID) })
	return "", "No page of yours has this code. Answer 4 and the five digits that the page shows, or open its link.", err
}

// contactsAt finds the contact methods with an address: those that use the connector, and those whose connector it backs
// up. Addresses are sealed, so each is opened, and compared in the same time whatever it is.
func (c *Commands) contactsAt(r store.Reader, via muster.ConnectorName, from string) (out []muster.Contact, err error) {
	cat := c.Live.Current().Catalog
	everybody, err := r.ContactsOf(nil)
	if err != nil || from == "" {
		return nil, err
	}
	for _, list := range everybody {
		for i := range list {
			if list[i].Connector != via && !backs(cat, list[i].Connector, via) {
				continue
			}
			address, err := c.Address(&list[i])
			if err != nil {
				return nil, err
			}
			if subtle.ConstantTimeCompare([]byte(address), []byte(from)) == 1 {
				out = append(out, list[i])
			}
		}
	}
	return out, nil
}

// pageWithCode finds the newest page of a contact method with a code; one about an alert that is not over goes first.
func (c *Commands) pageWithCode(r store.Reader, via muster.ConnectorName, ct *muster.Contact, code string) (found muster.PageID, err error) {
	pages, err := r.PagesFor(ct.User, store.List{Limit: answerPages})
	if err != nil {
		return "", err
	}
	for _, p := range pages {
		if p.Contact != ct.ID || p.Connector != via || p.StartedAt.IsZero() || r.Now().Sub(p.PlannedAt.Time) > answerLife {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(c.Box.ReplyCode(p.ID)), []byte(code)) != 1 {
			continue
		}
		a, err := r.Alert(p.Alert)
		if err != nil {
			return "", err
		}
		if a.Status != muster.AlertResolved {
			return p.ID, nil
		}
		if found == "" {
			found = p.ID
		}
	}
	return found, nil
}

// wrongCode counts a wrong code of an address and writes it down.
func (c *Call) wrongCode(ref muster.ContactID) error {
	ct, err := c.Contact(ref)
	if err != nil {
		return err
	}
	if ct.WrongSince.IsZero() || c.Now().Sub(ct.WrongSince.Time) >= wrongCodesFor {
		ct.WrongCodes, ct.WrongSince = 0, c.Now()
	}
	if ct.WrongCodes++; ct.WrongCodes > maxWrongCodes {
		return nil
	}
	if err := c.UpdateContact(ct); err != nil {
		return err
	}
	return c.audit("wrong reply code", string(ct.User), map[string]string{"method": ct.Method, "try": fmt.Sprint(ct.WrongCodes)})
}
