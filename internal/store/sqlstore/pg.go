package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// postgres is the store on PostgreSQL.
type postgres struct {
	o      *Options
	d      *dialect
	pool   *pgxpool.Pool
	hints  *hints        // nil: nobody listens
	intake chan struct{} // intake gets at most half of the connections, so that people need not queue behind a storm
	closed atomic.Bool
}

const (
	pgConns   = 16 // more of them make everything slower on small machines
	pgTries   = 8  // of a command that others were in the way of
	pgUniques = 3  // of a command that a unique index refused: somebody else inserted the same at the same time
)

// syncNotice is the beginning of what PostgreSQL says when a commit is on this server only and will be lost with it. The
// commit still reports success.
const syncNotice = "canceling wait for synchronous replication"

const noticed = "muster: replication was not waited for"

func openPostgres(ctx context.Context, dsn string, o *Options) (*postgres, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, muster.Errorf(muster.ErrInvalid, "the database's address cannot be read: write it like postgres://USER:PASSWORD@HOST:5432/NAME")
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		config.MaxConns = pgConns
	}
	conn := config.ConnConfig
	conn.OnNotice = func(c *pgconn.PgConn, n *pgconn.Notice) {
		if strings.HasPrefix(n.Message, syncNotice) {
			c.CustomData()[noticed] = true
		}
	}
	dial := conn.DialFunc
	conn.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if network == noCancel {
			return nil, errors.New("cancelling is not wanted")
		}
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return uncancelled{c}, nil
	}
	// A node that is cut off must not hold locks for ever; a commit that waits for its standby must not be hurried.
	for name, value := range map[string]string{
		"application_name": "muster", "lock_timeout": "4s", "idle_in_transaction_session_timeout": "30s",
	} {
		if conn.RuntimeParams[name] == "" {
			conn.RuntimeParams[name] = value
		}
	}
	if err := migratePostgres(ctx, conn, o.schema, 0, o.Log); err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	p := &postgres{o: o, d: pgDialect(), pool: pool, intake: make(chan struct{}, max(1, config.MaxConns/2))}
	if o.OnHint != nil {
		p.hints = startHints(conn, o)
	}
	return p, nil
}

// migrationLock is what nodes that start at the same moment queue for.
const migrationLock = "SELECT pg_advisory_lock(7215380114)"

// migratePostgres brings the schema up to date, or to a version on the way there, one node at a time.
func migratePostgres(ctx context.Context, config *pgx.ConnConfig, s schema, to int64, log *slog.Logger) error {
	plain := config.Copy()
	plain.RuntimeParams["lock_timeout"] = "0" // another node may take its time
	queue, err := pgx.ConnectConfig(ctx, plain)
	if err != nil {
		return muster.WrapError(muster.ErrUnavailable, err, "the database cannot be reached: is its address right, and is it running?")
	}
	defer queue.Close(context.WithoutCancel(ctx)) //nolint:errcheck // closing lets the lock go, however it ends
	if _, err := queue.Exec(ctx, migrationLock); err != nil {
		return fmt.Errorf("waiting for other nodes: %w", err)
	}
	db := stdlib.OpenDB(*plain)
	defer db.Close()
	return migrate(ctx, goose.DialectPostgres, db, s, to, log)
}

// noCancel is the network of an uncancelled connection.
const noCancel = "muster-no-cancel"

// uncancelled hides where the connection goes to, so that the driver cannot send a cancel request when it gives up: one
// that arrives during a commit makes the server stop waiting for the standby, and others would see what may yet be lost.
type uncancelled struct{ net.Conn }

type nowhere struct{}

func (nowhere) Network() string { return noCancel }
func (nowhere) String() string  { return "" }

// RemoteAddr is nowhere; the driver asks for it only to cancel.
func (uncancelled) RemoteAddr() net.Addr { return nowhere{} }

func (p *postgres) close() error {
	p.closed.Store(true)
	if p.hints != nil {
		p.hints.close()
	}
	p.pool.Close()
	return nil
}

// isBroken reports whether the connection failed, as opposed to a statement.
func isBroken(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err) || pgconn.SafeToRetry(err)
}

// isGone reports whether the connection is of no use any more, for whatever reason: another one may do.
func isGone(err error) bool {
	c := pgCode(err)
	return strings.HasPrefix(c, "08") || strings.HasPrefix(c, "57P") || c == pgReadOnly || c == "" && isBroken(err)
}

