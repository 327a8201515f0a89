package sqlstore_test

import (
	"testing"

	"github.com/muster-oncall/muster/internal/store"
	"github.com/muster-oncall/muster/internal/store/storetest"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, hook func([]store.Event)) store.DB {
		return open(t, storetest.Postgres(t), hook)
	})
}
