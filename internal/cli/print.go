package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/muster-oncall/muster"
)

// object is a JSON object with its fields in the order in which they came.
type object []field

type field struct {
	name  string
	value any // object, []any, string, json.Number, bool or nil
}

func (o object) get(name string) any {
	for _, f := range o {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// ordered reads a JSON value without losing the order of fields.
func ordered(dec *json.Decoder) (any, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		out := object{}
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := ordered(dec)
			if err != nil {
				return nil, err
			}
			out = append(out, field{fmt.Sprint(k), v})
		}
		_, err = dec.Token()
		return out, err
	case json.Delim('['):
		out := []any{}
		for dec.More() {
			v, err := ordered(dec)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err = dec.Token()
		return out, err
	}
	return tok, nil
}

func (r *run) raw(body []byte) error {
	_, err := r.Stdout.Write(append(bytes.TrimSpace(body), '\n'))
	return err
}

// print shows the answer to an operation.
func (r *run) print(op string, body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		if !r.json {
			fmt.Fprintln(r.Stdout, "Done.")
		}
		return nil
	}
	if r.json {
		return r.raw(body)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	v, err := ordered(dec)
	if err != nil && !errors.Is(err, io.EOF) {
		return muster.WrapError(muster.ErrInternal, err, "The answer of the server cannot be read.")
	}
	o, ok := v.(object)
	if !ok {
		return r.raw(body)
	}
	if items, ok := o.get("items").([]any); ok {
		return r.table(op, items, o.get("next"))
	}
	if steps, ok := o.get("steps").([]any); ok {
		return r.reasons(steps, o)
	}
	return r.details(o)
}

// columns are those that a table of a list has; a list that is not here shows what is short.
func columns(op string) []string {
	switch op {
	case "ListAlerts":
		return []string{"status", "severity", "title", "service", "received_at", "id"}
	case "ListIncidents":
		return []string{"key", "status", "severity", "title", "declared_at"}
	case "ListPages":
		return []string{"state", "name", "title", "method", "planned_at", "id"}
	case "OnCall":
		return []string{"service", "roster", "role", "people", "since", "until"}
	case "ListWarnings":
		return []string{"level", "title", "text", "from", "until", "accepted"}
	case "ListExperts":
		return []string{"topic", "title", "roster_title", "experts", "asked", "fallback"}
	case "ListTimeline":
		return []string{"at", "kind", "by", "text"}
	case "ListUpdates":
		return []string{"at", "audience", "by", "known", "doing", "next_update_by"}
	case "ListRevisions":
		return []string{"revision", "at", "by", "why"}
	case "ListKeys":
		return []string{"id", "name", "user", "source", "prefix", "created_at", "revoked_at"}
	case "ListAudit":
		return []string{"at", "by", "op", "ref"}
	case "ListSwaps":
		return []string{"status", "kind", "roster_title", "holder_name", "taker_name", "from", "until", "id"}
	case "Fairness":
		return []string{"person", "total_hours", "primary_hours", "secondary_hours", "shadow_hours", "nights", "weekend_hours", "holiday_hours", "shifts", "pages", "night_pages"}
	case "WhomToAsk":
		return []string{"person", "can", "past_hours", "next_hours", "reasons"}
	case "ListHandovers":
		return []string{"at", "role", "from", "to", "summary", "words"}
	case "ListReviews":
		return []string{"key", "status", "title", "due_at", "id"}
	}
	return nil
}

func (r *run) table(op string, items []any, next any) error {
	cols := columns(op)
	if cols == nil {
		cols = shortFields(items)
	}
	// Columns that are empty everywhere say nothing on a terminal; in a pipe every column keeps its place.
	if r.TTY {
		cols = slices.DeleteFunc(slices.Clone(cols), func(c string) bool {
			return !slices.ContainsFunc(items, func(it any) bool { o, ok := it.(object); return ok && r.cell(o.get(c)) != "" })
		})
	}
	w := r.Stdout
	if r.TTY {
		if len(items) == 0 {
			fmt.Fprintln(r.Stdout, "Nothing.")
			return nil
		}
		tw := tabwriter.NewWriter(r.Stdout, 0, 4, 2, ' ', 0)
		defer func() { _ = tw.Flush() }() // standard output is gone: there is nobody to tell
		w = tw
		head := make([]string, len(cols))
		for i, c := range cols {
			head[i] = strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(c, "_at"), "_", " "))
		}
		fmt.Fprintln(w, strings.Join(head, "\t"))
	}
	for _, it := range items {
		o, ok := it.(object)
		if !ok {
			fmt.Fprintln(w, r.cell(it))
			continue
		}
		cells := make([]string, len(cols))
		for i, c := range cols {
			cells[i] = r.cell(o.get(c))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if s, ok := next.(string); ok && r.TTY {
		fmt.Fprintf(w, "There are more: add --limit 200, or use the API with cursor=%s.\n", muster.CleanLine(s, 80))
	}
	return nil
}

// shortFields are the fields with single values, up to seven.
func shortFields(items []any) (cols []string) {
	for _, it := range items {
		o, ok := it.(object)
		if !ok {
			continue
		}
		for _, f := range o {
			switch f.value.(type) {
			case string, bool, json.Number:
				if !slices.Contains(cols, f.name) && len(cols) < 7 {
					cols = append(cols, f.name)
				}
			}
		}
	}
	return cols
}

// cell is a value in a few words, safe for a terminal.
func (r *run) cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.In(r.Zone).Format("2006-01-02 15:04")
		}
		return muster.CleanLine(v, 200)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case object:
		for _, name := range []string{"name", "title", "id", "text"} {
			if s, ok := v.get(name).(string); ok && s != "" {
				return muster.CleanLine(s, 200)
			}
		}
		parts := make([]string, 0, len(v))
		for _, f := range v {
			if c := r.cell(f.value); c != "" {
				parts = append(parts, f.name+"="+c)
			}
		}
		return strings.Join(parts, " ")
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = r.cell(e)
		}
		return strings.Join(parts, ", ")
	}
	return muster.CleanLine(fmt.Sprint(v), 200)
}

