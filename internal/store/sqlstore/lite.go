package sqlstore

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// lite is the store on SQLite: the writer and the readers.
type lite struct {
	o       *Options
	d       *dialect
	path    string
	writer  *writer
	readers chan *liteConn // of a fixed length; nil: not opened yet
	once    sync.Once
	closed  chan struct{}
}

func openSQLite(ctx context.Context, path string, o *Options) (*lite, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite itself would let everybody read what is sealed inside
	if err != nil {
		return nil, muster.WrapError(muster.ErrUnavailable, err, "the database file cannot be opened: %v", err)
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	conn, err := openLite(path, "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)", "cache_size(-16000)")
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	err = conn.watch()
	if err == nil {
		err = migrateSQLite(ctx, path, o.schema, 0, o.Log)
	}
	if err != nil {
		_ = conn.close()
		return nil, err
	}
	l := &lite{o: o, d: liteDialect(), path: path, readers: make(chan *liteConn, max(4, runtime.GOMAXPROCS(0))), closed: make(chan struct{})}
	for range cap(l.readers) {
		l.readers <- nil
	}
	l.writer = startWriter(conn, l.d, o)
	return l, nil
}

// close ends the writer, waits for the readers and closes every connection.
func (l *lite) close() error {
	var err error
	l.once.Do(func() {
		close(l.closed)
		if l.writer != nil { // that of a Reader is nil
			l.writer.close()
		}
		for range cap(l.readers) {
			if r := <-l.readers; r != nil {
				_ = r.close()
			}
		}
		if l.writer != nil {
			err = l.writer.conn.close()
		}
	})
	return err
}

func (l *lite) write(ctx context.Context, lane store.Lane, op string, fn func(store.Tx) error) error {
	return l.writer.write(ctx, lane, op, fn)
}

// read runs fn in one deferred transaction, that is on the snapshot that its first statement meets.
func (l *lite) read(ctx context.Context, fn func(store.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return notRead(err)
	}
	var conn *liteConn
	select {
	case <-l.closed:
		return errClosed()
	default:
	}
	select {
	case conn = <-l.readers:
	case <-l.closed:
		return errClosed()
	case <-ctx.Done():
		return notRead(ctx.Err())
	}
	defer func() { l.readers <- conn }()
	if conn == nil {
		fresh, err := openLite(l.path, "query_only(1)", "cache_size(-2000)")
		if err != nil {
			return l.d.explain(err)
		}
		conn = fresh
	}
	if _, err := conn.exec("BEGIN"); err != nil {
		return l.d.explain(err)
	}
	t := &tx{s: conn, d: l.d, now: muster.At(time.Now()), alive: ctx.Err}
	defer func() {
		t.end()
		if _, err := conn.exec("ROLLBACK"); err != nil { // it only read; this also ends what a panic left
			_ = conn.close()
			conn = nil
		}
	}()
	if err := fn(t); err != nil {
		return err
	}
	return t.err
}

func notRead(cause error) error {
	return muster.WrapError(muster.ErrUnavailable, cause, "the request was given up while it waited: try again")
}
