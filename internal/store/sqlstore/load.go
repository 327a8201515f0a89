package sqlstore

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/muster-oncall/muster"
)

// Load fills an empty store with what a [Dump] read: everything or nothing. The schema is first brought to the version of
// the dump; opening the store afterwards brings it and the rows up to date, by the same migrations that every
// installation of that age goes through.
type Load struct {
	b     loader
	known map[string]bool // tables that were emptied for their rows
	once  sync.Once
}

// loader writes to one connection, inside of a transaction.
type loader interface {
	exec(ctx context.Context, text string, args ...any) error
	count(ctx context.Context, text string) (int64, error)
	insert(ctx context.Context, t Table, rows []Row) error
	commit(ctx context.Context) error
	close()
}

// OpenLoad makes the schema and begins. A store that holds anything is refused: nothing is ever overwritten. dsn is
// "sqlite:PATH" of a file that does not exist, or a "postgres://" URL of an empty database.
func OpenLoad(ctx context.Context, dsn string, version int64) (*Load, error) {
	s, err := ownSchema()
	if err != nil {
		return nil, err
	}
	if version > s.newest {
		return nil, muster.Errorf(muster.ErrConflict, "this is the data of a newer Muster (schema %d, this one knows %d): take that version", version, s.newest)
	}
	l := &Load{known: map[string]bool{}}
	if isPostgres(dsn) {
		l.b, err = loadPostgres(ctx, dsn, s, version)
	} else {
		l.b, err = loadSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"), s, version)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// isPlain reports whether a name is one that our own tables and columns could have: others are no part of a statement.
func isPlain(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Insert adds rows of a table.
func (l *Load) Insert(ctx context.Context, t Table, rows []Row) error {
	names := append([]string{t.Name}, t.names()...)
	for _, name := range names {
		if !isPlain(name) {
			return muster.Errorf(muster.ErrInvalid, "%q is no table or column of Muster's", muster.Clip(name, 40))
		}
	}
	if !l.known[t.Name] { // migrations made rows that every installation begins with
		if err := l.b.exec(ctx, "DELETE FROM "+t.Name); err != nil {
			return explainDump(fmt.Errorf("the table %s: %w", t.Name, err))
		}
		l.known[t.Name] = true
	}
	if len(rows) == 0 {
		return nil
	}
	return explainDump(l.b.insert(ctx, t, rows))
}

// SetMeta writes a single value of the installation.
func (l *Load) SetMeta(ctx context.Context, name, value string) error {
	return explainDump(l.b.exec(ctx, "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value))
}

// Count counts the rows that a table has now.
func (l *Load) Count(ctx context.Context, t Table) (int64, error) {
	n, err := l.b.count(ctx, "SELECT COUNT(*) FROM "+t.Name)
	return n, explainDump(err)
}

// Commit makes it true.
func (l *Load) Commit(ctx context.Context) error { return explainDump(l.b.commit(ctx)) }

// Close ends it; without Commit nothing was written. It may be called twice.
func (l *Load) Close() { l.once.Do(l.b.close) }

// loadLite writes to a new SQLite file.
type loadLite struct {
	conn *liteConn
	path string
	done bool
}

func loadSQLite(ctx context.Context, path string, s schema, version int64) (loader, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if os.IsExist(err) {
			return nil, muster.Errorf(muster.ErrConflict, "there is a database %s already: nothing is overwritten", path)
		}
		return nil, muster.WrapError(muster.ErrUnavailable, err, "the database file cannot be made: %v", err)
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	l := &loadLite{path: path}
	if err := migrateSQLite(ctx, path, s, version, slog.New(slog.DiscardHandler)); err != nil {
		l.close()
		return nil, err
	}
	if l.conn, err = openLite(path, "journal_mode(DELETE)", "synchronous(FULL)", "cache_size(-64000)"); err == nil {
		_, err = l.conn.exec("BEGIN IMMEDIATE")
	}
	if err != nil {
		l.close()
		return nil, explainDump(err)
	}
	return l, nil
}

func (l *loadLite) exec(_ context.Context, text string, args ...any) error {
	_, err := l.conn.exec(text, args...)
	return err
}

func (l *loadLite) count(_ context.Context, text string) (n int64, err error) {
	err = l.conn.query(func(r row) error { return r.Scan(&n) }, text)
	return n, err
}

func (l *loadLite) insert(ctx context.Context, t Table, rows []Row) error {
	in := into(t.Name, t.columns())
	for _, r := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := l.conn.exec(in.one, r...); err != nil {
			return fmt.Errorf("a row of %s: %w", t.Name, err)
		}
	}
	return nil
}

func (l *loadLite) commit(context.Context) error {
	_, err := l.conn.exec("COMMIT")
	l.done = err == nil
	return err
}

// close removes a file that was not finished: it was made here.
func (l *loadLite) close() {
	if l.conn != nil {
		_ = l.conn.close()
	}
	if !l.done {
		for _, tail := range []string{"", "-journal", "-wal", "-shm"} {
			_ = os.Remove(l.path + tail)
		}
	}
}

// loadPg writes to PostgreSQL.
type loadPg struct{ conn *pgx.Conn }

func loadPostgres(ctx context.Context, dsn string, s schema, version int64) (loader, error) {
	conn, err := connectPostgres(ctx, dsn)
	if err != nil {
		return nil, err
	}
	l := &loadPg{conn}
	if err := l.begin(ctx, s, version); err != nil {
		l.close()
		return nil, explainDump(err)
	}
	return l, nil
}

// begin refuses a database that holds anything, makes the schema and begins the transaction, in which nobody else can
// begin to write: whoever starts a node now waits, and then finds what was loaded.
func (l *loadPg) begin(ctx context.Context, s schema, version int64) error {
	var tables []string
	rows, err := l.conn.Query(ctx, pgTables)
	if err != nil {
		return err
	}
	if tables, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return err
	}
	for _, t := range tables {
		n, err := l.count(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM "+pgx.Identifier{t}.Sanitize()+" LIMIT 1) AS held")
		if err != nil {
			return err
		}
		if n > 0 && t != gooseTable && t != "counter" && t != "meta" {
			return muster.Errorf(muster.ErrConflict, "the database is not empty (there are rows in the table %s): nothing is overwritten", t)
		}
		if n > 0 && t == "meta" {
			if n, err = l.count(ctx, "SELECT COUNT(*) FROM meta WHERE name <> '"+metaFloor+"'"); err != nil {
				return err
			}
			if n > 0 {
				return muster.Errorf(muster.ErrConflict, "a Muster was started on this database already: nothing is overwritten. Make a new database, and start Muster on it after this")
			}
		}
	}
	if err := migratePostgres(ctx, l.conn.Config(), s, version, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if _, err := l.conn.Exec(ctx, migrationLock); err != nil {
		return err
	}
	var has int64
	if err := l.conn.QueryRow(ctx, "SELECT MAX(version_id) FROM "+gooseTable).Scan(&has); err != nil {
		return err
	}
	if has != version {
		return muster.Errorf(muster.ErrConflict, "the database has the schema %d, and the data has %d: make a new database", has, version)
	}
	_, err = l.conn.Exec(ctx, "BEGIN")
	return err
}

func (l *loadPg) exec(ctx context.Context, text string, args ...any) error {
	_, err := l.conn.Exec(ctx, text, args...)
	return err
}

func (l *loadPg) count(ctx context.Context, text string) (n int64, err error) {
	err = l.conn.QueryRow(ctx, text).Scan(&n)
	return n, err
}

func (l *loadPg) insert(ctx context.Context, t Table, rows []Row) error {
	_, err := l.conn.CopyFrom(ctx, pgx.Identifier{t.Name}, t.names(), pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return rows[i], nil }))
	if err != nil {
		return fmt.Errorf("rows of %s: %w", t.Name, err)
	}
	return nil
}

func (l *loadPg) commit(ctx context.Context) error {
	tag, err := l.conn.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("the database answered %s", strconv.Quote(tag.String()))
	}
	return err
}

func (l *loadPg) close() { _ = l.conn.Close(context.Background()) }
