package catalog_test

import (
	"strings"
	"testing"

	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/rota"
)

func TestCheckOfTopicsAndShadows(t *testing.T) {
	c, parsed := parseAll(t, `
{kind: user, name: ana, display: Ana, zone: UTC}
---
{kind: team, name: web, title: Web}
---
kind: roster
name: one
title: One
team: web
topics:
  - {name: database, title: Cosmos DB, experts: [ana], fallback: [{roster: one, role: shadow}]}
  - {name: network, experts: [ann]}
---
kind: roster
name: two
title: Two
team: web
topics:
  - {name: database, experts: [ana]}
  - {name: cosmos, title: cosmos db, experts: [ana]}
---
kind: policy
name: urgent
title: Urgent
team: web
steps:
  - wait: 5m
    targets: [{topic: databse}, {roster: one, role: shadow}]
  - wait: 5m
    targets: [{topic: Cosmos DB}]
---
kind: policy
name: fine
title: Fine
team: web
steps: [{wait: 5m, targets: [{topic: database}]}]
---
{kind: route, name: default, policy: urgent}
`)
	got := say(catalog.Locate(parsed, catalog.Check(c, nil, rota.NewZones())))
	for _, want := range []string{
		`rosters/one.topics[0].fallback[0].role: a shadow is informed`,
		`rosters/one.topics[1].experts[0]: there is no user called "ann"; did you mean ana?`,
		`rosters/two.topics[0].name: "database" is a topic of the roster one already`,
		`rosters/two.topics[1].title: "cosmos db" is a topic of the roster one already`,
		`policies/urgent.steps[0].targets[0].topic: no roster has a topic called "databse"; did you mean database?`,
		`policies/urgent.steps[0].targets[1].role: a shadow is informed of what others are paged about, and cannot be paged`,
		`policies/urgent.steps[1].targets[0].topic: no roster has a topic called "Cosmos DB"; did you mean database?`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not told", want)
		}
	}
	if n := strings.Count(got, "\n"); n != 7 {
		t.Errorf("%d errors:\n%s", n, got)
	}
}
