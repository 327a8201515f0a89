package sqlstore

import (
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// TestPlans runs what a store is asked all day and looks at how SQLite finds it: by an index, never by reading a table.
func TestPlans(t *testing.T) {
	t.Parallel()
	db, l := openTest(t, temp(t), Options{})
	now := muster.FromMicros(1_790_000_000_000_000)
	alert := &muster.Alert{ID: "alt_1", Status: muster.AlertOpen, Source: "s", Fingerprint: "f", NextWakeAt: now}
	if err := db.Write(t.Context(), store.LanePeople, "test", func(tx store.Tx) error {
		for _, do := range []func() error{
			func() error { return tx.InsertAlerts([]*muster.Alert{alert}) },
			func() error { return tx.UpdateAlert(alert) },
			func() error {
				return tx.InsertSignals([]muster.RawSignal{{ID: "sig_1", Alert: alert.ID, Outcome: muster.OutcomeAppended}})
			},
			func() error { return second(tx.OpenAlerts([]store.AlertKey{{Source: "s", Fingerprint: "f"}})) },
			func() error { return second(tx.Alert(alert.ID)) },
			func() error {
				return second(tx.Alerts(store.AlertFilter{Status: []muster.AlertStatus{muster.AlertOpen}}))
			},
			func() error { return second(tx.Alerts(store.AlertFilter{Service: "x", Since: now})) },
			func() error { return second(tx.Alerts(store.AlertFilter{Incident: "x"})) },
			func() error { return second(tx.CountAlerts(muster.AlertOpen)) },
			func() error { return second(tx.EscalationOf(alert.ID)) },
			func() error { return second(tx.PagesOf(alert.ID)) },
			func() error { return second(tx.PagesSince(alert.ID, now)) },
			func() error { return second(tx.PlannedPages(alert.ID)) },
			func() error { return second(tx.PagesFor("ana", store.List{After: "x"})) },
			func() error { return second(tx.SignalsOf(alert.ID, store.List{})) },
			func() error { return second(tx.SignalsOf(alert.ID, store.List{After: "sig_1"})) },
			func() error { return second(tx.FirstSignals(alert)) },
			func() error { return second(tx.DeleteSignalsBefore(now, 5)) },
			func() error { return second(tx.OpeningSignals(now, now, store.List{After: "sig_1"})) },
			func() error { return second(tx.CountOpeningSignals(now, now)) },
			func() error { return second(tx.PastAlerts(now, now, store.List{})) },
			func() error {
				return second(tx.Proposals(store.ProposalFilter{Status: []muster.ProposalStatus{muster.ProposalOpen}}))
			},
			func() error { return second(tx.NextTimer()) },
			func() error { return second(tx.DueTimers(now, 5)) },
			func() error { return second(tx.LockTimer("x")) },
			func() error { return tx.DeleteTimersOf("x", muster.TimerEscalate) },
			func() error { return second(tx.NextDelivery(now)) },
			func() error { return second(tx.ClaimDeliveries("n", now, now, 5)) },
			func() error {
				return second(tx.UpdateDeliveries([]*muster.Delivery{{ID: "x", State: muster.DeliveryDone}}))
			},
			func() error { return tx.CancelDeliveries([]muster.PageID{"x"}) },
			func() error { return tx.HastenDelivery("x", now) },
			func() error { return second(tx.CountDeliveries(muster.DeliveryPlanned)) },
			func() error { return second(tx.DeleteDeliveriesBefore(now, 5)) },
			func() error { return second(tx.DeliveriesBy("x", store.List{})) },
			func() error { return second(tx.Timeline(store.TimelineFilter{Alert: alert.ID})) },
			func() error { return second(tx.Timeline(store.TimelineFilter{Incident: "x"})) },
			func() error { return tx.AppendEntries([]*muster.Entry{{ID: "x", Alert: "y"}}) },
			func() error { return second(tx.Updates("x")) },
			func() error { return second(tx.Awareness("x")) },
			func() error { return second(tx.Head()) },
			func() error { return second(tx.DocHistory("k", "n", store.List{})) },
			func() error { return second(tx.ContactsOf([]muster.UserName{"ana"})) },
			func() error { return second(tx.Notices(store.NoticeFilter{Person: "ana"})) },
			func() error { return second(tx.Notices(store.NoticeFilter{Person: "ana", Unseen: true})) },
			func() error { return second(tx.Notices(store.NoticeFilter{Person: "ana", Since: now})) },
			func() error { return second(tx.CountUnseen("ana")) },
			func() error { return second(tx.SeeNotices("ana", now, "ntc_1")) },
			func() error { return second(tx.DeleteNoticesBefore(now, 5)) },
			func() error { return second(tx.DeleteHandoversBefore(now, 5)) },
			func() error { return second(tx.SwapRequests(store.SwapFilter{Person: "ana"})) },
			func() error {
				return second(tx.SwapRequests(store.SwapFilter{Status: []muster.SwapStatus{muster.SwapOpen}, Roster: "r"}))
			},
			func() error { return second(tx.SwapRequests(store.SwapFilter{Roster: "r"})) },
			func() error { return second(tx.LastAudit()) },
			func() error { return tx.DeleteReplayedBefore(now) },
			func() error { return second(tx.Unwoken(5)) },
			func() error { return second(tx.LostPages("", 5)) },
		} {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	texts := make([]string, 0, len(l.writer.conn.stmts))
	for text := range l.writer.conn.stmts {
		texts = append(texts, text)
	}
	seen := 0
	for _, text := range texts {
		plan := ""
		args := make([]any, strings.Count(text, "$")+20)
		if err := l.writer.conn.query(func(r row) error {
			if values, ok := r.(liteRow); ok {
				plan += "\n  " + values[3].(string)
			}
			return nil
		}, "EXPLAIN QUERY PLAN "+text, args...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		seen++
		for line := range strings.Lines(plan) {
			if strings.Contains(line, "SCAN") && !strings.Contains(line, "json_each") && !strings.Contains(line, "SCAN chain") && !strings.Contains(line, "USING") && !strings.Contains(line, "CONSTANT") {
				t.Errorf("reads a whole table: %s%s", text, plan)
			}
		}
		if strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") && !strings.Contains(text, "open_key") && !strings.Contains(text, "awareness") && !strings.Contains(text, "status IN") && !strings.Contains(text, "OR alert") {
			t.Errorf("sorts: %s%s", text, plan)
		}
	}
	if seen < 30 {
		t.Errorf("looked at %d statements only", seen)
	}
}

func second[T any](_ T, err error) error { return err }
