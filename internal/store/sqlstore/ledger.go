package sqlstore

import (
	"github.com/muster-oncall/muster"
)

var (
	intoLedger     = into("ledger", "id, at, body")
	intoSeal       = into("ledger_seal", "pos, id, hash")
	intoCheckpoint = into("ledger_checkpoint", "at, body")
)

// InsertLedger writes what a transaction did to pages.
func (t *tx) InsertLedger(row *muster.LedgerRow) error {
	return t.insert(intoLedger, []any{string(row.ID), row.At.Micros(), row.Body})
}

// LedgerHead gives the end of the chain. In a Tx of PostgreSQL a row of the ledger's own is locked.
func (t *tx) LedgerHead() (muster.LedgerRow, error) {
	if t.lock != "" {
		if _, err := t.number("SELECT value FROM counter WHERE name = 'ledger'" + t.lock); err != nil {
			return muster.LedgerRow{}, err
		}
	}
	head, err := find(t, func(r row) (*muster.LedgerRow, error) {
		var id string
		v := &muster.LedgerRow{}
		err := r.Scan(&v.Position, &id, &v.Hash)
		v.ID = muster.LedgerID(id)
		return v, err
	}, "SELECT pos, id, hash FROM ledger_seal ORDER BY pos DESC LIMIT 1")
	if err != nil || head == nil {
		return muster.LedgerRow{}, err
	}
	return *head, nil
}

// Unsealed lists rows without a place in the chain.
func (t *tx) Unsealed(since muster.LedgerID, limit int) ([]muster.LedgerRow, error) {
	return all(t, scanLedger, "SELECT 0, '', l.id, l.at, l.body FROM ledger l WHERE l.id >= $1 "+
		"AND NOT EXISTS (SELECT 1 FROM ledger_seal s WHERE s.id = l.id) ORDER BY l.id LIMIT $2", string(since), limit)
}

func scanLedger(r row) (muster.LedgerRow, error) {
	var v muster.LedgerRow
	var id string
	var at int64
	err := r.Scan(&v.Position, &v.Hash, &id, &at, &v.Body)
	v.ID, v.At = muster.LedgerID(id), muster.FromMicros(at)
	return v, err
}

// Sealed lists the chain.
func (t *tx) Sealed(after int64, limit int) ([]muster.LedgerRow, error) {
	return all(t, scanLedger, "SELECT s.pos, s.hash, s.id, COALESCE(l.at, 0), COALESCE(l.body, '') FROM ledger_seal s "+
		"LEFT JOIN ledger l ON l.id = s.id WHERE s.pos > $1 ORDER BY s.pos LIMIT $2", after, limit)
}

// LedgerOf finds the rows about something by when they were written: there is no other index, because it would cost each
// page something.
func (t *tx) LedgerOf(mention string, from, until muster.Instant, limit int) ([]muster.LedgerRow, error) {
	return all(t, scanLedger, "SELECT COALESCE(s.pos, 0), COALESCE(s.hash, ''), l.id, l.at, l.body FROM ledger l LEFT JOIN ledger_seal s ON s.id = l.id "+
		"WHERE l.id >= $1 AND l.id < $2 AND l.body LIKE $3 ORDER BY l.id LIMIT $4",
		madeAt("led", from), madeAt("led", until), "%"+storable(mention)+"%", limit)
}

// SealLedger gives rows their places.
func (t *tx) SealLedger(rows []muster.LedgerRow) error {
	args := make([]any, 0, len(rows)*intoSeal.width)
	for i := range rows {
		args = append(args, rows[i].Position, string(rows[i].ID), rows[i].Hash)
	}
	return t.insert(intoSeal, args)
}

// InsertCheckpoint writes a checkpoint.
func (t *tx) InsertCheckpoint(c *muster.Checkpoint) error {
	return t.insert(intoCheckpoint, []any{c.At.Micros(), t.encode(c)})
}

// Checkpoints lists checkpoints, the oldest first.
func (t *tx) Checkpoints(after muster.Instant, limit int) ([]muster.Checkpoint, error) {
	return all(t, scanCheckpoint, "SELECT at, body FROM ledger_checkpoint WHERE at > $1 ORDER BY at LIMIT $2", after.Micros(), limit)
}

// scanCheckpoint takes the time from the column that orders checkpoints, so that whoever reads on by it comes to the end, and
// one whose column was changed fails by its signature.
func scanCheckpoint(r row) (c muster.Checkpoint, err error) {
	var at int64
	var body []byte
	if err := r.Scan(&at, &body); err != nil {
		return c, err
	}
	err = decode(body, &c)
	c.At = muster.FromMicros(at)
	return c, err
}

// LastCheckpoint gives the newest checkpoint, nil when there is none.
func (t *tx) LastCheckpoint() (*muster.Checkpoint, error) {
	return find(t, scanBody[muster.Checkpoint], "SELECT body FROM ledger_checkpoint ORDER BY at DESC LIMIT 1")
}

// PagesAfter lists pages by identifier.
func (t *tx) PagesAfter(id muster.PageID, limit int) ([]*muster.Page, error) {
	return all(t, scanPage, "SELECT body, life FROM page WHERE id > $1 ORDER BY id LIMIT $2", string(id), limit)
}
