package query_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/freshdb"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

// The clock of a bubble begins on Saturday, 1 January 2000, at midnight UTC.
const documents = `
kind: user
name: ana
display: Ana
zone: Europe/Berlin
access: admin
---
kind: user
name: noor
display: Noor
zone: UTC
teams: [storefront]
---
kind: user
name: tom
display: Tom
zone: UTC
---
kind: user
name: vic
display: Vic
zone: UTC
access: viewer
---
kind: team
name: storefront
title: Storefront
owners: [noor]
---
kind: connector
name: phone
type: demo-phone
---
kind: roster
name: storefront
title: Storefront
team: storefront
rotations:
  - {name: days, role: primary, zone: UTC, every: 1, unit: day, handoff: "12:00", start: "1999-12-31", people: [noor, tom]}
  - {name: second, role: secondary, zone: UTC, every: 1, unit: week, handoff: "09:00", start: "1999-12-27", people: [tom]}
---
kind: policy
name: storefront
title: Storefront urgent
team: storefront
ack_timeout: 1h
steps:
  - {wait: 5m, targets: [{roster: storefront}]}
  - {wait: 10m, targets: [{user: tom}]}
---
kind: runbook
name: cart
title: When the cart fails
text: Look at the database first.
---
kind: service
name: cart
title: Shopping cart
team: storefront
policy: storefront
runbook: cart
---
kind: statuspage
name: shop
title: Tailwind Traders
audience: public
components: [{name: cart, title: Shopping cart, service: cart}]
---
kind: statuspage
name: inside
title: Inside
audience: organisation
components: [{name: cart, title: Cart, service: cart}]
---
kind: source
name: monitor
title: The monitor
team: storefront
---
kind: source
name: form
title: The form
triage: true
---
kind: route
name: default
policy: storefront
`

// world is a store with commands and queries over it.
type world struct {
	*testing.T
	db  *sqlstore.DB
	cmd *command.Commands
	q   *query.Queries
}

func as(user muster.UserName, access muster.AccessRole) muster.Actor {
	return muster.Actor{User: user, Name: strings.ToUpper(string(user[:1])) + string(user[1:]), Access: access, Surface: muster.SurfaceAPI}
}

func admin() muster.Actor { return as("ana", muster.AccessAdmin) }
func noor() muster.Actor {
	a := as("noor", muster.AccessTeamOwner)
	a.Teams = []muster.TeamName{"storefront"}
	return a
}
func tom() muster.Actor  { return as("tom", muster.AccessResponder) }
func vic() muster.Actor  { return as("vic", muster.AccessViewer) }
func view() query.Viewer { return query.Viewer{Actor: vic()} }

// inWorld runs a story in a bubble, on SQLite.
func inWorld(t *testing.T, story func(t *testing.T, w *world)) {
	t.Helper()
	dir := t.TempDir()
	freshdb.SQLite(t, filepath.Join(dir, "muster.db"))
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t}
		var err error
		if w.db, err = sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(dir, "muster.db"), sqlstore.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))}); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := w.db.Close(); err != nil {
				t.Error(err)
			}
		}()
		box, err := seal.FromText(strings.Repeat("ab", 32))
		if err != nil {
			t.Fatal(err)
		}
		live := catalog.NewLive(func(ctx context.Context, rev muster.Revision) (*muster.Catalog, error) {
			return command.CatalogAt(ctx, w.db, rev)
		})
		w.cmd = command.New(command.Deps{
			Store: w.db, IDs: muster.NewIDs(rand.Reader), Live: live, Box: box, Pass: seal.NewPassphrases(1), Node: "one",
			CheckConnector: func(*muster.Connector) []muster.FieldError { return nil }, Parse: parse,
			AddressCheck: func(_, a string) (string, string, error) { return a, "···" + a[max(0, len(a)-2):], nil },
		})
		if err := w.cmd.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.q = query.New(query.Deps{Store: w.db, Live: live, Parse: parse})
		w.apply(documents)
		for _, u := range []muster.UserName{"ana", "noor", "tom"} {
			act[*muster.Contact](w, admin(), "AddContact", command.AddContact{User: u, Method: "phone", Connector: "phone", Address: "demo:" + string(u)})
		}
		story(t, w)
	})
}

func (w *world) apply(docs string) {
	w.Helper()
	act[*command.Applied](w, admin(), "ApplyDocuments", command.ApplyDocuments{Documents: docs, Why: "test"})
	if err := w.cmd.Load(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// act runs an operation.
func act[Out, In any](w *world, a muster.Actor, name string, in In) Out {
	w.Helper()
	out, err := command.Run[In, Out](w.Context(), w.cmd, name, a, in)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	return out
}

// asks asks a question of the table.
func asks[Out, In any](w *world, a muster.Actor, name string, in In) Out {
	w.Helper()
	out, err := query.Run[In, Out](w.Context(), w.q, name, a, in)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	return out
}

// refuses asks a question that must be refused with a code.
func refuses[Out, In any](w *world, a muster.Actor, name string, in In, code muster.Code) {
	w.Helper()
	_, err := query.Run[In, Out](w.Context(), w.q, name, a, in)
	if muster.CodeOf(err) != code {
		w.Errorf("%s(%+v) gives %v, want %s", name, in, err, code)
	}
}

// fires sends a signal.
func (w *world) fires(source muster.SourceName, key string) muster.AlertID {
	w.Helper()
	res, err := w.cmd.ReceiveSignals(w.Context(), command.ReceiveSignals{Source: source, Format: "generic", Raw: []byte("{}"), Signals: []muster.Signal{{
		Key: key, State: muster.SignalFiring, Title: "The cart refuses " + key, Severity: muster.SeverityCritical, Service: "cart", Identity: []string{key},
	}}})
	if err != nil {
		w.Fatal(err)
	}
	return res[0].Alert
}

// deliver hands what is due to a phone that accepts everything.
func (w *world) deliver() {
	w.Helper()
	time.Sleep(31 * time.Second) // past the lease of what was planned for now
	ds, err := w.cmd.ClaimDeliveries(w.Context(), 100)
	if err != nil {
		w.Fatal(err)
	}
	for _, d := range ds {
		s, ok, err := w.cmd.StartDelivery(w.Context(), d, nil)
		if err != nil {
			w.Fatal(err)
		}
		if !ok {
			continue
		}
		if err := w.cmd.FinishDelivery(w.Context(), command.DeliveryResult{Delivery: s.Delivery, Page: s.Page, Accepted: true, At: time.Now()}); err != nil {
			w.Fatal(err)
		}
	}
}

// pass lets time pass and lets the timers that are due happen.
func (w *world) pass(d time.Duration) {
	w.Helper()
	time.Sleep(d)
	var due []muster.Timer
	err := w.db.Read(w.Context(), func(r store.Reader) (err error) {
		due, err = r.DueTimers(r.Now(), 100)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	for _, t := range due {
		if err := w.cmd.FireTimer(w.Context(), t.ID); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) next(id muster.AlertID) query.Next {
	w.Helper()
	a, err := w.q.Alert(w.Context(), view(), id)
	if err != nil {
		w.Fatal(err)
	}
	return a.Next
}

func texts(list []muster.Reason) string {
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "%s\t%s@%d\t%s\n", r.Kind, r.Ref, r.Revision, r.Text)
	}
	return b.String()
}
