package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/muster-oncall/muster"
)

// pgSession is a transaction on one connection to PostgreSQL. An INSERT waits for the statement behind it, so that both make
// one journey to the server; whoever ends the transaction calls settle first. An error of an INSERT is therefore told by what
// follows it.
type pgSession struct {
	ctx    context.Context //nolint:containedctx // the deadline of the transaction, which lives as long as this value
	conn   *pgx.Conn
	open   bool
	queued *pgx.Batch // INSERTs that wait; nil for none
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
	s.open, s.queued = false, nil
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
	if s.queued != nil {
		batch := s.take()
		batch.Queue(text, arguments(args)...)
		n, err := s.send(batch)
		if err != nil {
			return 0, err
		}
		return n[len(n)-1], nil
	}
	tag, err := s.conn.Exec(s.ctx, text, arguments(args)...)
	if err != nil {
		return 0, fmt.Errorf("%.60q: %w", text, err)
	}
	return tag.RowsAffected(), nil
}

func (s *pgSession) query(each func(row) error, text string, args ...any) error {
	if s.queued == nil {
		rows, err := s.conn.Query(s.ctx, text, arguments(args)...)
		return scan(rows, err, each, text)
	}
	batch := s.take()
	before := batch.QueuedQueries
	batch.Queue(text, arguments(args)...)
	results := s.conn.SendBatch(s.ctx, batch)
	if _, err := answers(results, before); err != nil {
		return err
	}
	rows, err := results.Query()
	if err := scan(rows, err, each, text); err != nil {
		_ = results.Close()
		return err
	}
	return results.Close()
}

func scan(rows pgx.Rows, err error, each func(row) error, text string) error {
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

// take gives what waits, to be sent with what comes behind it.
func (s *pgSession) take() *pgx.Batch {
	batch := s.queued
	s.queued = nil
	if batch == nil {
		batch = &pgx.Batch{}
	}
	return batch
}

// settle sends what waits.
func (s *pgSession) settle() error {
	if s.queued == nil {
		return nil
	}
	_, err := s.send(s.take())
	return err
}

// many sends every statement at once and then reads the answers.
func (s *pgSession) many(text string, width int, args []any) ([]int64, error) {
	if len(args) == width {
		n, err := s.exec(text, args...)
		return []int64{n}, err
	}
	batch := s.take()
	before := batch.Len()
	for ; len(args) > 0; args = args[width:] {
		batch.Queue(text, arguments(args[:width:width])...)
	}
	n, err := s.send(batch)
	if err != nil {
		return nil, err
	}
	return n[before:], nil
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

// insert cuts sets into powers of two, so that few texts are prepared. It keeps none of args.
func (s *pgSession) insert(in *insertion, args []any) error {
	args = arguments(slices.Clone(args))
	if s.queued == nil {
		s.queued = &pgx.Batch{}
	}
	for i := len(powers) - 1; len(args) > 0; i-- {
		n := powers[i]
		if len(args) < n*in.width {
			continue
		}
		text := in.some[i]()
		for ; len(args) >= n*in.width; args = args[n*in.width:] {
			s.queued.Queue(text, args[:n*in.width:n*in.width]...)
		}
	}
	return nil
}

// send sends every statement at once, reads the answers, and tells how many rows each of them changed.
func (s *pgSession) send(batch *pgx.Batch) ([]int64, error) {
	results := s.conn.SendBatch(s.ctx, batch)
	changed, err := answers(results, batch.QueuedQueries)
	if err != nil {
		return nil, err
	}
	return changed, results.Close()
}

// answers reads the answers to statements. After an error there are no more.
func answers(results pgx.BatchResults, to []*pgx.QueuedQuery) ([]int64, error) {
	changed := make([]int64, 0, len(to))
	for _, q := range to {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close()
			return nil, fmt.Errorf("%.60q: %w", q.SQL, err)
		}
		changed = append(changed, tag.RowsAffected())
	}
	return changed, nil
}
