package intake_test

import (
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/contracts"
	"github.com/muster-oncall/muster/internal/intake/alertmanager"
	"github.com/muster-oncall/muster/internal/intake/azuremonitor"
	"github.com/muster-oncall/muster/internal/intake/generic"
)

// BenchmarkParse: a parser must take a small part of the 200 µs that 5,000 signals a second leave for all of a request.
func BenchmarkParse(b *testing.B) {
	seed, err := contracts.FS.ReadFile("ops20-alert_body.json")
	if err != nil {
		b.Fatal(err)
	}
	src := &muster.Source{Name: "azure-monitor", Title: "Azure Monitor"}
	b.Run("azure-monitor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := azuremonitor.Parse(src, seed, receipt); err != nil {
				b.Fatal(err)
			}
		}
	})
	hook := []byte(`{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"HighLatency","severity":"critical","instance":"web-1"},"annotations":{"summary":"Latency is 3 s"},"startsAt":"2026-11-22T11:57:12.5Z","fingerprint":"1a2b3c4d5e6f7081"}]}`)
	b.Run("alertmanager", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := alertmanager.Parse(src, hook, receipt); err != nil {
				b.Fatal(err)
			}
		}
	})
	usual := []byte(`{"title":"Checkout is slow","key":"checkout-slow","severity":"major","labels":{"region":"westeurope","host":"web-17"},"summary":"` + strings.Repeat("x", 200) + `"}`)
	b.Run("generic", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := generic.Parse(src, usual, receipt); err != nil {
				b.Fatal(err)
			}
		}
	})
}
