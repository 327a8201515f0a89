package sqlstore

import (
	"context"
	"hash/fnv"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/muster-oncall/muster/internal/store"
)

var _ store.NodeTurns = (*DB)(nil)

// TakeTurn implements [store.NodeTurns]. On SQLite there is no other node.
func (db *DB) TakeTurn(ctx context.Context, name string) (done func(), err error) {
	if p, ok := db.b.(*postgres); ok {
		return p.takeTurn(ctx, name)
	}
	return func() {}, nil
}

// turnConns is how many connections a pool must have to spare one for a turn.
const turnConns = 4

// takeTurn holds an advisory lock of the session, so it keeps one connection for as long as the turn lasts. It is for few
// callers at a time: one for each name.
func (p *postgres) takeTurn(ctx context.Context, name string) (done func(), err error) {
	if p.pool.Config().MaxConns < turnConns {
		return func() {}, nil
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte("muster turn " + name)) // a hash does not fail
	key := int64(h.Sum64())
	for {
		conn, err := p.pool.Acquire(ctx)
		if err != nil {
			return nil, notBegun(err)
		}
		if _, err = conn.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err == nil {
			return func() { p.endTurn(ctx, conn, key) }, nil
		}
		if pgCode(err) != pgLockUnavailable { // else lock_timeout has ended a long wait: it is begun again
			_ = conn.Conn().Close(context.WithoutCancel(ctx)) // the lock may have come in the last moment
		}
		conn.Release()
		if ctx.Err() != nil || pgCode(err) != pgLockUnavailable {
			return nil, p.d.explain(err)
		}
	}
}

func (p *postgres) endTurn(ctx context.Context, conn *pgxpool.Conn, key int64) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.o.Timeout)
	defer cancel()
	if _, err := conn.Exec(own, "SELECT pg_advisory_unlock($1)", key); err != nil {
		_ = conn.Conn().Close(own) // the end of the session lets it go, too
	}
	conn.Release()
}
