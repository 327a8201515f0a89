package query

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/ledger"
	"github.com/muster-oncall/muster/internal/store"
)

// ledgerTable is every question about the ledger of pages. It is a part of [Queries.Ops].
func (q *Queries) ledgerTable() []muster.Op {
	return []muster.Op{
		asked(muster.Op{Name: "GetLedger", Summary: "Say how far the ledger of pages is, and by which key its checkpoints are signed", Path: "/ledger", CLI: "audit head"}, q.getLedger),
		asked(muster.Op{Name: "VerifyLedger", Summary: "Verify the ledger of pages and the security log", Path: "/ledger/verify", Access: muster.AccessAdmin}, q.verifyLedger),
		asked(muster.Op{Name: "GetWatch", Summary: "Say what the auditor found, when the last heartbeat was taken, and which providers are in trouble", Path: "/watch", CLI: "watch"}, q.watch),
		answer(q, muster.Op{Name: "ListPageEvents", Summary: "List what the ledger says of a page, the oldest first", Path: "/pages/{page}/ledger", CLI: "audit page", List: true}, (*read).pageEvents),
	}
}

// LedgerState says how far the ledger is.
type LedgerState struct {
	Position int64              `json:"position"` // of the last row
	Hash     string             `json:"hash"`
	Head     string             `json:"head"` // both, to be kept elsewhere: "812:9f86d0…"
	Key      string             `json:"key"`  // public key of the checkpoints, Ed25519, base64
	Last     *muster.Checkpoint `json:"last"` // null: none yet
}

func (q *Queries) ledgerKey() string {
	if q.LedgerKey == nil {
		return ""
	}
	return q.LedgerKey()
}

func (q *Queries) getLedger(ctx context.Context, _ muster.Actor, _ muster.Nothing) (out LedgerState, err error) {
	out.Key = q.ledgerKey()
	err = q.Store.Read(ctx, func(r store.Reader) error {
		head, err := r.LedgerHead()
		if err != nil {
			return err
		}
		out.Position, out.Hash, out.Head = head.Position, head.Hash, headText(head)
		out.Last, err = r.LastCheckpoint()
		return err
	})
	return out, err
}

func headText(head muster.LedgerRow) string {
	if head.Position == 0 {
		return ""
	}
	return strconv.FormatInt(head.Position, 10) + ":" + head.Hash
}

// VerifyLedger asks whether anything was changed.
type VerifyLedger struct {
	Known string `json:"known,omitempty" query:"known" doc:"a head that you kept: the ledger must lead to it"`
}

func (q *Queries) verifyLedger(ctx context.Context, _ muster.Actor, in VerifyLedger) (ledger.Report, error) {
	return VerifyStore(ctx, q.records(), q.ledgerKey(), strings.TrimSpace(in.Known))
}

// Verify is the operation VerifyLedger for screens. known is a head that was kept elsewhere, or "".
func (q *Queries) Verify(ctx context.Context, a muster.Actor, known string) (ledger.Report, error) {
	return Run[VerifyLedger, ledger.Report](ctx, q, "VerifyLedger", a, VerifyLedger{Known: known})
}

// PageEvents is what the ledger says of a page, for its screen.
func (q *Queries) PageEvents(ctx context.Context, who Viewer, id muster.PageID) ([]PageEvent, error) {
	return ask(ctx, q, who, func(r *read) ([]PageEvent, error) {
		l, err := r.pageEvents(OnePage{Page: id})
		return l.Items, err
	})
}

func (q *Queries) records() store.ReadDB {
	if q.Records != nil {
		return q.Records
	}
	return q.Store
}

// VerifyStore verifies everything in a store, on one snapshot. key is the public key that is trusted, "" that of the first
// checkpoint; known a head that was kept elsewhere, or "".
func VerifyStore(ctx context.Context, db store.ReadDB, key, known string) (out ledger.Report, err error) {
	err = db.Read(ctx, func(r store.Reader) error {
		v := ledger.Verifier{Key: key, Known: known}
		w := walk{
			checkpoint: func(c *muster.Checkpoint) error { v.Checkpoint(c); return nil },
			row:        func(row *muster.LedgerRow) error { v.Row(row); return nil },
			page:       func(p *muster.Page) error { v.Page(ledger.Facts(p)); return nil },
			audit:      func(e *muster.AuditEntry) error { v.Audit(e); return nil },
		}
		if err := w.all(r); err != nil {
			return err
		}
		out = v.End()
		return nil
	})
	return out, err
}

// ExportLedger writes everything that a verification needs, on one snapshot.
func (q *Queries) ExportLedger(ctx context.Context, out io.Writer) error {
	return ExportStore(ctx, q.records(), q.ledgerKey(), out)
}

