package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"unicode/utf8"

	"github.com/muster-oncall/muster"
)

// Limits of what is read.
const (
	MaxFile   = 1 << 20 // bytes of a file or body
	maxDepth  = 24      // levels of lists and maps; the deepest document has six
	maxErrors = 100     // told of one file
	maxFields = 4000    // fields and items of one YAML document: the parser's time grows with their square
)

type nodeKind int

const (
	nullNode nodeKind = iota
	textNode
	numberNode
	boolNode
	listNode
	mapNode
)

func (k nodeKind) String() string {
	return [...]string{"nothing", "text", "a number", "true or false", "a list", "a map of fields"}[k]
}

// node is a value of a file, whichever notation it was written in, with the line that it stands on.
type node struct {
	kind  nodeKind
	line  int
	text  string // of text, numbers, true and false: as written
	items []*node
	pairs []pair
}

// pair is a field of a map. A map may hold a name twice: whoever decodes it says so.
type pair struct {
	name  string
	line  int
	value *node
}

func (n *node) field(name string) *node {
	for _, p := range n.pairs {
		if p.name == name {
			return p.value
		}
	}
	return nil
}

// checkBytes says whether data can be read at all.
func checkBytes(data []byte) (problem string, tooLarge bool) {
	switch {
	case len(data) > MaxFile:
		return fmt.Sprintf("has %d bytes; at most %d are read: divide it", len(data), MaxFile), true
	case !utf8.Valid(data):
		return "is not text in UTF-8", false
	case bytes.IndexByte(data, 0) >= 0:
		return "holds a NUL character", false
	}
	return "", false
}

// readJSON makes a tree of the JSON values in data, one after the other.
func readJSON(data []byte) ([]*node, *muster.FieldError) {
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	for i, c := range data {
		if c == '\n' {
			r.breaks = append(r.breaks, i)
		}
	}
	var all []*node
	for {
		n, err := r.value(0)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, &muster.FieldError{Line: r.lineOf(err), Message: wordJSON(err)}
		}
		all = append(all, n)
	}
}

type jsonReader struct {
	dec    *json.Decoder
	breaks []int // offsets of the line breaks
}

var errDeep = fmt.Errorf("more than %d levels deep", maxDepth)

func (r *jsonReader) at(offset int64) int {
	return 1 + sort.SearchInts(r.breaks, int(offset))
}

func (r *jsonReader) lineOf(err error) int {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return r.at(max(0, syntax.Offset-1))
	}
	return r.at(r.dec.InputOffset())
}

func wordJSON(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "this is not JSON: it ends too early"
	case errors.Is(err, errDeep):
		return err.Error()
	}
	return "this is not JSON: " + muster.Clip(err.Error(), 120)
}

// value reads one value. io.EOF means that there is none; an end in the middle is io.ErrUnexpectedEOF.
func (r *jsonReader) value(depth int) (*node, error) {
	tok, err := r.dec.Token()
	if err != nil {
		if depth > 0 && errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	n := &node{line: r.at(r.dec.InputOffset() - 1)}
	switch t := tok.(type) {
	case nil:
	case string:
		n.kind, n.text = textNode, t
	case json.Number:
		n.kind, n.text = numberNode, t.String()
	case bool:
		n.kind, n.text = boolNode, fmt.Sprint(t)
	case json.Delim:
		if depth >= maxDepth {
			return nil, errDeep
		}
		n.kind = mapNode
		if t == '[' {
			n.kind = listNode
		}
		return n, r.inside(n, depth)
	}
	return n, nil
}

func (r *jsonReader) inside(n *node, depth int) error {
	for r.dec.More() {
		p := pair{}
		if n.kind == mapNode {
			tok, err := r.dec.Token()
			if err != nil {
				return noEOF(err)
			}
			name, ok := tok.(string)
			if !ok {
				return fmt.Errorf("a field's name must be in quotes")
			}
			p.name, p.line = name, r.at(r.dec.InputOffset()-1)
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		if n.kind == mapNode {
			p.value = v
			n.pairs = append(n.pairs, p)
		} else {
			n.items = append(n.items, v)
		}
	}
	_, err := r.dec.Token() // the closing bracket
	return noEOF(err)
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