// write runs a command until nobody is in its way. Once begun it no longer looks at ctx: it ends by its own deadline.
func (p *postgres) write(ctx context.Context, lane store.Lane, op string, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return notBegun(err)
	}
	if lane == store.LaneIntake {
		select {
		case p.intake <- struct{}{}:
			defer func() { <-p.intake }()
		case <-ctx.Done():
			return notBegun(ctx.Err())
		}
	}
	for try := 1; ; try++ {
		again, err := p.attempt(ctx, op, fn)
		if again == 0 || try >= again || ctx.Err() != nil {
			return err
		}
		p.o.Log.Debug("a command runs again", "op", op, "try", try, "error", err, "cause", errors.Unwrap(err))
		if try > 1 {
			pause := time.NewTimer(time.Duration(rand.Int64N(int64(5*time.Millisecond) << min(try, 6))))
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return err
			}
		}
	}
}

// attempt runs a command once. again says how many attempts its error is worth: 0 when it is final.
func (p *postgres) attempt(ctx context.Context, op string, fn func(store.Tx) error) (again int, err error) {
	acquire, cancel := context.WithTimeout(ctx, p.o.Timeout)
	conn, err := p.pool.Acquire(acquire)
	cancel()
	switch {
	case err != nil && p.closed.Load():
		return 0, errClosed()
	case err != nil && ctx.Err() != nil:
		return 0, notBegun(err)
	case err != nil:
		return 0, muster.WrapError(muster.ErrUnavailable, err, "nothing was changed: the database cannot be reached; try again")
	}
	defer conn.Release() // a connection with an open transaction or an error is closed by it
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.o.Timeout)
	defer cancel()
	s := &pgSession{ctx: own, conn: conn.Conn()}
	now, err := s.begin("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
	if err != nil {
		return pgTries / 2, p.d.explain(err)
	}
	t := &tx{s: s, d: p.d, now: now, lock: p.d.lock}
	committed := false
	defer func() {
		if assigned := t.end(); !committed {
			unassign(assigned)
		}
	}()
	err = protect(p.o.Log, op, func() error { return fn(t) })
	broken := t.err
	if err == nil {
		err = broken
	}
	if err != nil {
		s.rollback()
		switch {
		case broken == nil:
			return 0, err
		case p.d.isRetry(broken):
			return pgTries, p.d.explain(broken)
		case p.d.isUnique(broken):
			return pgUniques, err
		case isGone(broken) && own.Err() == nil:
			_ = s.conn.Close(own) // one that is read-only since a failover would look healthy to the pool
			return pgTries / 2, p.d.explain(broken)
		}
		return 0, err
	}
	p.o.Failpoint("commit: before")
	if err := s.commit(p.o.Timeout); err != nil {
		if code := pgCode(err); code != "" && !strings.HasPrefix(code, "57") && !strings.HasPrefix(code, "08") {
			if p.d.isRetry(err) {
				return pgTries, p.d.explain(err)
			}
			return 0, p.d.explain(err)
		}
		p.o.Log.Error("a commit has no answer", "op", op, "error", err)
		return 0, unknown(err)
	}
	committed = true
	p.o.Failpoint("commit: after")
	if len(t.events) > 0 {
		p.o.OnCommit(t.events)
		if p.hints != nil {
			p.hints.add(t.events)
		}
	}
	p.o.Failpoint("commit: reply")
	return 0, nil
}

// read runs fn on one snapshot. It is not run again: a read that the database cut off is unavailable.
func (p *postgres) read(ctx context.Context, fn func(store.Reader) error) error {
	own, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	var s *pgSession
	var now muster.Instant
	for try := 1; ; try++ {
		conn, err := p.pool.Acquire(own)
		switch {
		case err != nil && p.closed.Load():
			return errClosed()
		case err != nil:
			return notRead(err)
		}
		s = &pgSession{ctx: own, conn: conn.Conn()}
		if now, err = s.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err == nil {
			defer conn.Release()
			break
		}
		conn.Release() // a connection that broke while it waited in the pool; the next may be good
		if try == pgConns || own.Err() != nil {
			return p.d.explain(err)
		}
	}
	t := &tx{s: s, d: p.d, now: now, alive: own.Err}
	defer func() {
		t.end()
		s.rollback()
	}()
	if err := fn(t); err != nil {
		return err
	}
	return t.err
}
