package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// rosters is how many there are when who is on call is asked; the same as in the peers' figure.
const rosters = 1000

// onCall is 16 connections that ask who is on call, each time for another roster, with a person's key.
func onCall(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	in, err := b.install(ctx, name, store, plan{})
	if err != nil {
		return f, err
	}
	defer in.kill()
	names, err := in.addRosters(ctx)
	if err != nil {
		return f, err
	}
	one := func(dur string) (result, error) {
		return b.measured(ctx, "http", "-url", in.url+"/api/v1/oncall?roster={{v}}", "-vars", names, "-must", `"Person `, "-c", "16", "-d", dur,
			"-header", "Authorization: Bearer "+in.token)
	}
	if _, err := one("1s"); err != nil { // connections are open and code is warm, as in a server that runs
		return f, err
	}
	began, err := in.cpu()
	if err != nil {
		return f, err
	}
	r, err := one(b.size.load.String())
	if err != nil {
		return f, err
	}
	used, err := in.cpu()
	if err != nil {
		return f, err
	}
	bad := r.Rejected + r.Unknown
	cpu := (used - began) / float64(max(1, r.OK))
	f.Text = fmt.Sprintf("%s/s, p50 %.1f, p99 %.1f ms, %d other than the right answer", thousands(r.PerSec), r.P50, r.P99, bad)
	f.Limit = fmt.Sprintf("%.0f %% of echo (%s/s); %.2f ms of CPU for each", 100*r.PerSec/b.limits.Echo, thousands(b.limits.Echo), cpu)
	f.OK = r.PerSec >= 8000 && bad == 0
	f.score = r.PerSec
	f.Values = map[string]float64{"per_s": r.PerSec, "p50_ms": r.P50, "p99_ms": r.P99, "wrong": float64(bad), "of_echo": r.PerSec / b.limits.Echo, "cpu_ms_each": cpu}
	return f, in.stop()
}

// addRosters makes rosters with a primary and a secondary each, and a file with their names.
func (in *installation) addRosters(ctx context.Context) (file string, err error) {
	zones := []string{"Europe/Berlin", "Asia/Singapore", "America/Los_Angeles", "Australia/Sydney", "UTC"}
	var docs, names strings.Builder
	for i := range rosters {
		if i > 0 {
			docs.WriteString("---\n")
		}
		fmt.Fprintf(&docs, "kind: roster\nname: r%d\ntitle: Roster %d\nteam: operations\nrotations:\n", i, i)
		for n, role := range []string{"primary", "secondary"} {
			fmt.Fprintf(&docs, "  - {name: %s, role: %s, zone: %s, every: 1, unit: week, handoff: \"09:00\", start: \"2026-01-05\", people: [u%d, u%d, u%d]}\n",
				role, role, zones[i%len(zones)], (i+n)%people, (i+n+7)%people, (i+n+19)%people)
		}
		fmt.Fprintf(&names, "r%d\n", i)
	}
	if err := in.call(ctx, http.MethodPost, "/api/v1/apply", map[string]any{"documents": docs.String(), "why": "bench"}, nil, http.StatusOK); err != nil {
		return "", err
	}
	file = filepath.Join(filepath.Dir(in.keys), "rosters")
	return file, os.WriteFile(file, []byte(names.String()), 0o600)
}
