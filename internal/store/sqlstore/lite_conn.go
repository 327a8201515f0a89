package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"modernc.org/sqlite"
)

// liteConn is one connection to SQLite with its prepared statements. It uses the driver itself: database/sql would add
// locks, a goroutine and a context to each statement, and none of them is wanted here. One goroutine at a time.
type liteConn struct {
	conn  driver.Conn
	stmts map[string]*liteStmt
	named []driver.NamedValue // arguments, used again
	rows  liteRow

	rolled bool // back, by us or by SQLite itself, since begin; of a watched connection
}

// liteStmt is a prepared statement. order says which argument each placeholder takes.
type liteStmt struct {
	stmt  driver.Stmt
	order []int
}

// maxStmts bounds the cache: filters make many texts, but far fewer than this in one installation.
const maxStmts = 500

func liteDSN(path string, pragmas ...string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + url.Values{"_pragma": pragmas}.Encode()
}

// openLite opens a connection. pragmas come behind those that every connection has.
func openLite(path string, pragmas ...string) (*liteConn, error) {
	connector, err := sqlite.NewConnector(liteDSN(path, append([]string{"busy_timeout(5000)", "foreign_keys(1)", "temp_store(2)"}, pragmas...)...))
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	return &liteConn{conn: conn, stmts: map[string]*liteStmt{}}, nil
}

// watch keeps rolled. SQLite rolls a transaction back by itself when the disk is full or broken.
func (c *liteConn) watch() error {
	hooks, ok := c.conn.(sqlite.HookRegisterer)
	if !ok {
		return errDriver
	}
	hooks.RegisterRollbackHook(func() { c.rolled = true })
	return nil
}

// begin begins the transaction of a watched connection.
func (c *liteConn) begin() error {
	_, err := c.exec("BEGIN IMMEDIATE")
	c.rolled = false
	return err
}

func (c *liteConn) close() error {
	c.forget()
	if hooks, ok := c.conn.(sqlite.HookRegisterer); ok {
		hooks.RegisterRollbackHook(nil)
	}
	return c.conn.Close()
}

func (c *liteConn) forget() {
	for text, s := range c.stmts {
		_ = s.stmt.Close()
		delete(c.stmts, text)
	}
}

// prepare gives the statement of a text. Placeholders become "?": the driver compares the names of others one by one.
func (c *liteConn) prepare(text string) (*liteStmt, error) {
	if s := c.stmts[text]; s != nil {
		return s, nil
	}
	if len(c.stmts) >= maxStmts {
		c.forget()
	}
	var b strings.Builder
	var order []int
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "$")
		b.WriteString(before)
		if !found {
			break
		}
		end := 0
		for end < len(after) && after[end] >= '0' && after[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(after[:end])
		if err != nil {
			return nil, fmt.Errorf("a placeholder without a number in %q", text)
		}
		order = append(order, n-1)
		b.WriteByte('?')
		rest = after[end:]
	}
	stmt, err := c.conn.Prepare(b.String())
	if err != nil {
		return nil, fmt.Errorf("preparing %q: %w", text, err)
	}
	s := &liteStmt{stmt: stmt, order: order}
	c.stmts[text] = s
	return s, nil
}

// bind puts the arguments into the order of the placeholders.
func (c *liteConn) bind(s *liteStmt, args []any) ([]driver.NamedValue, error) {
	c.named = c.named[:0]
	for i, n := range s.order {
		if n >= len(args) {
			return nil, fmt.Errorf("argument $%d is missing", n+1)
		}
		v := args[n]
		switch a := v.(type) {
		case string:
			v = storable(a)
		case int:
			v = int64(a)
		case int64, bool, []byte, nil:
		default:
			return nil, fmt.Errorf("argument $%d is a %T", n+1, v)
		}
		c.named = append(c.named, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.named, nil
}

var errDriver = errors.New("the driver of SQLite lacks what Muster needs")

func (c *liteConn) exec(text string, args ...any) (int64, error) {
	s, err := c.prepare(text)
	if err != nil {
		return 0, err
	}
	return c.run(s, args)
}

func (c *liteConn) run(s *liteStmt, args []any) (int64, error) {
	named, err := c.bind(s, args)
	if err != nil {
		return 0, err
	}
	stmt, ok := s.stmt.(driver.StmtExecContext)
	if !ok {
		return 0, errDriver
	}
	result, err := stmt.ExecContext(context.Background(), named)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *liteConn) query(each func(row) error, text string, args ...any) error {
	s, err := c.prepare(text)
	if err != nil {
		return err
	}
	named, err := c.bind(s, args)
	if err != nil {
		return err
	}
	stmt, ok := s.stmt.(driver.StmtQueryContext)
	if !ok {
		return errDriver
	}
	rows, err := stmt.QueryContext(context.Background(), named)
	if err != nil {
		return err
	}
	width := len(rows.Columns())
	for len(c.rows) < width {
		c.rows = append(c.rows, nil)
	}
	values := c.rows[:width]
	for {
		if err = rows.Next(values); err != nil {
			break
		}
		if err = each(values); err != nil {
			break
		}
	}
	if closing := rows.Close(); errors.Is(err, io.EOF) {
		err = closing
	}
	return err
}

func (c *liteConn) many(text string, width int, args []any) ([]int64, error) {
	s, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	changed := make([]int64, 0, len(args)/width)
	for ; len(args) > 0; args = args[width:] {
		n, err := c.run(s, args[:width])
		if err != nil {
			return nil, err
		}
		changed = append(changed, n)
	}
	return changed, nil
}

// change runs a statement for each row: that is as quick here as one for all, which would have to find them in a text.
func (c *liteConn) change(ch *alteration, args []any) ([]int64, error) {
	return c.many(ch.one, ch.width, args)
}

func (c *liteConn) insert(in *insertion, args []any) error {
	s, err := c.prepare(in.one)
	if err != nil {
		return err
	}
	for ; len(args) > 0; args = args[in.width:] {
		if _, err := c.run(s, args[:in.width]); err != nil {
			return err
		}
	}
	return nil
}

// liteRow is a row as the driver gives it.
type liteRow []driver.Value

// Scan copies the values of a row to where they belong.
func (r liteRow) Scan(dest ...any) error {
	if len(dest) != len(r) {
		return fmt.Errorf("%d columns for %d places", len(r), len(dest))
	}
	for i, d := range dest {
		ok := true
		switch d := d.(type) {
		case *string:
			*d, ok = r[i].(string)
		case *int64:
			*d, ok = r[i].(int64)
		case *int:
			var n int64
			n, ok = r[i].(int64)
			*d = int(n)
		case *bool:
			var n int64
			n, ok = r[i].(int64)
			*d = n != 0
		case *[]byte:
			switch v := r[i].(type) {
			case string:
				*d = []byte(v)
			case []byte:
				*d = v
			case nil:
				*d = nil
			default:
				ok = false
			}
		default:
			ok = false
		}
		if !ok {
			return fmt.Errorf("column %d is a %T, wanted for a %T", i+1, r[i], d)
		}
	}
	return nil
}
