// Package freshdb gives tests new databases whose schema is there already: copies of one that the migrations made once. That
// migrations work is tried by sqlstore, and by the built binary in e2e. It may import sqlstore.
package freshdb

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

// SQLite makes a new database at a path. A file that is there stays as it is.
func SQLite(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	image, err := imageFile()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(image)
	if errors.Is(err, fs.ErrNotExist) {
		b, err = makeImage(t.Context(), image)
	}
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// imageFile is where the image of this schema lies: all test processes share it.
func imageFile() (string, error) {
	sum, err := sqlstore.SchemaSum()
	if err != nil {
		return "", err
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "muster-test", "schema-"+sum+".db"), nil
}

// makeImage lets the migrations make a database, and keeps it for the next ones. It appears whole or not at all.
func makeImage(ctx context.Context, image string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(image), 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(image), "new-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "muster.db")
	db, err := sqlstore.Open(ctx, "sqlite:"+file, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // which brings everything into the one file
		return nil, err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return b, os.Rename(file, image)
}

// lockKey keeps several test processes from making the same template.
const lockKey = 5_287_001

// Postgres makes a new database on a cluster and returns its DSN. The test's end drops it.
func Postgres(t testing.TB, server string) string {
	t.Helper()
	sum, err := sqlstore.SchemaSum()
	if err != nil {
		t.Fatal(err)
	}
	template, name := "schema_"+sum, "fresh_"+muster.NewIDs(rand.Reader).Token(8)
	on(t, server, func(ctx context.Context, conn *pgx.Conn) error {
		if err := makeTemplate(ctx, conn, server, template); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
		return err
	})
	t.Cleanup(func() {
		on(t, server, func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			return err
		})
	})
	return withName(server, name)
}

func makeTemplate(ctx context.Context, conn *pgx.Conn, server, template string) error {
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lockKey); err != nil {
		return err
	}
	defer conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", lockKey) //nolint:errcheck // it ends with the connection, too
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", template).Scan(&there); err != nil || there {
		return err
	}
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+template+"_new WITH (FORCE)"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+template+"_new"); err != nil {
		return err
	}
	db, err := sqlstore.Open(ctx, withName(server, template+"_new"), sqlstore.Options{})
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+template+"_new RENAME TO "+template)
	return err
}

// on runs fn with a connection of its own.
func on(t testing.TB, server string, fn func(ctx context.Context, conn *pgx.Conn) error) {
	t.Helper()
	ctx := context.Background() // also after the test's end
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("the tests' PostgreSQL cannot be reached: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }() // what was to be done is done, or was told
	if err := fn(ctx, conn); err != nil {
		t.Errorf("a database for the test: %v", err)
	}
}

func withName(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}