// details shows one object, a line for each field that says something.
func (r *run) details(o object) error {
	tw := tabwriter.NewWriter(r.Stdout, 0, 4, 2, ' ', 0)
	for _, f := range o {
		if list, ok := f.value.([]any); ok && len(list) > 0 {
			if r.sentences(list) { // one a line
				fmt.Fprintf(tw, "%s\t\n", f.name)
				for _, e := range list {
					fmt.Fprintf(tw, "\t%s\n", muster.CleanLine(fmt.Sprint(e), 600))
				}
				continue
			}
			if _, objects := list[0].(object); objects {
				fmt.Fprintf(tw, "%s\t\n", f.name)
				for _, e := range list {
					fmt.Fprintf(tw, "\t%s\n", r.line(e))
				}
				continue
			}
		}
		if c := r.cell(f.value); c != "" {
			fmt.Fprintf(tw, "%s\t%s\n", f.name, c)
		}
	}
	return tw.Flush()
}

// sentences reports whether a list is one of sentences: names go on one line, with commas.
func (r *run) sentences(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool {
		s, ok := v.(string)
		return !ok || !strings.HasSuffix(s, ".") || !strings.Contains(s, " ")
	})
}

// line is one object of a list within an object.
func (r *run) line(v any) string {
	o, ok := v.(object)
	if !ok {
		return r.cell(v)
	}
	var parts []string
	for _, f := range o {
		switch f.value.(type) {
		case string, json.Number, bool:
			if c := r.cell(f.value); c != "" && len(parts) < 6 {
				parts = append(parts, c)
			}
		}
	}
	return strings.Join(parts, "  ")
}

// round is the round of a policy that a step or a page belongs to; 0 when it says none.
func round(v any) int {
	o, ok := v.(object)
	if !ok {
		return 0
	}
	if facts, ok := o.get("facts").(object); ok {
		o = facts
	}
	n, err := strconv.Atoi(fmt.Sprint(o.get("round")))
	if err != nil {
		return 0
	}
	return n
}

// firstRound leaves out of an alert that might be what repeats: the rounds of the policy after the first one. It says how
// many pages are left out.
func firstRound(steps, people []any) (first, paged []any, more int) {
	begin := 0
	for i, s := range steps {
		switch n := round(s); {
		case n == 0:
		case begin == 0:
			begin = n
		case n > begin:
			steps = steps[:i]
		}
		if i == len(steps) {
			break
		}
	}
	for _, p := range people {
		if n := round(p); n == 0 || begin == 0 || n <= begin {
			paged = append(paged, p)
		}
	}
	return steps, paged, len(people) - len(paged)
}

// reasons tells an explanation step by step.
func (r *run) reasons(steps []any, o object) error {
	people, _ := o.get("people").([]any)
	more := 0
	if r.once {
		steps, people, more = firstRound(steps, people)
	}
	for i, s := range steps {
		if st, ok := s.(object); ok {
			fmt.Fprintf(r.Stdout, "%2d. %s\n", i+1, muster.CleanLine(fmt.Sprint(st.get("text")), 1000))
		}
	}
	if more > 0 {
		fmt.Fprintf(r.Stdout, "    … and so on, round after round, until somebody acknowledges: %s. --json tells all of them.\n", oneOrMore(more, "more page", "more pages"))
	}
	who := "nobody"
	if len(people) > 0 {
		names := make([]string, len(people))
		for i, p := range people {
			names[i] = r.cell(p)
		}
		who = strings.Join(names, ", ")
	}
	_, err := fmt.Fprintf(r.Stdout, "People: %s (at %s %s, catalog revision %s)\n", who, r.cell(o.get("at")), r.place(fmt.Sprint(o.get("at"))), r.cell(o.get("revision")))
	return err
}

// place names the zone in which times are told, as it is at a moment.
func (r *run) place(at string) string {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		t = time.Now()
	}
	name, _ := t.In(r.Zone).Zone()
	if zone := r.Zone.String(); zone != "Local" && zone != name {
		return name + ", " + zone
	}
	return name
}
