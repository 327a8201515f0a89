package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/muster-oncall/muster"
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
	if e.Hash, err = AuditHash(*e); err != nil {
		return err
	}
	return c.InsertAudit(e)
}

// AuditHash is the hash of a row and of the one before it: SHA-256 over the row's JSON without its own hash.
func AuditHash(e muster.AuditEntry) (string, error) {
	e.Hash = ""
	b, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("command: hash an audit entry: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Audit writes a row about something that happened outside of an operation: a refused sign-in, a forged link.
func (c *Commands) Audit(ctx context.Context, actor muster.Actor, op, ref string, facts map[string]string) error {
	return c.do(ctx, "Audit", actor, func(call *Call) error { return call.audit(op, ref, facts) })
}
