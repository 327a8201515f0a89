package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// AddContact adds a contact method of a person.
type AddContact struct {
	User      muster.UserName      `json:"user" path:"user" arg:"1" doc:"whose"`
	Method    string               `json:"method" arg:"2" doc:"its name: phone, mail"`
	Connector muster.ConnectorName `json:"connector" arg:"3" doc:"the connector that reaches it"`
	Address   string               `json:"address,omitempty" arg:"4" doc:"e-mail address, URL, number"`
	Verified  bool                 `json:"verified,omitempty" doc:"it is known to reach them: pages go there without a test; for admins, and in the security log"`
}

// contactAbout binds a sealed address to its row.
func contactAbout(id muster.ContactID) string { return "contact/" + string(id) + "/address" }

// addContact adds a method. It is verified when the person answers a test (see testContact), whoever added it: a page at a
// mistyped number would reach a stranger, with a link that acknowledges. At once are a phone that Muster has itself, and what
// an admin answers for.
func (c *Call) addContact(in AddContact) (*muster.Contact, error) {
	if err := c.selfOrAdmin(in.User); err != nil {
		return nil, err
	}
	if in.Verified && c.Actor.Access != muster.AccessAdmin {
		return nil, muster.Errorf(muster.ErrForbidden, "Only an admin may say that an address is verified. Add it without that, and answer its test.")
	}
	conn := c.Snap.Catalog.Connectors[in.Connector]
	if conn == nil {
		return nil, muster.Errorf(muster.ErrInvalid, "There is no connector called %q.", in.Connector)
	}
	if c.Snap.Catalog.Users[in.User] == nil {
		return nil, muster.Errorf(muster.ErrNotFound, "There is no person called %q.", in.User)
	}
	if len(muster.CheckName(in.Method)) > 0 {
		return nil, muster.Invalid("The contact method is not right", []muster.FieldError{{Path: "method", Message: "use lower-case letters, digits and hyphens: phone"}})
	}
	tidy, hint, err := c.AddressCheck(conn.Kind, in.Address)
	if err != nil {
		return nil, muster.Invalid("The contact method is not right", []muster.FieldError{{Path: "address", Message: muster.MessageOf(err)}})
	}
	have, err := c.ContactsOf([]muster.UserName{in.User})
	if err != nil {
		return nil, err
	}
	if len(have[in.User]) >= 10 {
		return nil, muster.Errorf(muster.ErrConflict, "%s has ten contact methods already: remove one first.", in.User)
	}
	for _, h := range have[in.User] {
		if h.Method == in.Method {
			return nil, muster.Errorf(muster.ErrConflict, "%s has a contact method called %q already.", in.User, in.Method)
		}
	}
	ct := &muster.Contact{ID: id[muster.ContactID](c), User: in.User, Method: in.Method, Connector: in.Connector, Hint: hint, CreatedAt: c.Now()}
	facts := map[string]string{"method": in.Method, "hint": hint}
	if in.Verified {
		facts["verified"] = "without a test"
	}
	if conn.Kind == "demo-phone" || in.Verified {
		ct.VerifiedAt = c.Now()
	}
	ct.Sealed = c.Box.Seal([]byte(tidy), contactAbout(ct.ID))
	if err := c.InsertContact(ct); err != nil {
		return nil, err
	}
	return ct, c.audit("add contact", string(in.User), facts)
}

func (c *Call) selfOrAdmin(u muster.UserName) error {
	if c.Actor.User == u || c.Actor.Access == muster.AccessAdmin {
		return nil
	}
	return muster.Errorf(muster.ErrForbidden, "Only %s or an admin may change these contact methods.", u)
}

// OneContact names a contact method.
type OneContact struct {
	Contact muster.ContactID `json:"contact" path:"contact" arg:"1" doc:"the contact method's ID"`
}

// RemoveContact removes a contact method.
type RemoveContact struct {
	Contact muster.ContactID `json:"contact" path:"contact" arg:"1" doc:"the contact method's ID"`
	Accept  string           `json:"accept,omitempty" doc:"reaches-nobody: remove it even if somebody would not be paged any more"`
}

