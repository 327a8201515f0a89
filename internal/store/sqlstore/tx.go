package sqlstore

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// row is one row of a result. Destinations are pointers to string, []byte, int64, int and bool.
type row interface{ Scan(dest ...any) error }

// session runs statements on one connection, inside a transaction. Arguments are string, []byte, int64, int, bool or nil.
type session interface {
	exec(text string, args ...any) (int64, error)
	query(each func(row) error, text string, args ...any) error
	// many runs one statement for each width arguments and returns how many rows each of them changed.
	many(text string, width int, args []any) ([]int64, error)
	insert(in *insertion, args []any) error
	// change changes rows by their keys, and returns how many rows each of them changed. A key stands in args once.
	change(ch *alteration, args []any) ([]int64, error)
}

// insertion is an INSERT of any number of rows.
type insertion struct {
	table   string
	columns string
	width   int
	one     string // the text for one row
	some    [len(powers)]func() string
}

// powers are how many rows the texts have that are kept for sets.
var powers = [...]int{1, 2, 4, 8, 16, 32, 64, 128}

func into(table, columns string) *insertion {
	in := &insertion{table: table, columns: columns, width: strings.Count(columns, ",") + 1}
	in.one = in.text(1)
	for i, n := range powers {
		in.some[i] = sync.OnceValue(func() string { return in.text(n) })
	}
	return in
}

func (in *insertion) text(rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + in.table + " (" + in.columns + ") VALUES ")
	n := 0
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		for c := range in.width {
			b.WriteByte("(,"[min(c, 1)])
			n++
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteByte(')')
	}
	return b.String()
}

// alteration is an UPDATE of any number of rows of a table, each by values of its own, of which the first is its key.
type alteration struct {
	width int
	kinds string // of the values: a letter for each, t for a text, i for a number that may be NULL
	one   string // the text for one row
	all   string // for all of them, with a list for each value; it returns the keys of those that it changed
}

// alter makes an alteration. set and guard name the values $1, $2 and so on; guard may be empty.
func alter(table, key, kinds, set, guard string) *alteration {
	ch := &alteration{width: len(kinds), kinds: kinds}
	lists, names := make([]string, len(kinds)), make([]string, len(kinds))
	for i, kind := range kinds {
		lists[i] = "CAST($" + strconv.Itoa(i+1) + map[rune]string{'t': " AS TEXT[])", 'i': " AS BIGINT[])"}[kind]
		names[i] = "v" + strconv.Itoa(i+1)
	}
	where := table + "." + key + " = $1"
	if guard != "" {
		where += " AND " + guard
	}
	ch.one = "UPDATE " + table + " SET " + set + " WHERE " + where
	named := func(s string) string {
		for i := len(kinds); i > 0; i-- {
			s = strings.ReplaceAll(s, "$"+strconv.Itoa(i), "given.v"+strconv.Itoa(i))
		}
		return s
	}
	ch.all = "UPDATE " + table + " SET " + named(set) + " FROM unnest(" + strings.Join(lists, ", ") + ") AS given (" + strings.Join(names, ", ") +
		") WHERE " + named(where) + " RETURNING " + table + "." + key
	return ch
}

// tx is a transaction of either database, for reading (a [store.Reader]) or for writing (a [store.Tx]). It is used by one
// goroutine and ends with its command: whoever kept it gets an error.
type tx struct {
	s      session
	d      *dialect
	now    muster.Instant
	lock   string       // behind the SELECT of a single row
	alive  func() error // asked before each statement of a reader; nil for writers, whose statements are never cut short
	err    error        // the first error of a statement: it poisons
	events []store.Event

	seqs     map[string]int64          // highest Seq of the topics seen, see AppendEntries
	newest   map[muster.AlertID]string // newest signals of the alerts seen, see InsertSignals
	assigned []*muster.Entry           // whose Seq was set here, to be taken back when the command runs again
	body     []byte                    // room for what is encoded by hand, used again
}

var errEnded = muster.Errorf(muster.ErrInternal, "a transaction was used after its end")

// end closes the transaction for whoever kept it, and gives the entries whose Seq was set here.
func (t *tx) end() []*muster.Entry {
	assigned := t.assigned
	t.assigned, t.err, t.s = nil, errEnded, nil
	return assigned
}

// unassign takes back the Seq of entries that were not written after all: their command may run again with them.
func unassign(entries []*muster.Entry) {
	for _, e := range entries {
		e.Seq = 0
	}
}

// Now is the one instant of the transaction.
func (t *tx) Now() muster.Instant { return t.now }

// Emit keeps an event for the commit hook.
func (t *tx) Emit(e store.Event) { t.events = append(t.events, e) }

// fail poisons the transaction.
func (t *tx) fail(err error) error {
	if t.err == nil {
		t.err = t.d.explain(err)
	}
	return t.err
}

func (t *tx) ready() error {
	if t.err != nil {
		return t.err
	}
	if t.alive != nil {
		if err := t.alive(); err != nil {
			return t.fail(muster.WrapError(muster.ErrUnavailable, err, "reading was given up because nobody waits for it any more"))
		}
	}
	return nil
}

func (t *tx) exec(text string, args ...any) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	n, err := t.s.exec(text, args...)
	if err != nil {
		return 0, t.fail(err)
	}
	return n, nil
}

// change is exec for a statement that must find its row.
func (t *tx) change(what, id, text string, args ...any) error {
	n, err := t.exec(text, args...)
	if err == nil && n == 0 {
		return t.fail(missing(what, id))
	}
	return err
}

