package ledger_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/ledger"
)

var planned = muster.LedgerEvent{
	Kind: muster.LedgerPlanned, Page: "pag_019aab3c5d10f3a1019aab3c5d10f3a1", Alert: "alt_019aab3c5d10f3a1019aab3c5d10f3a1", Person: "ravi",
	Method: "phone", Connector: "phones", Step: 1, Round: 1, Why: "Ravi is primary of Storefront until Monday 09:00",
}

// What is written by hand is what encoding/json would write.
func TestBodyIsJSON(t *testing.T) {
	t.Parallel()
	list := []muster.LedgerEvent{
		planned,
		{Kind: muster.LedgerStarted, Page: planned.Page, N: 5},
		{
			Kind: muster.LedgerFailed, Page: planned.Page, N: 6, State: muster.PageStarted, Provider: "<1@x>", Means: "api", Ref: "con_1",
			Why: "\"quoted\" \\ ü & \x01", At: muster.At(time.Date(2026, 11, 22, 3, 7, 0, 5000, time.UTC)),
		},
	}
	var b ledger.Body
	for i := range list {
		b.Add(&list[i])
	}
	want, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) || b.Len() != len(list) {
		t.Errorf("by hand:\n%s\nby encoding/json:\n%s", b.String(), want)
	}
}

// BenchmarkPage is what the ledger costs a page that is planned, started and accepted, besides the store.
func BenchmarkPage(b *testing.B) {
	started, accepted := muster.LedgerEvent{Kind: muster.LedgerStarted, Page: planned.Page, N: 5}, muster.LedgerEvent{Kind: muster.LedgerAccepted, Page: planned.Page, N: 6, Provider: "1234"}
	var body ledger.Body
	for b.Loop() {
		body.Add(&planned)
		body.Add(&started)
		body.Add(&accepted)
		if body.Len() > 384 {
			row := muster.LedgerRow{ID: "led_019aab3c5d10f3a1019aab3c5d10f3a1", Body: body.String()}
			_ = ledger.Hash("", 1, ledger.Digest(&row))
			body = ledger.Body{}
		}
	}
}
