package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/muster-oncall/muster"
)

// pgSession is a transaction on one connection to PostgreSQL.
type pgSession struct {
	ctx  context.Context //nolint:containedctx // the deadline of the transaction, which lives as long as this value
	conn *pgx.Conn
	open bool
}

// begin begins a transaction and reads the database's clock in the same round trip.
func (s *pgSession) begin(text string) (muster.Instant, error) {
	results := s.conn.PgConn().Exec(s.ctx, text+"; "+pgNow)
	var us int64
	var parse error
	for results.NextResult() {
		for r := results.ResultReader(); r.NextRow(); {
			us, parse = strconv.ParseInt(string(r.Values()[0]), 10, 64)
		}
	}
	if err := results.Close(); err != nil {
		return muster.Instant{}, err
	}
	s.open = true
	return muster.FromMicros(us), parse
}

// rollback ends the transaction if the connection still works; else the pool throws the connection away.
func (s *pgSession) rollback() {
	if s.open && !s.conn.IsClosed() {
		_, _ = s.conn.Exec(s.ctx, "ROLLBACK")
	}
	s.open = false
}

var errNotReplicated = errors.New("the server gave up waiting for its standby")

// commit ends the transaction. It waits for its answer as long as timeout, then drops the connection without a word.
func (s *pgSession) commit(timeout time.Duration) error {
	s.open = false
	drop := time.AfterFunc(timeout, func() { _ = s.conn.PgConn().Conn().Close() })
	defer drop.Stop()
	delete(s.conn.PgConn().CustomData(), noticed)
	tag, err := s.conn.Exec(context.Background(), "COMMIT")
	switch {
	case err != nil:
		return err
	case s.conn.PgConn().CustomData()[noticed] != nil:
		return errNotReplicated
	case tag.String() == "ROLLBACK":
		return &rolledBack
	}
	return nil
}

// rolledBack is a commit that the server turned into a rollback, because a statement had failed.
var rolledBack = muster.Error{Code: muster.ErrInternal, Message: "nothing was changed: a statement had failed"}

// arguments makes texts storable; the driver takes the rest as it is.
func arguments(args []any) []any {
	for i, a := range args {
		if text, ok := a.(string); ok {
			if clean := storable(text); clean != text {
				args[i] = clean
			}
		}
	}
	return args
}

func (s *pgSession) exec(text string, args ...any) (int64, error) {
	tag, err := s.conn.Exec(s.ctx, text, arguments(args)...)
	if err != nil {
		return 0, fmt.Errorf("%.60q: %w", text, err)
	}
	return tag.RowsAffected(), nil
}

func (s *pgSession) query(each func(row) error, text string, args ...any) error {
	rows, err := s.conn.Query(s.ctx, text, arguments(args)...)
	if err != nil {
		return fmt.Errorf("%.60q: %w", text, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%.60q: %w", text, err)
	}
	return nil
}

// many sends every statement at once and then reads the answers.
func (s *pgSession) many(text string, width int, args []any) ([]int64, error) {
	if len(args) == width {
		n, err := s.exec(text, args...)
		return []int64{n}, err
	}
	batch := &pgx.Batch{}
	for ; len(args) > 0; args = args[width:] {
		batch.Queue(text, arguments(args[:width:width])...)
	}
	return s.send(batch, text)
}

// change sends one statement with a list for each value.
func (s *pgSession) change(ch *alteration, args []any) ([]int64, error) {
	if len(args) == ch.width {
		n, err := s.exec(ch.one, args...)
		return []int64{n}, err
	}
	rows := len(args) / ch.width
	lists := make([]any, ch.width)
	for c, kind := range ch.kinds {
		if kind == 't' {
			list := make([]string, rows)
			for r := range list {
				text, ok := args[r*ch.width+c].(string)
				if !ok {
					return nil, fmt.Errorf("%.60q: value %d is a %T", ch.all, c+1, args[r*ch.width+c])
				}
				list[r] = storable(text)
			}
			lists[c] = list
			continue
		}
		list := make([]pgtype.Int8, rows)
		for r := range list {
			switch n := args[r*ch.width+c].(type) {
			case int64:
				list[r] = pgtype.Int8{Int64: n, Valid: true}
			case int:
				list[r] = pgtype.Int8{Int64: int64(n), Valid: true}
			case nil:
			default:
				return nil, fmt.Errorf("%.60q: value %d is a %T", ch.all, c+1, n)
			}
		}
		lists[c] = list
	}
	place := make(map[string]int, rows)
	for r := range rows {
		key, _ := args[r*ch.width].(string) // it was one above
		place[storable(key)] = r
	}
	changed := make([]int64, rows)
	return changed, s.query(func(r row) error {
		var key string
		err := r.Scan(&key)
		changed[place[key]]++
		return err
	}, ch.all, lists...)
}

// insert cuts sets into powers of two, so that few texts are prepared.
func (s *pgSession) insert(in *insertion, args []any) error {
	if len(args) == in.width {
		_, err := s.exec(in.one, args...)
		return err
	}
	batch := &pgx.Batch{}
	for i := len(powers) - 1; len(args) > 0; i-- {
		n := powers[i]
		if len(args) < n*in.width {
			continue
		}
		text := in.some[i]()
		for ; len(args) >= n*in.width; args = args[n*in.width:] {
			batch.Queue(text, arguments(args[:n*in.width:n*in.width])...)
		}
	}
	_, err := s.send(batch, "INSERT INTO "+in.table)
	return err
}

func (s *pgSession) send(batch *pgx.Batch, text string) ([]int64, error) {
	results := s.conn.SendBatch(s.ctx, batch)
	changed := make([]int64, 0, batch.Len())
	for range batch.Len() {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close()
			return nil, fmt.Errorf("%.60q: %w", text, err)
		}
		changed = append(changed, tag.RowsAffected())
	}
	return changed, results.Close()
}
