package sqlstore

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/muster-oncall/muster"
)

// Table is a table of a store. Its columns come from the database, so that a new table needs nothing to be dumped.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column of a table. Type is one of text, bigint, boolean and bytea: those that both databases have.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Row is a row of a table as both databases hold it: a string, an int64, a bool, []byte or nil for each column.
type Row []any

// Dump reads a whole store: one consistent state of it, while others go on writing. It changes nothing, brings no schema
// up to date, and reads the store of any version.
type Dump struct {
	Kind   string // sqlite or postgres
	Schema int64  // the version of its schema
	Tables []Table
	b      dumper
}

// dumper reads from one connection, inside of a transaction that is one snapshot.
type dumper interface {
	each(ctx context.Context, text string, types []string, do func(Row) error, args ...any) error
	close()
}

const (
	liteTables  = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
	liteColumns = "SELECT name, lower(type) FROM pragma_table_info($1) ORDER BY cid"
	pgTables    = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1"
	pgColumns   = "SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"
	gooseTable  = "goose_db_version"
)

// OpenDump opens a store for reading as a whole. On SQLite the log of changes grows until Close, on PostgreSQL old rows
// are kept until then.
func OpenDump(ctx context.Context, dsn string) (_ *Dump, err error) {
	d := &Dump{Kind: "postgres"}
	tables, columns := pgTables, pgColumns
	if isPostgres(dsn) {
		d.b, err = dumpPostgres(ctx, dsn)
	} else {
		d.Kind, tables, columns = "sqlite", liteTables, liteColumns
		d.b, err = dumpSQLite(strings.TrimPrefix(dsn, "sqlite:"))
	}
	if err != nil {
		return nil, err
	}
	if err := d.describe(ctx, tables, columns); err != nil {
		d.b.close()
		return nil, err
	}
	return d, nil
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// Close ends reading.
func (d *Dump) Close() { d.b.close() }

// describe reads which tables there are.
func (d *Dump) describe(ctx context.Context, tables, columns string) error {
	var names []string
	if err := d.b.each(ctx, tables, []string{"text"}, func(r Row) error {
		name, _ := r[0].(string)
		names = append(names, name)
		return nil
	}); err != nil {
		return explainDump(err)
	}
	if !slices.Contains(names, gooseTable) {
		return muster.Errorf(muster.ErrNotFound, "there is no installation of Muster in this database")
	}
	if err := d.b.each(ctx, "SELECT MAX(version_id) FROM "+gooseTable, []string{"bigint"}, func(r Row) error {
		d.Schema, _ = r[0].(int64)
		return nil
	}); err != nil {
		return explainDump(err)
	}
	for _, name := range names {
		if name == gooseTable {
			continue
		}
		t := Table{Name: name}
		if err := d.b.each(ctx, columns, []string{"text", "text"}, func(r Row) error {
			var c Column
			c.Name, _ = r[0].(string)
			c.Type, _ = r[1].(string)
			if !slices.Contains([]string{"text", "bigint", "boolean", "bytea"}, c.Type) {
				return fmt.Errorf("the column %s.%s has the type %q, which cannot be carried over", name, c.Name, c.Type)
			}
			t.Columns = append(t.Columns, c)
			return nil
		}, name); err != nil {
			return explainDump(err)
		}
		d.Tables = append(d.Tables, t)
	}
	return nil
}

// Rows reads a table, in no order.
func (d *Dump) Rows(ctx context.Context, t Table, do func(Row) error) error {
	types := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		types[i] = c.Type
	}
	return explainDump(d.b.each(ctx, "SELECT "+t.columns()+" FROM "+t.Name, types, do))
}

// Others counts the nodes of Muster that are connected to a PostgreSQL store. Nobody knows it of SQLite.
func (d *Dump) Others(ctx context.Context) (n int64, err error) {
	if d.Kind != "postgres" {
		return 0, nil
	}
	err = d.b.each(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'muster-hints'", []string{"bigint"}, func(r Row) error {
		n, _ = r[0].(int64)
		return nil
	})
	return n, explainDump(err)
}

// columns lists the columns for a statement. Names are our own, lower case and without quotes.
func (t Table) columns() string { return strings.Join(t.names(), ", ") }

func (t Table) names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// explainDump words what went wrong while a whole store was read or written.
func explainDump(err error) error {
	var e *muster.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return muster.WrapError(muster.ErrUnavailable, err, "the database cannot be carried over: %v", err)
}

