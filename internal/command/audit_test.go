package command_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/ledger"
	"github.com/muster-oncall/muster/internal/store"
)

func TestTheSecurityLogIsAChain(t *testing.T) {
	bubble(t, func(w *world) { auditChain(w) })
}

func auditChain(w *world) {
	before, err := w.commands.VerifyAudit(w.Context())
	w.ok(err)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := w.commands.Audit(w.Context(), muster.Actor{Name: "Somebody"}, "forged link refused", "pag_1", map[string]string{"address": "192.0.2.1"}); err != nil {
				w.Error(err)
			}
		})
	}
	wg.Wait()
	must[*command.NewKey](w, w.as("rob"), "CreateKey", command.CreateKey{Name: "Mine"})
	after, err := w.commands.VerifyAudit(w.Context())
	w.ok(err)
	if after != before+21 {
		w.Errorf("the log has %d rows, want %d", after, before+21)
	}
	log := read(w, func(r store.Reader) ([]*muster.AuditEntry, error) { return r.Audit(store.List{}) })
	if log[0].Op != "create key" || log[0].By.User != "rob" || log[0].Before != log[1].Hash || log[0].Seq != log[1].Seq+1 {
		w.Errorf("the newest rows are %+v and %+v", log[0], log[1])
	}
}

// append writes a row behind Muster's back.
func (w *world) append(e *muster.AuditEntry) {
	w.Helper()
	w.ok(w.db.Write(w.Context(), store.LanePeople, "Tamper", func(tx store.Tx) error { return tx.InsertAudit(e) }))
}

// I42: an edited row and a gap are found.
func TestATamperedLogIsFound(t *testing.T) {
	bubble(t, func(w *world) {
		log := read(w, func(r store.Reader) ([]*muster.AuditEntry, error) { return r.Audit(store.List{}) })
		if len(log) < 3 {
			w.Fatalf("the log has %d rows", len(log))
		}
		// A row whose hash is not its own.
		edited := *log[0]
		edited.ID = muster.NewID[muster.AuditID](w.commands.IDs, time.Now())
		edited.Seq, edited.Before = log[0].Seq+1, log[0].Hash
		w.append(&edited)
		if _, err := w.commands.VerifyAudit(w.Context()); muster.CodeOf(err) != muster.ErrConflict || !strings.Contains(err.Error(), "is not what was written") {
			w.Errorf("an edited row: %v", err)
		}
	})
	t.Run("gap", func(t *testing.T) {
		bubble(t, func(w *world) {
			last := read(w, func(r store.Reader) (*muster.AuditEntry, error) { return r.LastAudit() })
			e := *last
			e.ID = muster.NewID[muster.AuditID](w.commands.IDs, time.Now())
			e.Seq, e.Before = last.Seq+2, last.Hash // one is left out
			hash, err := ledger.AuditHash(e)
			w.ok(err)
			e.Hash = hash
			w.append(&e)
			if _, err := w.commands.VerifyAudit(w.Context()); muster.CodeOf(err) != muster.ErrConflict || !strings.Contains(err.Error(), "is missing") {
				w.Errorf("a gap: %v", err)
			}
		})
	})
}

// Whatever changes rights, keys, contacts or documents leaves a row that says who.
func TestWhatIsWrittenDown(t *testing.T) {
	bubble(t, func(w *world) {
		ana := w.as("ana")
		must[muster.Nothing](w, ana, "PutSecret", command.PutSecret{Name: "token", Value: "very secret"})
		k := must[*command.NewKey](w, ana, "CreateKey", command.CreateKey{Name: "Mine"})
		must[muster.Nothing](w, ana, "RevokeKey", command.RevokeKey{Key: k.ID})
		ct := must[*muster.Contact](w, ana, "AddContact", command.AddContact{User: "rob", Method: "pager", Connector: "mail", Address: "rob.secret.address"})
		must[muster.Nothing](w, ana, "RemoveContact", command.RemoveContact{Contact: ct.ID})
		w.put(two)
		w.setPhrase()
		log := read(w, func(r store.Reader) ([]*muster.AuditEntry, error) { return r.Audit(store.List{Limit: 8}) })
		var ops []string
		for _, e := range log {
			ops = append(ops, e.Op)
			if e.By.User != "ana" {
				w.Errorf("%s by %+v", e.Op, e.By)
			}
			for _, v := range e.Facts {
				if strings.Contains(v, "secret") || strings.Contains(v, k.Token) {
					w.Errorf("%s tells %q", e.Op, v)
				}
			}
		}
		if got := strings.Join(ops, ", "); got != "set passphrase, write document, write document, remove contact, add contact, revoke key, create key, put secret" {
			w.Errorf("the log holds %s", got)
		}
	})
}
