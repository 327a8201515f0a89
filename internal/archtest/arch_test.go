package archtest

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// rules are all checks, each with a small tree that it must refuse: a rule that never fails is no rule.
var rules = []struct {
	name  string
	check func(*tree) []string
	wrong map[string]string // path → source
	says  string            // part of the reason
}{
	{"unknown package", imports, map[string]string{"internal/helpers/x.go": "package helpers"}, "internal/helpers is not in the house's plan"},
	{"import against the table", imports, map[string]string{"internal/command/x.go": "package command\nimport _ \"m/internal/connector\"", "internal/connector/x.go": "package connector"}, "it calls nobody"},
	{"vendor by name", imports, map[string]string{"internal/engine/x.go": "package engine\nimport _ \"m/internal/connector/slack\""}, "depend on a vendor"},
	{"connector to connector", imports, map[string]string{"internal/connector/slack/x.go": "package slack\nimport _ \"m/internal/connector/email\""}, "depend on a vendor"},
	{"surface to store", imports, map[string]string{"internal/web/x.go": "package web\nimport _ \"m/internal/store\""}, "roles are checked once"},
	{"database outside app", imports, map[string]string{"internal/command/x.go": "package command\nimport _ \"m/internal/store/sqlstore\""}, "only app chooses the database"},
	{"shipped code on test code", imports, map[string]string{"internal/app/x.go": "package app\nimport _ \"m/internal/mustertest\""}, "it serves tests"},
	{"pure test with a world", imports, map[string]string{"internal/rota/x_test.go": "package rota\nimport _ \"m/internal/store\""}, "tested with values"},
	{"SQL outside the store", imports, map[string]string{"internal/query/x.go": "package query\nimport _ \"database/sql\""}, "store.Tx"},
	{"pure import", purity, map[string]string{"internal/rota/x.go": "package rota\nimport _ \"os\""}, "no I/O"},
	{"pure import below", purity, map[string]string{"internal/rota/x.go": "package rota\nimport _ \"math/rand/v2\""}, "same decision"},
	{"pure library", purity, map[string]string{"internal/rota/x.go": "package rota\nimport _ \"github.com/x/rrule\""}, "written here"},
	{"pure clock", purity, map[string]string{"internal/plan/x.go": "package plan\nimport clock \"time\"\nvar x = clock.Now"}, "now is an argument"},
	{"pure clock by dot", purity, map[string]string{"internal/plan/x.go": "package plan\nimport . \"time\"\nvar x = Now"}, "under its name"},
	{"long file", length, map[string]string{"x.go": "package m\n" + strings.Repeat("\n", longest)}, "split it by noun"},
	{"no package comment", packageDocs, map[string]string{"x.go": "package m"}, "no package comment"},
	{"package comment of another form", packageDocs, map[string]string{"x.go": "// Helpers.\npackage m"}, "begins with"},
	{"init", noInit, map[string]string{"x.go": "package m\nfunc init() {}"}, "explicit calls"},
	{"state", noState, map[string]string{"x.go": "package m\nvar cache map[string]int"}, "has no value"},
	{"lock", noState, map[string]string{"x.go": "package m\nimport \"sync\"\nvar mu = sync.Mutex{}"}, "guards something"},
	{"sleep", noSleep, map[string]string{"x_test.go": "package m\nimport \"time\"\nfunc f() { time.Sleep(1) }"}, "wait for the thing"},
	{"skip", skips, map[string]string{"x_test.go": "package m\nfunc f(t T) { t.Skip() }"}, "gives no reason"},
	{"put off", finished, map[string]string{"x.go": "package m\n// TODO: later\n"}, "finish it"},
	{"clock in SQL", sqlTime, map[string]string{"internal/store/sqlstore/x.go": "package sqlstore\nconst q = `SELECT id FROM timer WHERE due_at <= now()`"}, "instants are arguments"},
	{"clock in a migration", sqlTime, map[string]string{"internal/store/sqlstore/m/1.sql": "CREATE TABLE a (at TEXT DEFAULT CURRENT_TIMESTAMP);"}, "instants are arguments"},
	{"clock read twice", sqlTime, map[string]string{"internal/store/sqlstore/x.go": "package sqlstore\nconst q = `SELECT clock_timestamp()`"}, "outside dialect.go"},
}

// right is a tree that all rules accept, with what comes near to a wrong one.
var right = map[string]string{
	"x.go":                        "// Package m is a fixture.\npackage m\nimport \"regexp\"\nvar words = regexp.MustCompile(`now()`)",
	"tools/go.mod":                "module other",
	"tools/x.go":                  "package tools\nfunc init() {}",
	"testdata/x.go":               "package broken {",
	"internal/rota/x.go":          "// Package rota is a fixture.\npackage rota\nimport (\"time\"; \"net/url\"; _ \"m\")\nvar _ url.URL\nvar hour = time.Hour",
	"internal/rota/x_test.go":     "package rota\nimport (\"os\"; \"time\"; \"testing/synctest\")\nfunc f() { synctest.Test(nil, func() { time.Sleep(1) }); os.Exit(0) }",
	"internal/app/x.go":           "// Package app is a fixture.\npackage app\nimport _ \"m/internal/store/sqlstore\"\nimport _ \"m/internal/connector/all\"",
	"internal/connector/all/x.go": "// Package all is a fixture.\npackage all\nimport _ \"m/internal/connector/slack\"",
	"internal/connector/slack/x.go": "// Package slack is a fixture.\npackage slack\nimport _ \"m/internal/httpx\"\n" +
		"import _ \"m/internal/connector\"",
	"internal/store/sqlstore/dialect.go": "// Package sqlstore is a fixture; now() is a word here.\npackage sqlstore\nconst q = `SELECT clock_timestamp()`",
	"internal/store/sqlstore/m/1.sql":    "-- now() is banned\nCREATE TABLE a (at BIGINT);",
	"internal/web/page_templ.go":         "// Code generated by templ - DO NOT EDIT.\n\npackage web\nfunc init() {}" + strings.Repeat("\n", longest),
	"internal/web/web.go":                "// Package web is a fixture.\npackage web",
	"cmd/muster/main.go":                 "// Command muster is a fixture.\npackage main\nimport _ \"m/internal/app\"\nvar version string",
}

func TestHouse(t *testing.T) {
	repository := readRepository(t)
	for _, rule := range []struct {
		name  string
		check func(*tree) []string
	}{
		{"Imports", imports},
		{"Purity", purity},
		{"Length", length},
		{"PackageDocs", packageDocs},
		{"NoInit", noInit},
		{"NoState", noState},
		{"NoSleepInTests", noSleep},
		{"SkipsGiveReasons", skips},
		{"NothingPutOff", finished},
		{"NoClockInSQL", sqlTime},
	} {
		t.Run(rule.name, func(t *testing.T) {
			for _, reason := range rule.check(repository) {
				t.Error(reason)
			}
		})
	}
}

func TestEachRuleBites(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			got := rule.check(fixture(t, rule.wrong))
			if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, rule.says) }) {
				t.Errorf("said %q, want something with %q", got, rule.says)
			}
		})
	}
}

func TestNoRuleBitesWhatIsRight(t *testing.T) {
	tr := fixture(t, right)
	for _, rule := range rules {
		for _, reason := range rule.check(tr) {
			t.Errorf("%s: %s", rule.name, reason)
		}
	}
}

func fixture(t *testing.T, files map[string]string) *tree {
	t.Helper()
	root := fstest.MapFS{"go.mod": {Data: []byte("module m\n\ngo 1.26\n")}}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return readTree(t, root)
}
