package command

import (
	"context"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/ledger"
	"github.com/muster-oncall/muster/internal/store"
)

// audit appends to the security log, whose rows are chained by their hashes.
func (c *Call) audit(op, ref string, facts map[string]string) error {
	last, err := c.LastAudit()
	if err != nil {
		return err
	}
	e := &muster.AuditEntry{ID: id[muster.AuditID](c), Seq: 1, At: c.Now(), By: c.Actor.By(), Op: op, Ref: ref, Facts: facts}
	if last != nil {
		e.Seq, e.Before = last.Seq+1, last.Hash
	}
	if e.Hash, err = ledger.AuditHash(*e); err != nil {
		return err
	}
	c.Emit(store.Event{Topic: "ledger"}) // the next checkpoint covers it
	return c.InsertAudit(e)
}

// Audit writes a row about something that happened outside of an operation: a refused sign-in, a forged link.
func (c *Commands) Audit(ctx context.Context, actor muster.Actor, op, ref string, facts map[string]string) error {
	return c.do(ctx, "Audit", actor, func(call *Call) error { return call.audit(op, ref, facts) })
}

// VerifyAudit walks the security log from its end to its beginning and returns how many rows it has. A row that was
// edited, and one that is missing between others, is an error with code ErrConflict. Rows that were cut off at the end
// cannot be seen from within: for that the newest hash has to be kept elsewhere.
func (c *Commands) VerifyAudit(ctx context.Context) (rows int, err error) {
	var after *muster.AuditEntry
	l := store.List{Limit: 1000}
	for {
		var page []*muster.AuditEntry
		if err := c.Store.Read(ctx, func(r store.Reader) (err error) {
			page, err = r.Audit(l)
			return err
		}); err != nil {
			return rows, err
		}
		for _, e := range page {
			hash, err := ledger.AuditHash(*e)
			if err != nil {
				return rows, err
			}
			switch {
			case hash != e.Hash:
				return rows, muster.Errorf(muster.ErrConflict, "The security log was changed: row %d is not what was written.", e.Seq)
			case after != nil && (e.Seq != after.Seq-1 || e.Hash != after.Before):
				return rows, muster.Errorf(muster.ErrConflict, "The security log was changed: something is missing before row %d.", after.Seq)
			}
			rows, after, l.After = rows+1, e, string(e.ID)
		}
		if len(page) < l.Limit {
			break
		}
	}
	if after != nil && (after.Seq != 1 || after.Before != "") {
		return rows, muster.Errorf(muster.ErrConflict, "The security log was changed: it begins with row %d.", after.Seq)
	}
	return rows, nil
}
