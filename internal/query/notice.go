package query

import (
	"context"
	"slices"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// ListNotices asks for what one was told oneself.
type ListNotices struct {
	Unseen bool   `json:"unseen,omitempty" query:"unseen" doc:"only those that are not marked as seen"`
	Limit  int    `json:"limit,omitempty" query:"limit" doc:"at most so many: 50 when empty, 200 at most"`
	Cursor string `json:"cursor,omitempty" query:"cursor" doc:"next of the page before"`
}

func (r *read) notices(in ListNotices) (out muster.Listing[*muster.Notice], err error) {
	p, err := pageOf[muster.NoticeID](in.Limit, in.Cursor)
	if err != nil {
		return out, err
	}
	u := r.who.Actor.User
	if u == "" {
		return whole[*muster.Notice](nil), nil // whoever is no person was told nothing
	}
	rows, err := r.Notices(store.NoticeFilter{Person: u, Unseen: in.Unseen, List: p.list()})
	if err != nil {
		return out, err
	}
	return muster.ListingOf(rows, p.limit, func(n *muster.Notice) string { return string(n.ID) }), nil
}

// Notices lists what the viewer was told, newest first.
func (q *Queries) Notices(ctx context.Context, who Viewer, in ListNotices) (muster.Listing[*muster.Notice], error) {
	return ask(ctx, q, who, func(r *read) (muster.Listing[*muster.Notice], error) { return r.notices(in) })
}

// Notice reads one notice of the viewer; that of somebody else is not found.
func (q *Queries) Notice(ctx context.Context, who Viewer, id muster.NoticeID) (*muster.Notice, error) {
	return ask(ctx, q, who, func(r *read) (*muster.Notice, error) {
		n, err := r.Reader.Notice(id)
		if err == nil && (n.Person == "" || n.Person != who.Actor.User) {
			return nil, muster.Errorf(muster.ErrNotFound, "You have no such notice.")
		}
		return n, err
	})
}

// Unseen counts what the viewer was told and has not seen.
func (q *Queries) Unseen(ctx context.Context, who Viewer) (n int, err error) {
	if who.Actor.User == "" {
		return 0, nil
	}
	err = q.Store.Read(ctx, func(r store.Reader) error {
		n, err = r.CountUnseen(who.Actor.User)
		return err
	})
	return n, err
}

// ContactTest is what the link in the test of a contact method shows.
type ContactTest struct {
	Notice  *muster.Notice
	Name    string          // whose contact method it is
	Contact *muster.Contact // without the address; nil when it was removed
	Used    bool            // this link was pressed already, or that of a later test
}

// ContactTest reads a test for whoever has its link. That they may see it is for the caller to have checked, by the link's
// own token: the viewer need not be signed in.
func (q *Queries) ContactTest(ctx context.Context, who Viewer, id muster.NoticeID) (*ContactTest, error) {
	return ask(ctx, q, who, func(r *read) (*ContactTest, error) {
		n, err := r.Reader.Notice(id)
		if err == nil && !n.Kind.Tries() || muster.CodeOf(err) == muster.ErrNotFound {
			return nil, muster.Errorf(muster.ErrNotFound, "This test is too old. Send another one from your own page in Settings.")
		}
		if err != nil {
			return nil, err
		}
		out := &ContactTest{Notice: n, Name: r.cat.DisplayName(n.Person)}
		ct, err := r.Contact(muster.ContactID(n.Ref))
		if muster.CodeOf(err) == muster.ErrNotFound {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		ct.Sealed = nil
		out.Contact, out.Used = ct, !ct.LastProved.Before(n.At.Time)
		return out, nil
	})
}

// phoneNotices are the newest notices that were sent to a person's phone.
func (r *read) phoneNotices(u muster.UserName, contacts []muster.ContactFact, kind string) (out []*muster.Notice, err error) {
	list, err := r.Notices(store.NoticeFilter{Person: u, List: store.List{Limit: 20}})
	for _, n := range list {
		sent := slices.ContainsFunc(contacts, func(c muster.ContactFact) bool { return c.ID == n.SentBy && r.isKind(c.Connector, kind) })
		if sent && len(out) < 4 {
			out = append(out, n)
		}
	}
	return out, err
}
