package storetest

import (
	"crypto/rand"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/muster-oncall/muster"
)

// Postgres makes an empty database on the test's PostgreSQL (a superuser's DSN in MUSTER_TEST_POSTGRES) and gives its DSN;
// at the end of the test the database is dropped, whoever is still connected. Without the DSN the test is skipped, or
// fails where MUSTER_TEST_REQUIRED is set.
func Postgres(t testing.TB) string {
	t.Helper()
	server := Server(t)
	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("MUSTER_TEST_POSTGRES is not a URL")
	}
	name := "test_" + muster.NewIDs(rand.Reader).Token(8)
	run := func(statement string) {
		conn, err := pgx.Connect(background(), server)
		if err != nil {
			t.Fatalf("connecting to MUSTER_TEST_POSTGRES: %v", err)
		}
		defer conn.Close(background())
		if _, err := conn.Exec(background(), statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	run("CREATE DATABASE " + name)
	t.Cleanup(func() { run("DROP DATABASE " + name + " WITH (FORCE)") })
	address.Path = "/" + name
	return address.String()
}

// Server is the DSN of the tests' cluster. Without one the test is skipped, and fails when make has started it.
func Server(t testing.TB) string {
	t.Helper()
	server := os.Getenv("MUSTER_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("MUSTER_TEST_REQUIRED") != "" {
			t.Fatal("MUSTER_TEST_POSTGRES is not set: run this with make test")
		}
		t.Skip("needs PostgreSQL: run make test, or set MUSTER_TEST_POSTGRES to a superuser's DSN")
	}
	return server
}
