package sqlstore

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// Options are what a store needs from the one who opens it. The zero value works.
type Options struct {
	// OnCommit gets the events of each commit, in the order of Emit, before the callers of Write get their answer. On SQLite
	// the writer waits for it: it must be quick and must not write. On PostgreSQL commits come from many goroutines at once,
	// and the events of two commits may come in either order.
	OnCommit func([]store.Event)
	// OnHint gets what other nodes' commits made true, some milliseconds after them, without Delivery and Ready; nil: nobody
	// listens. An event of store.TopicMissed comes first and whenever hints may have been lost. PostgreSQL only.
	OnHint func([]store.Event)
	// Log gets what nobody is there to be told: panics, slow commands, lost transactions.
	Log *slog.Logger
	// Failpoint is called with "commit: before", "commit: after" and "commit: reply", for tests that crash there.
	Failpoint func(name string)
	// Timeout bounds one command on PostgreSQL, its commit apart and as long again; 0 is 5 seconds.
	Timeout time.Duration

	schema schema // what this version knows; tests are of other versions
}

// DB is a store on SQLite or PostgreSQL.
type DB struct{ b backend }

type backend interface {
	write(ctx context.Context, lane store.Lane, op string, fn func(store.Tx) error) error
	read(ctx context.Context, fn func(store.Reader) error) error
	close() error
}

var _ store.DB = (*DB)(nil)

// Open opens the store, makes it if need be, and brings its schema up to date. dsn is "sqlite:PATH", a plain path, or a
// "postgres://" URL, which may list several hosts with target_session_attrs=read-write.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	if o.OnCommit == nil {
		o.OnCommit = func([]store.Event) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Failpoint == nil {
		o.Failpoint = func(string) {}
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.schema.files == nil {
		var err error
		if o.schema, err = ownSchema(); err != nil {
			return nil, err
		}
	}
	if isPostgres(dsn) {
		p, err := openPostgres(ctx, dsn, &o)
		if err != nil {
			return nil, err
		}
		return &DB{b: p}, nil
	}
	path := strings.TrimPrefix(dsn, "sqlite:")
	if scheme, _, isURL := strings.Cut(path, "://"); isURL || path == "" || strings.HasPrefix(path, ":memory:") {
		if !isURL {
			scheme = path // the rest of a URL may hold a password
		}
		return nil, muster.Errorf(muster.ErrInvalid, "%q is no database of Muster's: write sqlite:PATH or postgres://USER@HOST/NAME", muster.Clip(scheme, 20))
	}
	l, err := openSQLite(ctx, path, &o)
	if err != nil {
		return nil, err
	}
	return &DB{b: l}, nil
}

// Write runs fn in a transaction of its own, see [store.DB].
func (db *DB) Write(ctx context.Context, lane store.Lane, op string, fn func(tx store.Tx) error) error {
	return db.b.write(ctx, lane, op, fn)
}

// Read runs fn on one snapshot, see [store.DB].
func (db *DB) Read(ctx context.Context, fn func(r store.Reader) error) error {
	return db.b.read(ctx, fn)
}

// Close waits for commands that have begun and closes the store. Commands that still wait are not done.
func (db *DB) Close() error { return db.b.close() }
