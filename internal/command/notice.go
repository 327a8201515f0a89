package command

import (
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// noticeRef begins the Ref of a delivery that sends a notice; its identifier follows.
const noticeRef = "notice/"

// notify tells a person something that needs no acknowledgement. The caller fills in Person, Kind, Title, Text, URL, Ref
// and Key; the rest is set here. A key that the person was told already, and a person who has left, are nothing to do.
//
// The notice shows in the web, and goes by one contact method: that of the person's first rule for low urgency which can
// be used, else the first verified one; never by one that is for pages alone. Whoever has none sees it in the web alone, and so does who was sent many such.
func (c *Call) notify(n muster.Notice) error {
	u := c.Snap.Catalog.Users[n.Person]
	if u == nil || u.Disabled {
		return nil
	}
	contacts, err := c.ContactsOf([]muster.UserName{n.Person})
	if err != nil {
		return err
	}
	by := c.quietMethod(u, contacts[n.Person])
	if by == nil {
		return c.tell(n, nil)
	}
	sent, err := c.sentLately(n.Person, n.Kind)
	switch {
	case err != nil:
		return err
	case sent >= noticesSent:
		by = nil
	case sent == noticesSent-1:
		n.Text += "\nMore of this kind is not sent for a while: it is in Muster."
	}
	return c.tell(n, by)
}

// noticesSent is how many notices of one kind are sent to a person within noticesWithin. Others show in the web alone: who
// asks and withdraws again and again fills nobody's phone.
const (
	noticesSent   = 20
	noticesWithin = time.Hour
)

// sentLately counts the notices of a kind that were sent to a person, as far as it matters.
func (c *Call) sentLately(u muster.UserName, kind muster.NoticeKind) (n int, err error) {
	list, err := c.Notices(store.NoticeFilter{Person: u, Since: c.Now().Plus(-noticesWithin), List: store.List{Limit: 10 * noticesSent}})
	for _, o := range list {
		if o.Kind == kind && o.SentBy != "" {
			n++
		}
	}
	if len(list) == 10*noticesSent { // so many that the oldest were not read
		n = max(n, noticesSent)
	}
	return n, err
}

// Notify tells a person something, as the operations do.
func (b *Batch) Notify(n muster.Notice) error { return b.notify(n) }

// tell writes a notice, and its delivery by a contact method; nil sends nothing.
func (c *Call) tell(n muster.Notice, by *muster.Contact) error {
	n.Tidy()
	if err := muster.Invalid("The notice cannot be told", n.Validate()); err != nil {
		return err
	}
	n.ID, n.At, n.SeenAt, n.SentBy = id[muster.NoticeID](c), c.Now(), muster.Instant{}, ""
	if by != nil {
		n.SentBy = by.ID
	}
	told, err := c.InsertNotice(&n)
	if err != nil || !told {
		return err
	}
	c.emitNotices(n.Person)
	if by == nil {
		return nil
	}
	c.Emit(store.Event{Topic: "pages", Parts: []string{"page"}}) // the phones in the browser
	d := &muster.Delivery{
		ID: id[muster.DeliveryID](c), Kind: muster.DeliverNotification, Connector: by.Connector, Ref: noticeRef + string(n.ID),
		State: muster.DeliveryPlanned, DueAt: c.Now(), CreatedAt: c.Now(),
	}
	c.leaseIfDue(d)
	if err := c.InsertDeliveries([]*muster.Delivery{d}); err != nil {
		return err
	}
	c.emitDelivery(d, nil)
	return nil
}

// quietMethod is the contact method by which a person is told what is not urgent, nil when none can be used.
func (c *Call) quietMethod(u *muster.User, list []muster.Contact) *muster.Contact {
	usable := func(ct muster.Contact) bool {
		conn := c.Snap.Catalog.Connectors[ct.Connector]
		return !ct.VerifiedAt.IsZero() && conn != nil && !c.does(conn).PagesOnly
	}
	for _, r := range u.Notify {
		if r.Urgency == muster.UrgencyHigh {
			continue
		}
		if i := slices.IndexFunc(list, func(ct muster.Contact) bool { return ct.Method == r.Method && usable(ct) }); i >= 0 {
			return &list[i]
		}
	}
	if i := slices.IndexFunc(list, usable); i >= 0 {
		return &list[i]
	}
	return nil
}

// wantedNotice reads what the delivery of a notice needs, and says why it is not wanted any more.
func (c *Call) wantedNotice(id muster.NoticeID) (s Started, not unwanted, err error) {
	n, err := c.Notice(id)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return s, unwanted{why: "the notice was removed"}, nil
	}
	if err != nil {
		return s, not, err
	}
	if u := c.Snap.Catalog.Users[n.Person]; u == nil || u.Disabled {
		return s, unwanted{why: c.Snap.Catalog.DisplayName(n.Person) + " has left"}, nil
	}
	if !n.SeenAt.IsZero() && !n.Kind.Tries() {
		return s, unwanted{why: "seen already"}, nil
	}
	ct, err := c.Contact(n.SentBy)
	if muster.CodeOf(err) == muster.ErrNotFound {
		return s, unwanted{why: "the contact method was removed"}, nil
	}
	s.Notice, s.Contact = n, ct
	return s, not, err
}

// emitNotices tells the person's own screens that there is something new for them, or that it was seen.
func (c *Call) emitNotices(u muster.UserName) {
	c.Emit(store.Event{Topic: NoticeTopic(u), Parts: []string{NoticePart}})
}

// NoticePart is the part of a screen that shows how much there is for a person.
const NoticePart = "bell"

// NoticeTopic is where a person's screens hear of their notices.
func NoticeTopic(u muster.UserName) string { return "notices:" + string(u) }

// OneNotice names a notice of one's own.
type OneNotice struct {
	Notice muster.NoticeID `json:"notice" path:"notice" arg:"1" doc:"the notice's ID"`
}

// markNotice marks one notice as seen. Somebody else's is not found: nobody learns what others are told.
func (c *Call) markNotice(in OneNotice) (*muster.Notice, error) {
	n, err := c.Notice(in.Notice)
	if err == nil && (n.Person != c.Actor.User || n.Person == "") {
		err = muster.Errorf(muster.ErrNotFound, "You have no notice %q.", muster.Clip(string(in.Notice), 60))
	}
	if err != nil || !n.SeenAt.IsZero() {
		return n, err
	}
	if _, err := c.SeeNotices(n.Person, c.Now(), n.ID); err != nil {
		return nil, err
	}
	n.SeenAt = c.Now()
	c.emitNotices(n.Person)
	return n, nil
}

// markNotices marks everything as seen that one was told so far.
func (c *Call) markNotices(muster.Nothing) (muster.Nothing, error) {
	if c.Actor.User == "" {
		return muster.Nothing{}, nil // whoever is no person was told nothing
	}
	n, err := c.SeeNotices(c.Actor.User, c.Now())
	if n > 0 {
		c.emitNotices(c.Actor.User)
	}
	return muster.Nothing{}, err
}
