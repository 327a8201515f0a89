package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"github.com/muster-oncall/muster"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. It refuses a database that a newer Muster has changed: an old one must not write
// what the new one no longer reads.
func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	has, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("reading the version of the database: %w", err)
	}
	newest := int64(0)
	for _, s := range provider.ListSources() {
		newest = max(newest, s.Version)
	}
	if has > newest {
		return muster.Errorf(muster.ErrConflict, "the database was changed by a newer Muster (schema %d, this one knows %d): start that version, or restore a backup", has, newest)
	}
	if has == newest {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the database up to date: %w", err)
	}
	return nil
}

func migrateSQLite(ctx context.Context, path string) error {
	connector, err := sqlite.NewConnector(liteDSN(path, "busy_timeout(5000)"))
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	return migrate(ctx, goose.DialectSQLite3, db)
}