// ExportStore is [Queries.ExportLedger] for a store.
func ExportStore(ctx context.Context, db store.ReadDB, key string, to io.Writer) error {
	buf := bufio.NewWriterSize(to, 64<<10)
	err := db.Read(ctx, func(r store.Reader) error {
		head, err := r.LedgerHead()
		if err != nil {
			return err
		}
		out, err := ledger.NewWriter(buf, ledger.Header{At: r.Now(), Key: key, Head: headText(head)})
		if err != nil {
			return err
		}
		w := walk{
			checkpoint: func(c *muster.Checkpoint) error { return out.Write(ledger.Line{Checkpoint: c}) },
			row: func(row *muster.LedgerRow) error {
				return out.Write(ledger.Line{Row: &ledger.Row{Position: row.Position, ID: row.ID, At: row.At, Hash: row.Hash, Body: row.Body}})
			},
			page: func(p *muster.Page) error {
				f := ledger.Facts(p)
				return out.Write(ledger.Line{Page: &f})
			},
			audit: func(e *muster.AuditEntry) error { return out.Write(ledger.Line{Audit: e}) },
		}
		if err := w.all(r); err != nil {
			return err
		}
		return out.Close()
	})
	if err != nil {
		return err
	}
	return buf.Flush()
}

// walk goes through all that a verification needs, in its order.
type walk struct {
	checkpoint func(*muster.Checkpoint) error
	row        func(*muster.LedgerRow) error
	page       func(*muster.Page) error
	audit      func(*muster.AuditEntry) error
}

// walkRows is how many rows are read at a time: those of storms are long.
const walkRows = 200

func (w *walk) all(r store.Reader) error {
	for _, part := range []func(store.Reader) error{w.checkpoints, w.chain, w.loose, w.pages, w.log} {
		if err := part(r); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) checkpoints(r store.Reader) error {
	for after := (muster.Instant{}); ; {
		list, err := r.Checkpoints(after, maxLimit)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if err := w.checkpoint(&list[i]); err != nil {
				return err
			}
		}
		after = list[len(list)-1].At
	}
}

func (w *walk) chain(r store.Reader) error {
	for after := int64(0); ; {
		list, err := r.Sealed(after, walkRows)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if err := w.row(&list[i]); err != nil {
				return err
			}
		}
		after = list[len(list)-1].Position
	}
}

func (w *walk) loose(r store.Reader) error {
	for since := muster.LedgerID(""); ; {
		list, err := r.Unsealed(since, walkRows)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			if err := w.row(&list[i]); err != nil {
				return err
			}
		}
		since = list[len(list)-1].ID + "x" // the next one
	}
}

func (w *walk) pages(r store.Reader) error {
	for after := muster.PageID(""); ; {
		list, err := r.PagesAfter(after, maxLimit)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, p := range list {
			if err := w.page(p); err != nil {
				return err
			}
		}
		after = list[len(list)-1].ID
	}
}

func (w *walk) log(r store.Reader) error {
	for l := (store.List{Limit: maxLimit}); ; {
		list, err := r.Audit(l)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, e := range list {
			if err := w.audit(e); err != nil {
				return err
			}
		}
		l.After = string(list[len(list)-1].ID)
	}
}

// PageEvent is what the ledger says of a page at a moment.
type PageEvent struct {
	muster.LedgerEvent
	When     muster.Instant  `json:"when"`
	Row      muster.LedgerID `json:"row"`
	Position int64           `json:"position"` // where its row is sealed; 0: it is not yet
}

func (r *read) pageEvents(in OnePage) (out muster.Listing[PageEvent], err error) {
	p, err := r.Page(in.Page)
	if err != nil {
		return out, err
	}
	list, err := r.eventsOf(p)
	return whole(list), err
}

// lateResult is how long after the end of a call its result is written at most, usually.
const lateResult = 2 * time.Second

// eventsOf finds the events of a page by the moments that its row tells: there is no index, because it would cost each page
// something. What is not found this way is in an export.
func (r *read) eventsOf(p *muster.Page) (out []PageEvent, err error) {
	type span struct{ from, until muster.Instant }
	var spans []span
	exact := func(i muster.Instant) {
		if !i.IsZero() {
			spans = append(spans, span{i, i.Plus(time.Millisecond)})
		}
	}
	exact(p.PlannedAt)
	exact(p.StartedAt)
	exact(p.AcceptedAt)
	exact(p.ProvedAt)
	for _, a := range p.Attempts {
		end := a.At.Plus(time.Duration(a.Took) * time.Microsecond)
		spans = append(spans, span{end, end.Plus(lateResult)})
	}
	if p.State == muster.PageCancelled || p.State == muster.PageFailed {
		a, err := r.Reader.Alert(p.Alert)
		if err != nil && muster.CodeOf(err) != muster.ErrNotFound {
			return nil, err
		}
		if a != nil {
			exact(a.AcknowledgedAt)
			exact(a.ResolvedAt)
		}
	}
	seen := map[muster.LedgerID]bool{}
	for _, s := range spans {
		rows, err := r.LedgerOf(string(p.ID), s.from, s.until, 20)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if seen[row.ID] {
				continue
			}
			seen[row.ID] = true
			events, err := ledger.Events(row.Body)
			if err != nil {
				continue // a verification tells of it
			}
			for _, e := range events {
				if e.Page == p.ID || (e.Ref == string(p.ID) && e.Page == "") {
					at := row.At
					if !e.At.IsZero() {
						at = e.At
					}
					out = append(out, PageEvent{LedgerEvent: e, When: at, Row: row.ID, Position: row.Position})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b PageEvent) int { return cmp.Or(a.When.Compare(b.When.Time), cmp.Compare(a.N, b.N)) })
	return out, nil
}
