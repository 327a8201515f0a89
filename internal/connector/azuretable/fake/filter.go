package fake

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// token is a word, a literal or a bracket of a filter.
var token = regexp.MustCompile(`^\s*(\(|\)|datetime'[^']*'|guid'[^']*'|'(?:[^']|'')*'|-?[0-9]+(?:\.[0-9]+)?L?|[\p{L}_][\p{L}\p{Nd}_]*)`)

// match says whether a row fits.
type match func(r *row) bool

// parseFilter reads $filter: comparisons of a property with a literal, and, or, not, brackets.
func parseFilter(text string) (match, *fault) {
	p := &filterParser{}
	for strings.TrimSpace(text) != "" {
		m := token.FindStringSubmatch(text)
		if m == nil {
			return nil, invalidFilter()
		}
		p.tokens = append(p.tokens, m[1])
		text = text[len(m[0]):]
	}
	f, ok := p.or(0)
	if !ok || p.at != len(p.tokens) {
		return nil, invalidFilter()
	}
	return f, nil
}

func invalidFilter() *fault {
	return bad("InvalidInput", "The filter cannot be read.")
}

type filterParser struct {
	tokens []string
	at     int
}

func (p *filterParser) take(word string) bool {
	if p.at < len(p.tokens) && p.tokens[p.at] == word {
		p.at++
		return true
	}
	return false
}

func (p *filterParser) next() string {
	if p.at >= len(p.tokens) {
		return ""
	}
	p.at++
	return p.tokens[p.at-1]
}

func (p *filterParser) or(depth int) (match, bool) {
	f, ok := p.and(depth)
	for ok && p.take("or") {
		var g match
		left := f
		g, ok = p.and(depth)
		f = func(r *row) bool { return left(r) || g(r) }
	}
	return f, ok
}

func (p *filterParser) and(depth int) (match, bool) {
	f, ok := p.one(depth)
	for ok && p.take("and") {
		var g match
		left := f
		g, ok = p.one(depth)
		f = func(r *row) bool { return left(r) && g(r) }
	}
	return f, ok
}

func (p *filterParser) one(depth int) (match, bool) {
	if depth > 20 {
		return nil, false
	}
	if p.take("not") {
		f, ok := p.one(depth + 1)
		return func(r *row) bool { return !f(r) }, ok
	}
	if p.take("(") {
		f, ok := p.or(depth + 1)
		return f, ok && p.take(")")
	}
	name, op, literal := p.next(), p.next(), p.next()
	want, ok := parseLiteral(literal)
	if !ok || !propName.MatchString(name) {
		return nil, false
	}
	holds, ok := map[string]func(int) bool{
		"eq": func(c int) bool { return c == 0 }, "ne": func(c int) bool { return c != 0 },
		"gt": func(c int) bool { return c > 0 }, "ge": func(c int) bool { return c >= 0 },
		"lt": func(c int) bool { return c < 0 }, "le": func(c int) bool { return c <= 0 },
	}[op]
	if !ok {
		return nil, false
	}
	return func(r *row) bool {
		have, ok := r.property(name)
		if !ok {
			return false // whatever the comparison: the property is not there
		}
		c, ok := compare(have, want)
		return ok && holds(c)
	}, true
}

func (r *row) property(name string) (any, bool) {
	switch name {
	case "PartitionKey":
		return r.partition, true
	case "RowKey":
		return r.key, true
	case "Timestamp":
		return r.at, true
	}
	v, ok := r.props[name]
	return v.any, ok
}

func parseLiteral(s string) (any, bool) {
	switch {
	case s == "true", s == "false":
		return s == "true", true
	case strings.HasPrefix(s, "datetime'"):
		t, err := time.Parse(time.RFC3339Nano, strings.Trim(s[len("datetime"):], "'"))
		return t, err == nil
	case strings.HasPrefix(s, "guid'"):
		return strings.ToLower(strings.Trim(s[len("guid"):], "'")), true
	case strings.HasPrefix(s, "'") && len(s) >= 2:
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'"), true
	}
	if n, err := strconv.ParseInt(strings.TrimSuffix(s, "L"), 10, 64); err == nil {
		return n, true
	}
	d, err := strconv.ParseFloat(s, 64)
	return d, err == nil
}

// compare orders two values of the same type. Values of different types are never compared.
func compare(a, b any) (int, bool) {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return strings.Compare(x, y), ok
	case bool:
		y, ok := b.(bool)
		if x == y {
			return 0, ok
		}
		return 1, ok
	case int64:
		y, ok := b.(int64)
		return cmp.Compare(x, y), ok
	case float64:
		y, ok := b.(float64)
		return cmp.Compare(x, y), ok
	case time.Time:
		y, ok := b.(time.Time)
		return x.Compare(y), ok
	}
	return 0, false
}
