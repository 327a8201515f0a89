package sqlstore

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"github.com/muster-oncall/muster"
)

// dialect holds everything that the two databases do differently in a statement. A new field is a decision: there are at
// most ten.
type dialect struct {
	lock     string                // behind the SELECT of a row that a Tx will change
	claim    string                // behind the SELECT of rows that only one claimer may get
	in       func(n string) string // "is one of", for a list that is one argument
	list     func([]string) any    // that argument
	isUnique func(error) bool      // a unique index refused a row
	isRetry  func(error) bool      // the transaction did nothing and may be run again
	isDown   func(error) bool      // the database cannot do anything at present: disk full, disk broken, server going down
}

// SQLite's result codes, of which the low byte is the family.
const (
	liteBusy             = 5
	liteLocked           = 6
	liteNoMemory         = 7
	liteReadOnly         = 8
	liteIO               = 10
	liteFull             = 13
	liteCannotOpen       = 14
	liteConstraint       = 19
	liteConstraintUnique = 2067
	liteConstraintKey    = 1555
)

func liteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

func liteDialect() *dialect {
	return &dialect{
		in: func(n string) string { return "IN (SELECT value FROM json_each(" + n + "))" },
		list: func(list []string) any {
			b, err := json.Marshal(list)
			if err != nil {
				return "[]" // strings have no other JSON
			}
			return string(b)
		},
		isUnique: func(err error) bool {
			c := liteCode(err)
			return c == liteConstraintUnique || c == liteConstraintKey
		},
		isRetry: func(error) bool { return false }, // one writer: nobody is in its way
		isDown: func(err error) bool {
			switch liteCode(err) & 0xff {
			case liteBusy, liteLocked, liteNoMemory, liteReadOnly, liteIO, liteFull, liteCannotOpen:
				return true
			}
			return false
		},
	}
}

// pgNow reads PostgreSQL's clock. It is the only statement that reads a clock: once per transaction, at its beginning, so
// that leases are judged by one clock on every node. SQLite belongs to one process, whose clock it is.
const pgNow = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"

// PostgreSQL's SQLSTATE codes.
const (
	pgUnique          = "23505"
	pgSerialization   = "40001"
	pgDeadlock        = "40P01"
	pgLockUnavailable = "55P03"
	pgReadOnly        = "25006" // the server became a standby
)

func pgCode(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

func pgDialect() *dialect {
	return &dialect{
		lock:     " FOR UPDATE",
		claim:    " FOR UPDATE SKIP LOCKED",
		in:       func(n string) string { return "= ANY(" + n + ")" },
		list:     func(list []string) any { return list },
		isUnique: func(err error) bool { return pgCode(err) == pgUnique },
		isRetry:  func(err error) bool { c := pgCode(err); return c == pgSerialization || c == pgDeadlock },
		isDown: func(err error) bool {
			c := pgCode(err)
			// 53 is out of resources, 57 and 58 an operator or the system, 08 a connection; no code at all is a broken one.
			return c == pgLockUnavailable || strings.HasPrefix(c, "53") || strings.HasPrefix(c, "57") || strings.HasPrefix(c, "58") ||
				strings.HasPrefix(c, "08") || c == pgReadOnly || c == "" && isBroken(err)
		},
	}
}

// explain words the error of a statement for users; the cause stays inside for the log.
func (d *dialect) explain(err error) error {
	var e *muster.Error
	switch {
	case errors.As(err, &e):
		return err
	case d.isUnique(err):
		return muster.WrapError(muster.ErrConflict, err, "this exists already: look at what is there, then try again")
	case d.isRetry(err):
		return muster.WrapError(muster.ErrUnavailable, err, "too many changes at the same time: try again")
	case d.isDown(err):
		return muster.WrapError(muster.ErrUnavailable, err, "the database cannot be used at present: try again")
	}
	return muster.WrapError(muster.ErrInternal, err, "the database refused a statement: the log says more")
}
