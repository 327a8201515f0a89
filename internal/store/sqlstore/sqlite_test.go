package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, hook func([]store.Event)) store.DB {
		return open(t, "sqlite:"+filepath.Join(t.TempDir(), "muster ? %41.db"), hook)
	})
}

func open(t testing.TB, dsn string, hook func([]store.Event)) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{OnCommit: hook})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
