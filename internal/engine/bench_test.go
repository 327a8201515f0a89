package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// eachPages turns storm mode off: what is measured is that each alert pages, not that a few digests tell of all.
func (w *world) eachPages() {
	who := muster.Actor{Name: "Test", Access: muster.AccessAdmin}
	if err := w.commands.Batch(w.t.Context(), "Storm", who, func(b *command.Batch) error {
		return b.Apply(command.ApplyDocuments{Documents: strings.ReplaceAll(documents, "kind: user\n", "kind: user\nstorm: {off: true}\n")})
	}); err != nil {
		w.t.Fatal(err)
	}
}

// intake sends b.N signals over 64 connections' worth of callers; every keys-th is new.
func intake(b *testing.B, newEvery int64) {
	dir := b.TempDir()
	w := newWorld(b, dir)
	defer w.stop()
	w.seed()
	w.eachPages()
	w.start()
	var seq atomic.Int64
	b.ResetTimer()
	began := time.Now()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for {
				n := seq.Add(1)
				if n > int64(b.N) {
					return
				}
				key := fmt.Sprintf("key-%d", n/newEvery)
				_, err := w.commands.ReceiveSignals(context.Background(), command.ReceiveSignals{
					Source: "monitoring", Format: "generic", Raw: []byte(`{"title":"Failures","labels":{"service":"cart"}}`),
					Signals: []muster.Signal{{Key: key, State: muster.SignalFiring, Title: "Failures: " + key, Severity: muster.SeverityCritical, Labels: map[string]string{"service": "cart", "region": "westeurope"}}},
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "signals/s")
	accepted := time.Now()
	want := (b.N + int(newEvery) - 1) / int(newEvery)
	for len(w.phones.rang()) < want && time.Since(accepted) < time.Minute {
		<-time.After(5 * time.Millisecond)
	}
	b.ReportMetric(float64(time.Since(accepted).Milliseconds()), "ms-backlog")
	b.ReportMetric(float64(len(w.phones.rang())), "pages")
}

func BenchmarkIntakeAllNewEachPaging(b *testing.B) { intake(b, 1) }
func BenchmarkIntakeOneInTenNew(b *testing.B)      { intake(b, 10) }
