package sqlstore

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// Reader is a store that only reads, by connections of its own: whatever holds up the store of the same database does not
// hold it up. It brings no schema up to date.
type Reader struct{ b backend }

// readers is how many connections a Reader has at most.
const readers = 2

// OpenReader opens a database that is there already. Options.Timeout bounds one read on PostgreSQL.
func OpenReader(ctx context.Context, dsn string, o Options) (*Reader, error) {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if isPostgres(dsn) {
		config, err := pgxpool.ParseConfig(dsn)
		if err != nil {
			return nil, muster.Errorf(muster.ErrInvalid, "the database's address cannot be read: write it like postgres://USER:PASSWORD@HOST:5432/NAME")
		}
		config.MaxConns = readers
		config.ConnConfig.RuntimeParams["application_name"] = "muster auditor"
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			return nil, muster.WrapError(muster.ErrUnavailable, err, "the database cannot be reached: is its address right, and is it running?")
		}
		return &Reader{&postgres{o: &o, d: pgDialect(), pool: pool}}, nil
	}
	path := strings.TrimPrefix(dsn, "sqlite:")
	if _, err := os.Stat(path); err != nil {
		return nil, muster.WrapError(muster.ErrNotFound, err, "there is no database at %s: name the data directory of an installation", path)
	}
	l := &lite{o: &o, d: liteDialect(), path: path, readers: make(chan *liteConn, readers), closed: make(chan struct{})}
	for range readers {
		l.readers <- nil
	}
	return &Reader{l}, nil
}

// Read runs fn on one snapshot, see [store.DB].
func (r *Reader) Read(ctx context.Context, fn func(r store.Reader) error) error {
	return r.b.read(ctx, fn)
}

// Close waits for readers and closes their connections.
func (r *Reader) Close() error { return r.b.close() }
