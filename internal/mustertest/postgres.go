package mustertest

import (
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
)

// newDatabase makes a database of the test's own on a cluster and drops it at the end.
func newDatabase(t testing.TB, dsn string) string {
	t.Helper()
	b := make([]byte, 6)
	_, _ = rand.Read(b) // crypto/rand does not fail
	name := "muster_test_" + hex.EncodeToString(b)
	exec := func(sql string) {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatalf("the tests' PostgreSQL cannot be reached: %v", err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE DATABASE " + name)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
