package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// BenchmarkOnCall is who is on call, asked with a person's key through the door and down to SQLite, without a network: each
// time for another of 1,000 rosters.
func BenchmarkOnCall(b *testing.B) {
	const rosters = 1000
	w := newWorld(b)
	var docs strings.Builder
	for i := range rosters {
		fmt.Fprintf(&docs, "---\nkind: roster\nname: r%d\ntitle: Roster %d\nteam: shop\nrotations:\n", i, i)
		for _, role := range []string{"primary", "secondary"} {
			fmt.Fprintf(&docs, "  - {name: %s, role: %s, zone: Europe/Berlin, every: 1, unit: week, handoff: \"09:00\", start: \"2026-01-05\", people: [ana, vic]}\n", role, role)
		}
	}
	setup := muster.Actor{Name: "setup", Access: muster.AccessAdmin, Surface: muster.SurfaceSetup}
	_, err := command.Run[command.ApplyDocuments, *command.Applied](b.Context(), w.commands, "ApplyDocuments", setup, command.ApplyDocuments{Documents: docs.String()})
	must(b, err)
	paths := make([]string, rosters)
	for i := range paths {
		paths[i] = fmt.Sprintf("/api/v1/oncall?roster=r%d", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		req := httptest.NewRequest(http.MethodGet, paths[i%rosters], http.NoBody)
		req.Header.Set("Authorization", "Bearer "+w.viewer)
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code, rec.Body)
		}
	}
}