// dumpLite reads from SQLite.
type dumpLite struct{ conn *liteConn }

func dumpSQLite(path string) (dumper, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, muster.Errorf(muster.ErrNotFound, "there is no database %s", path)
	}
	conn, err := openLite(path, "query_only(1)")
	if err != nil {
		return nil, explainDump(err)
	}
	if _, err := conn.exec("BEGIN"); err != nil {
		_ = conn.close()
		return nil, explainDump(err)
	}
	return &dumpLite{conn}, nil
}

func (d *dumpLite) close() { _ = d.conn.close() }

func (d *dumpLite) each(ctx context.Context, text string, types []string, do func(Row) error, args ...any) error {
	return d.conn.query(func(r row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		values, ok := r.(liteRow)
		if !ok || len(values) != len(types) {
			return errDriver
		}
		out := make(Row, len(values))
		for i, v := range values {
			var err error
			if out[i], err = liteValue(v, types[i]); err != nil {
				return err
			}
		}
		return do(out)
	}, text, args...)
}

// liteValue gives a value the type of its column: SQLite has no booleans, and keeps a text in a column of bytes.
func liteValue(v any, kind string) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case int64:
		switch kind {
		case "boolean":
			return x != 0, nil
		case "bigint":
			return x, nil
		}
	case bool:
		if kind == "boolean" {
			return x, nil
		}
	case string:
		switch kind {
		case "text":
			return x, nil
		case "bytea":
			return []byte(x), nil
		}
	case []byte:
		switch kind {
		case "text":
			return string(x), nil
		case "bytea":
			return append([]byte{}, x...), nil // never nil, which is NULL
		}
	}
	return nil, fmt.Errorf("a %T in a column of %s", v, kind)
}

// dumpPg reads from PostgreSQL.
type dumpPg struct{ conn *pgx.Conn }

func dumpPostgres(ctx context.Context, dsn string) (dumper, error) {
	conn, err := connectPostgres(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		_ = conn.Close(ctx)
		return nil, explainDump(err)
	}
	return &dumpPg{conn}, nil
}

func connectPostgres(ctx context.Context, dsn string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, muster.Errorf(muster.ErrInvalid, "the database's address cannot be read: write it like postgres://USER:PASSWORD@HOST:5432/NAME")
	}
	config.RuntimeParams["application_name"] = "muster-store"
	for name := range config.RuntimeParams {
		if strings.HasPrefix(name, "pool_") {
			delete(config.RuntimeParams, name) // the pool's own, which the server does not know
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, muster.WrapError(muster.ErrUnavailable, err, "the database cannot be reached: is its address right, and is it running?")
	}
	return conn, nil
}

func (d *dumpPg) close() { _ = d.conn.Close(context.Background()) }

func (d *dumpPg) each(ctx context.Context, text string, _ []string, do func(Row) error, args ...any) error {
	rows, err := d.conn.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		if err := do(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// MarshalRow writes a row as JSON: bytes in base64.
func MarshalRow(b []byte, r Row) ([]byte, error) {
	b = append(b, '[')
	for i, v := range r {
		if i > 0 {
			b = append(b, ',')
		}
		if raw, ok := v.([]byte); ok {
			b = append(b, '"')
			b = base64.StdEncoding.AppendEncode(b, raw)
			b = append(b, '"')
			continue
		}
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		b = append(b, text...)
	}
	return append(b, ']'), nil
}

// UnmarshalRow reads what MarshalRow wrote.
func UnmarshalRow(b []byte, t Table) (Row, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("a row of %s: %w", t.Name, err)
	}
	if len(raw) != len(t.Columns) {
		return nil, fmt.Errorf("a row of %s has %d values for %d columns", t.Name, len(raw), len(t.Columns))
	}
	out := make(Row, len(raw))
	for i, text := range raw {
		if string(text) == "null" {
			continue
		}
		var err error
		switch t.Columns[i].Type {
		case "text":
			out[i], err = unmarshal[string](text)
		case "bigint":
			out[i], err = unmarshal[int64](text)
		case "boolean":
			out[i], err = unmarshal[bool](text)
		case "bytea":
			out[i], err = unmarshal[[]byte](text)
		default:
			err = fmt.Errorf("the type %q is unknown", t.Columns[i].Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name, t.Columns[i].Name, err)
		}
	}
	return out, nil
}

func unmarshal[T any](text []byte) (v T, err error) {
	err = json.Unmarshal(text, &v)
	return v, err
}