// removeContact removes a method. That changes who can be reached, so it passes the gate as documents do; and whoever has
// none left by which they can be paged is told.
func (c *Call) removeContact(in RemoveContact) (muster.Nothing, error) {
	ct, err := c.Contact(in.Contact)
	if err != nil {
		return muster.Nothing{}, err
	}
	if err := c.selfOrAdmin(ct.User); err != nil {
		return muster.Nothing{}, err
	}
	have, err := c.ContactsOf([]muster.UserName{ct.User})
	if err != nil {
		return muster.Nothing{}, err
	}
	left := slices.DeleteFunc(have[ct.User], func(o muster.Contact) bool { return o.ID == ct.ID })
	u := c.Snap.Catalog.Users[ct.User]
	facts := map[string]string{"method": ct.Method}
	last := u != nil && !u.Disabled && c.usable(ct) && !slices.ContainsFunc(left, func(o muster.Contact) bool { return c.usable(&o) })
	if last {
		call, err := c.accepting(in.Accept)
		if err != nil {
			return muster.Nothing{}, err
		}
		call.consent.what = "add another contact method first, or let others take the shifts"
		v, accepted, err := call.passWithout(ct, left)
		if err != nil {
			return muster.Nothing{}, err
		}
		if accepted != "" {
			facts["accepted"] = accepted
			if err := c.tellUnreachable(ct, v); err != nil {
				return muster.Nothing{}, err
			}
		}
	}
	if err := c.DeleteContact(ct.ID); err != nil {
		return muster.Nothing{}, err
	}
	if err := c.SetMeta(muster.TriedKey(ct.ID), ""); err != nil {
		return muster.Nothing{}, err
	}
	if last {
		if err := c.warnUnreachable(ct); err != nil {
			return muster.Nothing{}, err
		}
	}
	return muster.Nothing{}, c.audit("remove contact", string(ct.User), facts)
}

// usable reports whether a contact method can be used for pages.
func (c *Call) usable(ct *muster.Contact) bool {
	return !ct.VerifiedAt.IsZero() && c.Snap.Catalog.Connectors[ct.Connector] != nil
}

// warnUnreachable tells a person that nothing is left by which they can be paged. It shows in the web alone.
func (c *Call) warnUnreachable(ct *muster.Contact) error {
	return c.notify(muster.Notice{
		Person: ct.User, Kind: muster.NoticeUnreachable, Ref: string(ct.ID), Key: "unreachable/" + string(ct.ID),
		Title: "You cannot be paged any more",
		Text:  fmt.Sprintf("%s was the last contact method that reaches you. Add and verify another one, or nobody can call you when you are on call.", ct.Method),
		URL:   "/settings/people/" + string(ct.User),
	})
}

