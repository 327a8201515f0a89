package query

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/lifecycle"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
	"github.com/muster-oncall/muster/internal/store"
)

// Deps is what the application hands in.
type Deps struct {
	Store store.DB
	Live  *catalog.Live

	Version string // of this process, to be shown

	Records   store.ReadDB  // for what reads the whole database at once; nil: Store
	Watching  func() Watch  // what the auditor knows; nil: there is none
	LedgerKey func() string // public key of the ledger's checkpoints; nil: that of the first checkpoint is taken

	Parse muster.SignalParser // reads what sources send; nil: nothing can be tried
}

// Queries answers questions. Make it with New; it is safe for concurrent use.
type Queries struct {
	Deps
	ops       []muster.Op
	reference func() *rota.Zones // made when somebody asks first: most never do
	planning  chan struct{}      // holds one place for each plan that may be made at a time
}

// New returns the queries over a store. The catalog must have been loaded before the first question.
func New(d Deps) *Queries {
	q := &Queries{Deps: d, reference: sync.OnceValue(rota.ReferenceZones), planning: make(chan struct{}, maxPlanning)}
	q.ops = slices.Concat(q.table(), q.calendarTable(), q.ledgerTable(), q.callSheetTable(), q.mappingTable())
	return q
}

// Viewer is who looks at a screen. The zero value is a stranger in UTC, who sees what a viewer sees.
type Viewer struct {
	Actor muster.Actor
	Zone  *time.Location // in which sentences tell the time; nil: UTC
}

// Catalog is the newest catalog that this node knows, for choices in forms. Nobody may change it.
func (q *Queries) Catalog() *muster.Catalog { return q.Live.Current().Catalog }

// Zone is the time zone of a person, UTC for everybody else.
func (q *Queries) Zone(u muster.UserName) *time.Location {
	s := q.Live.Current()
	if d := s.Catalog.Users[u]; d != nil {
		if z, err := s.Zones.Load(d.Zone); err == nil {
			return z
		}
	}
	return time.UTC
}

// read is one question: a read transaction, who asks, and the catalog that it is answered with.
type read struct {
	store.Reader
	who  Viewer
	snap *plan.Snapshot
	cat  *muster.Catalog

	contacts plan.Contacts // of those whom contactsOf has read
	warn     *warner       // what the warnings of the last window needed
}

// maxReload bounds how often a question is asked again because the catalog moved on.
const maxReload = 4

// ask answers a question on one snapshot of the store, with a catalog that is not older than it.
func ask[Out any](ctx context.Context, q *Queries, who Viewer, fn func(*read) (Out, error)) (Out, error) {
	snap := q.Live.Current()
	for try := 0; ; try++ {
		var out Out
		var newer muster.Revision
		err := q.Store.Read(ctx, func(r store.Reader) error {
			head, err := r.Head()
			if err != nil {
				return err
			}
			if (snap == nil || head > snap.Catalog.Revision) && try < maxReload {
				newer = head
				return nil
			}
			out, err = fn(&read{Reader: r, who: who, snap: snap, cat: snap.Catalog})
			return err
		})
		if err != nil || newer == 0 && snap != nil {
			return out, err
		}
		// Outside of the transaction: loading takes a transaction of its own.
		if snap, err = q.Live.At(ctx, newer); err != nil {
			var zero Out
			return zero, err
		}
	}
}

// do answers a question of the table.
func do[In, Out any](ctx context.Context, q *Queries, a muster.Actor, in In, fn func(*read, In) (Out, error)) (Out, error) {
	return ask(ctx, q, Viewer{Actor: a}, func(r *read) (Out, error) { return fn(r, in) })
}

// contactsOf reads the contact facts of people, once for each.
func (r *read) contactsOf(people []muster.UserName) (plan.Contacts, error) {
	if r.contacts == nil {
		r.contacts = plan.Contacts{}
	}
	var need []muster.UserName
	for _, u := range people {
		if _, known := r.contacts[u]; !known {
			need = append(need, u)
			r.contacts[u] = nil
		}
	}
	if len(need) == 0 {
		return r.contacts, nil
	}
	got, err := r.ContactsOf(need)
	for u, list := range got {
		for _, c := range list {
			r.contacts[u] = append(r.contacts[u], fact(c))
		}
	}
	return r.contacts, err
}

// everybody reads the contact facts of all.
func everybody(r store.ContactReader) (plan.Contacts, error) {
	got, err := r.ContactsOf(nil)
	out := plan.Contacts{}
	for u, list := range got {
		for _, c := range list {
			out[u] = append(out[u], fact(c))
		}
	}
	return out, err
}

func fact(c muster.Contact) muster.ContactFact {
	return muster.ContactFact{ID: c.ID, Method: c.Method, Connector: c.Connector, Hint: c.Hint, Verified: !c.VerifiedAt.IsZero()}
}

// facts gathers what lifecycle needs to answer the five questions.
func (r *read) facts(inc *muster.Incident) (lifecycle.Facts, []*muster.Alert, error) {
	f := lifecycle.Facts{Person: r.cat.DisplayName, Source: r.sourceTitle, Zone: r.who.Zone}
	alerts, err := r.Alerts(store.AlertFilter{Incident: inc.ID, List: store.List{Limit: maxLimit}})
	if err != nil {
		return f, nil, err
	}
	f.Alerts = flat(alerts)
	f.Aware, err = r.Awareness(inc.ID)
	return f, alerts, err
}

func (r *read) sourceTitle(s muster.SourceName) string {
	if d := r.cat.Sources[s]; d != nil && d.Title != "" {
		return d.Title
	}
	return string(s)
}

// person is somebody with the name to show.
func (r *read) person(u muster.UserName) plan.Person {
	return plan.Person{ID: u, Name: r.cat.DisplayName(u)}
}

func flat[T any](in []*T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = *v
	}
	return out
}

// some gives an empty list for none: lists of answers are never null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