func (t *tx) query(each func(row) error, text string, args ...any) error {
	if err := t.ready(); err != nil {
		return err
	}
	if err := t.s.query(each, text, args...); err != nil {
		return t.fail(err)
	}
	return nil
}

func (t *tx) many(text string, width int, args []any) ([]int64, error) {
	if err := t.ready(); err != nil || len(args) == 0 {
		return nil, err
	}
	n, err := t.s.many(text, width, args)
	if err != nil {
		return nil, t.fail(err)
	}
	return n, nil
}

// alter changes rows, and says how many rows each key changed.
func (t *tx) alter(ch *alteration, args []any) ([]int64, error) {
	if err := t.ready(); err != nil || len(args) == 0 {
		return nil, err
	}
	n, err := t.s.change(ch, args)
	if err != nil {
		return nil, t.fail(err)
	}
	return n, nil
}

func (t *tx) insert(in *insertion, args []any) error {
	if err := t.ready(); err != nil || len(args) == 0 {
		return err
	}
	if err := t.s.insert(in, args); err != nil {
		return t.fail(err)
	}
	return nil
}

// encode gives the JSON of a noun for its body column.
func (t *tx) encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		_ = t.fail(fmt.Errorf("encoding %T: %w", v, err)) // the statement that would write it gives the error
	}
	return string(b)
}

// text gives what was appended to the beginning of t.body, and keeps its room.
func (t *tx) text(b []byte) string {
	t.body = b
	return string(b)
}

// number gives the one number that a query returns.
func (t *tx) number(text string, args ...any) (n int64, err error) {
	err = t.query(func(r row) error { return r.Scan(&n) }, text, args...)
	return n, err
}

// find gives the row that a query returns, nil if there is none.
func find[T any](t *tx, scan func(row) (*T, error), text string, args ...any) (found *T, err error) {
	err = t.query(func(r row) (err error) {
		found, err = scan(r)
		return err
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return found, nil
}

// get is find where a missing row is an error with code ErrNotFound, which does not poison.
func get[T any](t *tx, what, id string, scan func(row) (*T, error), text string, args ...any) (*T, error) {
	v, err := find(t, scan, text, args...)
	if err == nil && v == nil {
		return nil, missing(what, id)
	}
	return v, err
}

// all gives every row that a query returns.
func all[T any](t *tx, scan func(row) (T, error), text string, args ...any) (list []T, err error) {
	err = t.query(func(r row) error {
		v, err := scan(r)
		if err == nil {
			list = append(list, v)
		}
		return err
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// scanBody scans a row that is nothing but a body.
func scanBody[T any](r row) (*T, error) {
	var body []byte
	if err := r.Scan(&body); err != nil {
		return nil, err
	}
	v := new(T)
	return v, decode(body, v)
}

// scanValue is scanBody for lists of values.
func scanValue[T any](r row) (v T, err error) {
	p, err := scanBody[T](r)
	if err == nil {
		v = *p
	}
	return v, err
}

func decode(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("decoding %T: %w", v, err)
	}
	return nil
}

func missing(what, id string) error {
	if id == "" {
		return muster.Errorf(muster.ErrNotFound, "there is no such %s", what)
	}
	return muster.Errorf(muster.ErrNotFound, "there is no %s %q", what, muster.Clip(id, 80))
}

// maxRows is how many rows a list has at most.
const maxRows = 1000

func limit(n int) int {
	if n <= 0 || n > maxRows {
		return maxRows
	}
	return n
}

// where collects conditions; each "?" in them becomes the next "$n".
type where struct {
	text strings.Builder
	args []any
}

func (w *where) and(condition string, args ...any) {
	if w.text.Len() == 0 {
		w.text.WriteString(" WHERE ")
	} else {
		w.text.WriteString(" AND ")
	}
	w.raw(condition, args...)
}

func (w *where) raw(s string, args ...any) {
	for _, a := range args {
		before, after, _ := strings.Cut(s, "?")
		w.args = append(w.args, a)
		w.text.WriteString(before + "$" + strconv.Itoa(len(w.args)))
		s = after
	}
	w.text.WriteString(s)
}

// list adds the page that l asks for: newest first by id.
func (w *where) list(l store.List) {
	if l.After != "" {
		w.and("id < ?", l.After)
	}
	w.raw(" ORDER BY id DESC LIMIT ?", limit(l.Limit))
}

// words adds a condition for each word of query: the search column has it.
func (w *where) words(query string) {
	for word := range strings.FieldsSeq(strings.ToLower(query)) {
		w.and(`search LIKE ? ESCAPE '\'`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word)+"%")
	}
}

// oneOf adds a condition that the column is one of the values, nothing when there are none.
func oneOf[T ~string](w *where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = string(v)
	}
	w.and(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
}

// wake is an instant as a column that is NULL for the zero instant.
func wake(i muster.Instant) any {
	if i.IsZero() {
		return nil
	}
	return i.Micros()
}

// madeAt is the least identifier with this prefix that is made at an instant.
func madeAt(prefix string, i muster.Instant) string {
	return fmt.Sprintf("%s_%012x", prefix, max(i.UnixMilli(), 0))
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// storable makes a text that both databases take: valid UTF-8 without NUL. Bodies are JSON and always are; this is for
// hostile text that becomes a column or a search.
func storable(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}