// tellUnreachable tells those who own what now reaches nobody: they are the second person of a change that asks for no
// approval, because an address belongs to its person.
func (c *Call) tellUnreachable(ct *muster.Contact, v *verdict) error {
	cat := c.Snap.Catalog
	told := []muster.UserName{ct.User, c.Actor.User}
	for _, l := range v.consequences.Lost {
		p := cat.Policies[l.Policy]
		if p == nil || cat.Teams[p.Team] == nil {
			continue
		}
		for _, u := range cat.Teams[p.Team].Owners {
			if slices.Contains(told, u) {
				continue
			}
			told = append(told, u)
			if err := c.notify(muster.Notice{
				Person: u, Kind: muster.NoticeUnreachable, Ref: string(ct.ID), Key: "unreachable/" + string(ct.ID),
				Title: cat.DisplayName(ct.User) + " cannot be paged any more",
				Text:  fmt.Sprintf("%s removed the last contact method that reached %s. %s", cmp.Or(c.Actor.Name, "Somebody"), cat.DisplayName(ct.User), v.dangers()[0]),
				URL:   "/oncall",
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// How many tests may be asked for within an hour: of one contact method, and of all of a person's, removed ones too, so
// that nobody writes to strangers by adding and removing their addresses.
const (
	testsEvery    = time.Hour
	testsOfOne    = 5
	testsOfPerson = 15
)

// testContact sends a message with a link to a contact method. Whoever opens the link and presses the button there proves
// that the method reaches them: see [Commands.ProveContact].
func (c *Call) testContact(in OneContact) (muster.Nothing, error) {
	ct, err := c.Contact(in.Contact)
	if err != nil {
		return muster.Nothing{}, err
	}
	if err := c.selfOrAdmin(ct.User); err != nil {
		return muster.Nothing{}, err
	}
	name := c.Snap.Catalog.DisplayName(ct.User)
	if u := c.Snap.Catalog.Users[ct.User]; u == nil || u.Disabled {
		return muster.Nothing{}, muster.Errorf(muster.ErrConflict, "%s has left: nothing is sent to their contact methods.", name)
	}
	if c.Snap.Catalog.Connectors[ct.Connector] == nil {
		return muster.Nothing{}, muster.Errorf(muster.ErrConflict, "The connector %q is gone: remove this contact method and add it with another one.", ct.Connector)
	}
	if err := c.limitTests(ct); err != nil {
		return muster.Nothing{}, err
	}
	text := fmt.Sprintf("%s tries out the contact method %s (%s) of %s. ", cmp.Or(c.Actor.Name, "Somebody"), ct.Method, ct.Hint, name) +
		"If you can read this there, open the link in it and press the button: Muster then knows that it reaches you. If you did not expect this, do nothing."
	err = c.tell(muster.Notice{
		Person: ct.User, Kind: muster.NoticeContactTest, Title: "Muster: a test of " + ct.Method, Text: text,
		URL: "/settings/people/" + string(ct.User), Ref: string(ct.ID), Key: "contact_test/" + string(ct.ID) + "/" + c.IDs.Token(8),
	}, ct)
	if err != nil {
		return muster.Nothing{}, err
	}
	c.record(muster.LedgerEvent{Kind: muster.LedgerPlanned, Person: ct.User, Method: ct.Method, Connector: ct.Connector, Ref: string(ct.ID), Why: "a test of the contact method"})
	return muster.Nothing{}, c.audit("test contact", string(ct.User), map[string]string{"method": ct.Method})
}

func (c *Call) limitTests(ct *muster.Contact) error {
	since := c.Now().Plus(-testsEvery)
	recent, err := c.Notices(store.NoticeFilter{Person: ct.User, Since: since})
	if err != nil {
		return err
	}
	var one, all []muster.Instant // newest first
	for _, n := range recent {
		if n.Kind != muster.NoticeContactTest || !n.At.After(since.Time) {
			continue
		}
		all = append(all, n.At)
		if n.Ref == string(ct.ID) {
			one = append(one, n.At)
		}
	}
	wait := time.Duration(0)
	if len(one) >= testsOfOne {
		wait = one[testsOfOne-1].Plus(testsEvery).Sub(c.Now().Time)
	}
	if len(all) >= testsOfPerson {
		wait = max(wait, all[testsOfPerson-1].Plus(testsEvery).Sub(c.Now().Time))
	}
	if wait <= 0 {
		return nil
	}
	minutes := (wait + time.Minute - 1) / time.Minute
	e := muster.Errorf(muster.ErrRateLimited, "This was tried often within the last hour. Try again in %d min, and look meanwhile at the connector's last deliveries.", minutes)
	e.RetryAfter = wait
	return e
}

// ProveContact verifies the contact method that a test was sent to: its person opened the link and pressed the button. The
// link works once; pressed again, or after a later test was answered, it changes nothing.
func (c *Commands) ProveContact(ctx context.Context, actor muster.Actor, test muster.NoticeID) (ct *muster.Contact, err error) {
	err = c.do(ctx, "ProveContact", actor, func(call *Call) error {
		n, err := call.Notice(test)
		if muster.CodeOf(err) == muster.ErrNotFound {
			return muster.Errorf(muster.ErrNotFound, "This test is too old. Send another one from your own page in Settings.")
		}
		if err != nil {
			return err
		}
		if !n.Kind.Tries() || n.Person != actor.User {
			return muster.Errorf(muster.ErrForbidden, "This link is for somebody else.")
		}
		ct, err = call.Contact(muster.ContactID(n.Ref))
		if muster.CodeOf(err) == muster.ErrNotFound {
			return muster.Errorf(muster.ErrNotFound, "The contact method was removed. Add it again to use it.")
		}
		if err != nil || !ct.LastProved.Before(n.At.Time) {
			return err
		}
		ct.LastProved = call.Now()
		if ct.VerifiedAt.IsZero() {
			ct.VerifiedAt = call.Now()
		}
		if err := call.UpdateContact(ct); err != nil {
			return err
		}
		if _, err := call.SeeNotices(n.Person, call.Now(), n.ID); err != nil {
			return err
		}
		call.emitNotices(n.Person)
		call.record(muster.LedgerEvent{Kind: muster.LedgerOpened, Person: ct.User, Method: ct.Method, Connector: ct.Connector, Ref: string(ct.ID), Why: "the test of the contact method was answered"})
		return call.audit("verify contact", string(ct.User), map[string]string{"method": ct.Method})
	})
	return ct, err
}

// AnswerTest does what somebody answered at the own address of a test of a contact method: a telephone on which the key was
// pressed reaches its person. What the provider alone tells proves nothing here. The text is for who answered.
func (c *Commands) AnswerTest(ctx context.Context, via muster.ConnectorName, test muster.NoticeID, answers []muster.PageAnswer) (text string, err error) {
	for _, a := range answers {
		switch a.Kind {
		case muster.AnswerAcknowledge:
			actor, err := c.testedBy(ctx, via, test)
			if err == nil {
				_, err = c.ProveContact(ctx, actor, test)
			}
			switch muster.CodeOf(err) {
			case "":
				text = "Thank you. Muster knows now that it reaches you here."
			case muster.ErrConflict, muster.ErrNotFound, muster.ErrInvalid:
				text = muster.MessageOf(err)
			default:
				return "", err
			}
		case muster.AnswerUnclear, muster.AnswerResolve, muster.AnswerEscalate:
			text = "Press 4 to confirm that this is yours."
		case muster.AnswerOpened, muster.AnswerReceived, muster.AnswerFailed:
		}
	}
	return text, nil
}

// testedBy is the person whose contact method is tried out, when it was the connector that sent the test.
func (c *Commands) testedBy(ctx context.Context, via muster.ConnectorName, test muster.NoticeID) (muster.Actor, error) {
	var n *muster.Notice
	err := c.Store.Read(ctx, func(r store.Reader) (err error) {
		if n, err = r.Notice(test); err != nil {
			return err
		}
		ct, err := r.Contact(n.SentBy)
		if err == nil && ct.Connector != via {
			return muster.Errorf(muster.ErrForbidden, "The test %s was not sent by the connector %s.", test, via)
		}
		return err
	})
	if muster.CodeOf(err) == muster.ErrNotFound {
		return muster.Actor{}, muster.Errorf(muster.ErrNotFound, "This test is too old. Send another one from your own page in Settings.")
	}
	if err != nil {
		return muster.Actor{}, err
	}
	actor, err := c.ActorOf(n.Person, c.surface(via))
	if err != nil {
		return actor, muster.Errorf(muster.ErrForbidden, "This test was for somebody who has left.")
	}
	return actor, nil
}

// Address opens the sealed address of a contact method, for the connector that uses it.
func (c *Commands) Address(ct *muster.Contact) (string, error) {
	b, err := c.Box.Unseal(ct.Sealed, contactAbout(ct.ID))
	if err != nil {
		return "", fmt.Errorf("command: open the address of a contact method: %w", err)
	}
	return string(b), nil
}

// PutSecret stores a secret that connector documents refer to by its name.
type PutSecret struct {
	Name  string `json:"name" path:"name" doc:"the secret's name"`
	Value string `json:"value" raw:"yes" doc:"the secret; it is never shown again"`
}

// secretAbout binds a sealed secret to its name.
func secretAbout(name string) string { return "secret/" + name }

func (c *Call) putSecret(in PutSecret) (muster.Nothing, error) {
	if wrong := muster.CheckName(in.Name); len(wrong) > 0 {
		return muster.Nothing{}, muster.Invalid("The secret cannot be stored", wrong)
	}
	if err := c.Tx.PutSecret(in.Name, c.Box.Seal([]byte(in.Value), secretAbout(in.Name))); err != nil {
		return muster.Nothing{}, err
	}
	c.Emit(store.Event{Topic: "secrets"})
	return muster.Nothing{}, c.audit("put secret", in.Name, nil)
}

// OpenSecret opens a stored secret for a connector.
func (c *Commands) OpenSecret(r store.Reader, name string) (string, error) {
	sealed, err := r.Secret(name)
	if err != nil {
		return "", err
	}
	b, err := c.Box.Unseal(sealed, secretAbout(name))
	if err != nil {
		return "", fmt.Errorf("command: open the secret %s: %w", name, err)
	}
	return string(b), nil
}
