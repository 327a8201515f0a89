package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/engine"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

// openAuditor makes the auditor, with a reader and connectors of its own: it shares none with the engine.
func (a *App) openAuditor(ctx context.Context, dsn string, client *http.Client) (err error) {
	if a.AuditEvery < 0 {
		return nil
	}
	if a.watch, err = sqlstore.OpenReader(ctx, dsn, sqlstore.Options{Log: a.Log}); err != nil {
		return fmt.Errorf("the auditor cannot open the store: %w", err)
	}
	own := &auditorConnectors{a: a, http: client, made: map[muster.ConnectorName]made{}}
	a.Auditor = engine.NewAuditor(engine.AuditorDeps{
		Reader: a.watch, Probe: a.Commands.Probe, Reach: own.reach, HTTP: client, Log: a.Log, Every: a.AuditEvery,
		Tell: func(ctx context.Context, f engine.Finding) error {
			return a.Commands.TellAdmins(ctx, f.Kind, f.Text, f.Since)
		},
		Beat: func(r store.Reader) (engine.Heartbeat, error) {
			h, err := command.ReadHeartbeat(r)
			return engine.Heartbeat{URL: h.URL, Every: h.Every.Std()}, err
		},
	})
	return nil
}

// auditorConnectors are the auditor's. Only its own loop uses them.
type auditorConnectors struct {
	a    *App
	http *http.Client
	made map[muster.ConnectorName]made
}

// perAdmin is how many ways to one admin are kept.
const perAdmin = 3

// reach finds the ways to the admins by the auditor's own reader, and makes what they need.
func (c *auditorConnectors) reach(_ context.Context, r store.Reader) (out []engine.Reachable, err error) {
	cat := c.a.Live.Current().Catalog
	admins := command.Admins(cat)
	contacts, err := r.ContactsOf(admins)
	if err != nil {
		return nil, err
	}
	for _, u := range admins {
		n := 0
		for _, ct := range contacts[u] {
			doc := cat.Connectors[ct.Connector]
			if ct.VerifiedAt.IsZero() || doc == nil || n == perAdmin {
				continue
			}
			conn, err := c.get(cat, doc, r)
			if err != nil {
				c.a.Log.Warn("the auditor cannot use a connector", "connector", doc.Name, "error", err)
				continue
			}
			address, err := c.a.Commands.Address(&ct)
			if err != nil {
				return nil, err
			}
			n++
			out = append(out, engine.Reachable{Person: cat.DisplayName(u), Connector: conn, Address: address})
		}
	}
	return out, nil
}

func (c *auditorConnectors) get(cat *muster.Catalog, doc *muster.Connector, r store.Reader) (connector.Connector, error) {
	rev := cat.RevisionOf(muster.DocRef(muster.KindConnectors, doc.Name))
	if m, ok := c.made[doc.Name]; ok && m.revision == rev && len(doc.Secrets) == 0 {
		return m.conn, nil
	}
	secrets := map[string]string{}
	for setting, stored := range doc.Secrets {
		v, err := c.a.Commands.OpenSecret(r, stored)
		if err != nil {
			return nil, err
		}
		secrets[setting] = v
	}
	conn, err := c.a.connectors.registry.New(doc.Kind, connector.Config{
		Name: doc.Name, Settings: doc.Settings, Secrets: secrets, HTTP: c.http, Dial: c.a.connectors.dial, Log: c.a.Log, Derive: c.a.Box.Derive,
	})
	if err == nil {
		c.made[doc.Name] = made{rev, conn}
	}
	return conn, err
}

// watching is what the auditor knows, for screens.
func (a *App) watching() query.Watch {
	out := query.Watch{Node: a.Commands.Node}
	for _, c := range a.Engine.Circuits() {
		out.Circuits = append(out.Circuits, query.WatchCircuit{Connector: c.Connector, Since: muster.At(c.Since), Failures: c.Failures, Problem: c.Problem})
	}
	if a.Auditor == nil {
		return out
	}
	s := a.Auditor.Status()
	out.LookedAt, out.BeatTo, out.BeatAt, out.BeatError, out.TookMicros = s.LookedAt, s.BeatURL, s.BeatAt, s.BeatError, s.Took.Microseconds()
	for _, f := range s.Findings {
		out.Findings = append(out.Findings, query.WatchFinding{Kind: f.Kind, Text: f.Text, Since: f.Since})
	}
	if !s.LookedAt.IsZero() && time.Since(s.LookedAt.Time) > time.Minute {
		out.Findings = slices.Insert(out.Findings, 0, query.WatchFinding{Kind: "auditor stalls", Text: "The auditor has not looked for over a minute.", Since: s.LookedAt})
	}
	return out
}
