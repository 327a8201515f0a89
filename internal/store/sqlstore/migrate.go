package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"github.com/muster-oncall/muster"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are additive: new tables, new columns with a default, indexes that refuse nothing. So an older Muster works on
// a newer schema, during an upgrade node by node and when an upgrade is taken back. A migration that older versions
// cannot live with says so in a comment that begins with breaking and tells why; it raises the floor. The floor is kept in
// the database: a Muster that does not know a schema as new as that is refused at its start.
const (
	breaking  = "-- Breaks older versions:"
	metaFloor = "schema_floor"
)

// schema is the migrations that a version of Muster knows.
type schema struct {
	files  fs.FS
	newest int64
	floor  int64 // a Muster that does not know this one cannot work with it
}

// schemaOf reads the migrations of a folder.
func schemaOf(files fs.FS) (s schema, err error) {
	s.files = files
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return s, err
	}
	for _, name := range names {
		number, err := goose.NumericComponent(name)
		if err != nil {
			return s, err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return s, err
		}
		s.newest = max(s.newest, number)
		if strings.Contains(string(text), breaking) {
			s.floor = max(s.floor, number)
		}
	}
	return s, nil
}

// ownSchema is that of this version.
func ownSchema() (schema, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return schema{}, err
	}
	return schemaOf(dir)
}

// SchemaSum is the same for the same migrations.
func SchemaSum() (string, error) {
	s, err := ownSchema()
	if err != nil {
		return "", err
	}
	names, err := fs.Glob(s.files, "*.sql")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range names {
		text, err := fs.ReadFile(s.files, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// migrate brings the schema up to date, or to a version on the way there when to is not 0. A database that a newer Muster
// has changed is taken as it is if this one can work with it, and refused if not: an old one must not write what the new
// one no longer reads. A migration whose number is not the highest can come late, as those of several people do: a database
// that took a later one before takes it then, because additive ones need no order.
func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, s schema, to int64, log *slog.Logger) error {
	provider, err := goose.NewProvider(dialect, db, s.files, goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	has, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("reading the version of the database: %w", err)
	}
	switch {
	case has > s.newest:
		return newer(ctx, db, has, s, log)
	case to != 0:
		_, err = provider.UpTo(ctx, to)
	default:
		_, err = provider.Up(ctx)
	}
	if err != nil {
		return fmt.Errorf("bringing the database up to date: %w", err)
	}
	if to != 0 {
		return nil
	}
	return keepFloor(ctx, db, s)
}

// newer says whether this Muster can work with a database that a newer one has changed.
func newer(ctx context.Context, db *sql.DB, has int64, s schema, log *slog.Logger) error {
	floor, err := readFloor(ctx, db)
	if err != nil {
		return err
	}
	if floor == 0 || floor > s.newest {
		return muster.Errorf(muster.ErrConflict, "the database was changed by a newer Muster (schema %d, this one knows %d): start that version, or restore a backup", has, s.newest)
	}
	log.Warn("the database was changed by a newer Muster: this one works with it, but not with what is new", "schema", has, "known", s.newest)
	return nil
}

// readFloor gives the floor that was kept, 0 when none was.
func readFloor(ctx context.Context, db *sql.DB) (int64, error) {
	var text string
	err := db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = '"+metaFloor+"'").Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the version of the database: %w", err)
	}
	floor, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading the version of the database: %w", err)
	}
	return floor, nil
}

// keepFloor tells older versions whether they can work with this schema.
func keepFloor(ctx context.Context, db *sql.DB, s schema) error {
	floor, err := readFloor(ctx, db)
	if err != nil || floor == s.floor {
		return err
	}
	if _, err := db.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('"+metaFloor+"', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		strconv.FormatInt(s.floor, 10)); err != nil {
		return fmt.Errorf("keeping the version of the database: %w", err)
	}
	return nil
}

// migrateSQLite brings the schema of a file up to date, or to a version on the way there.
func migrateSQLite(ctx context.Context, path string, s schema, to int64, log *slog.Logger) error {
	connector, err := sqlite.NewConnector(liteDSN(path, "busy_timeout(5000)"))
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	return migrate(ctx, goose.DialectSQLite3, db, s, to, log)
}
