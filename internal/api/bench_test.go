package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/api"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/intake"
	"github.com/muster-oncall/muster/internal/intake/azuremonitor"
)

// sink is a store that costs nothing, so that the benchmark shows the door alone.
type sink struct{ result []command.SignalResult }

func (s *sink) ReceiveSignals(context.Context, command.ReceiveSignals) ([]command.SignalResult, error) {
	return s.result, nil
}

func (s *sink) ByToken(context.Context, string, muster.Surface) (muster.Actor, error) {
	return muster.Actor{}, muster.Errorf(muster.ErrUnauthenticated, "nobody")
}

func (s *sink) SourceByToken(context.Context, string) (muster.SourceName, error) {
	return "monitor", nil
}

func (s *sink) Audit(context.Context, muster.Actor, string, string, map[string]string) error {
	return nil
}

// BenchmarkIntakeDoor is what a request costs apart from storing it.
func BenchmarkIntakeDoor(b *testing.B) {
	body, err := os.ReadFile(filepath.Join("..", "contracts", "ops20-alert_body.json"))
	if err != nil {
		b.Fatal(err)
	}
	s := &sink{result: []command.SignalResult{{Alert: "alt_019aab3c5d10f3a1019aab3c5d10f3a1", Outcome: muster.OutcomeAppended}}}
	cat := muster.NewCatalog(1, []muster.Document{&muster.Source{Name: "monitor", Title: "Monitor"}}, nil)
	a, err := api.New(api.Options{
		Keys: s, Intake: s, Audit: s, Catalog: func() *muster.Catalog { return cat },
		Parsers: map[string]intake.Parser{"azure-monitor": azuremonitor.Parse}, IntakeRate: 1 << 30,
	})
	if err != nil {
		b.Fatal(err)
	}
	text := string(body)
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequest(http.MethodPost, "/in/msi_key/azure-monitor", strings.NewReader(text))
		rec := httptest.NewRecorder()
		a.ServeHTTP(rec, req)
		if rec.Code != 202 {
			b.Fatal(rec.Code, rec.Body)
		}
	}
}
