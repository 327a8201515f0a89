package catalog_test

import (
	"context"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/plan"
	"github.com/muster-oncall/muster/internal/rota"
)

func TestCheckFindsWhatIsWrongBetweenDocuments(t *testing.T) {
	c, parsed := parseAll(t, `
{kind: user, name: ana, display: Ana, zone: UTC, teams: [wbe]}
---
{kind: user, name: gone, display: Gone, zone: UTC, disabled: true}
---
{kind: team, name: web, title: Web, owners: [anna]}
---
{kind: roster, name: empty, title: Empty, team: web}
---
kind: policy
name: nobody
title: Nobody
team: web
steps:
  - wait: 5m
    targets: [{roster: empty}, {user: gone}]
---
kind: policy
name: typo
title: Typo
team: web
steps:
  - wait: 5m
    targets:
      - {user: an}
---
{kind: service, name: shop, title: Shop, team: web, policy: tpyo, runbook: none-such}
---
{kind: source, name: azure, title: Azure, service: shpo}
---
{kind: route, name: shop, match: 'sevrity == "critical"', service: shop}
---
{kind: silence, name: s, match: "true", from: "2026-11-02T10:00:00Z", until: "2026-11-02T11:00:00Z", owner: bob, why: x}
---
{kind: statuspage, name: public, title: P, audience: public, components: [{name: a, title: A, service: shopp}]}
---
{kind: connector, name: mail, type: emial}
`)
	kinds := func(c *muster.Connector) []muster.FieldError {
		return []muster.FieldError{{Path: "kind", Message: "there is no " + c.Kind}}
	}
	got := say(catalog.Locate(parsed, catalog.Check(c, kinds, rota.NewZones())))
	for _, want := range []string{
		`catalog.yaml:2: users/ana.teams[0]: there is no team called "wbe"; did you mean web?`,
		`teams/web.owners[0]: there is no user called "anna"; did you mean ana?`,
		`catalog.yaml:14: policies/nobody.steps: the policy reaches nobody`,
		`catalog.yaml:25: policies/typo.steps[0].targets[0].user: there is no user called "an"; did you mean ana?`,
		`services/shop.policy: there is no policy called "tpyo"; did you mean typo?`,
		`services/shop.runbook: there is no runbook called "none-such"`,
		`sources/azure.service: there is no service called "shpo"; did you mean shop?`,
		`routes/shop.match: sevrity is unknown; did you mean severity?`,
		`silences/s.owner: there is no user called "bob"`,
		`statuspages/public.components[0].service: there is no service called "shopp"; did you mean shop?`,
		`connectors/mail.kind: there is no emial`,
		`routes/default: is missing`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not told", want)
		}
	}
	if n := strings.Count(got, "\n"); n != 12 {
		t.Errorf("%d errors:\n%s", n, got)
	}
	if len(catalog.CheckRemoval(muster.KindRoutes, "default")) != 1 || len(catalog.CheckRemoval(muster.KindRoutes, "other")) != 0 {
		t.Error("the default route can be removed, or others cannot")
	}
	if wrong := catalog.Check(muster.NewCatalog(0, nil, nil), nil, rota.NewZones()); len(wrong) > 0 {
		t.Error("the empty catalog is refused", wrong)
	}
}

func TestLiveKeepsTheNewestAndFindsOlder(t *testing.T) {
	loads := 0
	live := catalog.NewLive(func(_ context.Context, rev muster.Revision) (*muster.Catalog, error) {
		loads++
		if rev > 100 {
			return nil, muster.Errorf(muster.ErrNotFound, "no such revision")
		}
		return muster.NewCatalog(rev, nil, nil), nil
	})
	if live.Current() != nil {
		t.Fatal("something is there before the first swap")
	}
	snap := func(rev muster.Revision) *plan.Snapshot {
		s, wrong := plan.NewSnapshot(muster.NewCatalog(rev, nil, nil), rota.NewZones())
		if len(wrong) > 0 {
			t.Fatal(wrong)
		}
		return s
	}
	live.Swap(snap(5))
	live.Swap(snap(7))
	live.Swap(snap(6)) // came late
	if live.Current().Catalog.Revision != 7 {
		t.Fatal("an older snapshot took over")
	}
	h := live.History(t.Context())
	for _, rev := range []muster.Revision{5, 7, 5, 1, 1} {
		if s, err := h.At(rev); err != nil || s.Catalog.Revision != rev {
			t.Fatal(s, err)
		}
	}
	if loads != 1 {
		t.Errorf("%d loads; only revision 1 had to be loaded", loads)
	}
	for rev := muster.Revision(10); rev < 60; rev++ {
		if _, err := h.At(rev); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.At(1); err != nil || loads != 52 {
		t.Errorf("%d loads: older snapshots are kept without end, %v", loads, err)
	}
	if _, err := h.At(200); muster.CodeOf(err) != muster.ErrNotFound {
		t.Error(err)
	}
}
