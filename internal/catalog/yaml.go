package catalog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/muster-oncall/muster"
)

// readYAML makes a tree of each document in data. The documents are divided before they are parsed, so that a slip in
// one hides nothing that is wrong in another.
func readYAML(data []byte) (all []*node, wrong []muster.FieldError) {
	text := strings.TrimPrefix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\ufeff")
	budget := maxFields * maxFields
	for _, part := range divide(text) {
		n, err := readPart(part.text, &budget)
		if err != nil {
			err.Line = max(1, err.Line) + part.offset
			wrong = append(wrong, *err)
			continue
		}
		if n != nil {
			n.shift(part.offset)
			all = append(all, n)
		}
	}
	return all, wrong
}

type part struct {
	text   string
	offset int // lines before it
}

// divide cuts at the lines that begin with "---" or are "...": those marks hold even inside quotes.
func divide(text string) (parts []part) {
	var b strings.Builder
	start, line := 0, 0
	cut := func(next int) {
		if strings.TrimSpace(b.String()) != "" {
			parts = append(parts, part{text: b.String(), offset: start})
		}
		b.Reset()
		start = next
	}
	for l := range strings.Lines(text) {
		bare := strings.TrimRight(l, " \t\n")
		switch {
		case bare == "---" || strings.HasPrefix(l, "--- ") || strings.HasPrefix(l, "---\t"):
			cut(line)
			l = "   " + l[3:]
		case bare == "...":
			cut(line + 1)
			l = ""
		}
		b.WriteString(l)
		line++
	}
	cut(line)
	return parts
}

func (n *node) shift(lines int) {
	n.line += lines
	for _, i := range n.items {
		i.shift(lines)
	}
	for i := range n.pairs {
		n.pairs[i].line += lines
		n.pairs[i].value.shift(lines)
	}
}

// readPart parses one document; nil when it holds comments only. The parser is not trusted with hostile text: what
// makes it slow is refused before, and a panic is an unreadable document. budget is what the file has left for the
// squares of its documents' fields.
func readPart(text string, budget *int) (n *node, wrong *muster.FieldError) {
	defer func() {
		if p := recover(); p != nil {
			n, wrong = nil, &muster.FieldError{Line: 1, Message: "this document cannot be read as YAML"}
		}
	}()
	tokens := lexer.Tokenize(text)
	fields, wrong := checkTokens(tokens)
	if *budget -= fields * fields; wrong == nil && *budget < 0 {
		wrong = &muster.FieldError{Line: 1, Message: "the documents of the file have too many fields together: divide the file"}
	}
	if wrong != nil {
		return nil, wrong
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, wordYAML(err)
	}
	for _, d := range file.Docs {
		if d == nil || d.Body == nil {
			continue
		}
		if n != nil {
			return nil, &muster.FieldError{Line: lineOf(d.Body), Message: "begin a new document with a line of three hyphens"}
		}
		if n, wrong = fromAST(d.Body, 0); wrong != nil {
			return nil, wrong
		}
	}
	return n, nil
}

// checkTokens refuses what documents do not need and what would make them programs or bombs.
// It counts fields and items.
func checkTokens(tokens token.Tokens) (fields int, wrong *muster.FieldError) {
	refuse := func(t *token.Token, format string, args ...any) (int, *muster.FieldError) {
		return fields, &muster.FieldError{Line: t.Position.Line, Message: fmt.Sprintf(format, args...)}
	}
	flow, line, marks := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, marks = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return refuse(t, "anchors, aliases and merge keys (&, *, <<) are not used here: write the value out, or put it in quotes if it is text")
		case token.TagType:
			return refuse(t, "tags (!) are not used here: put the value in quotes if it is text")
		case token.DirectiveType:
			return refuse(t, "directives (%%) are not used here: put the value in quotes if it is text")
		case token.MappingKeyType:
			return refuse(t, "a question mark in front of a field is not used here: write name: value")
		case token.SequenceStartType, token.MappingStartType:
			if flow++; flow > maxDepth {
				return refuse(t, "%s", errDeep.Error())
			}
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingValueType:
			if fields++; fields > maxFields {
				return refuse(t, "the document has more than %d fields and items: divide it", maxFields)
			}
			if marks++; flow == 0 && marks > maxDepth {
				return refuse(t, "too many lists or fields on one line")
			}
		default: // scalars, commas and comments
		}
	}
	return fields, nil
}

func wordYAML(err error) *muster.FieldError {
	f := &muster.FieldError{Line: 1, Message: "this is not YAML"}
	if e, ok := errors.AsType[yaml.Error](err); ok {
		f.Message = "this is not YAML: " + muster.Clip(e.GetMessage(), 160)
		if t := e.GetToken(); t != nil && t.Position != nil {
			f.Line = t.Position.Line
		}
	}
	return f
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 1
}

func fromAST(a ast.Node, depth int) (*node, *muster.FieldError) {
	if a == nil {
		return &node{}, nil
	}
	n := &node{line: lineOf(a)}
	if depth > maxDepth {
		return nil, &muster.FieldError{Line: n.line, Message: errDeep.Error()}
	}
	scalar := func(k nodeKind) (*node, *muster.FieldError) {
		n.kind, n.text = k, a.GetToken().Value
		return n, nil
	}
	switch a := a.(type) {
	case *ast.NullNode:
		return n, nil
	case *ast.StringNode:
		n.kind, n.text = textNode, a.Value
		return n, nil
	case *ast.LiteralNode:
		n.kind, n.text = textNode, a.Value.Value
		return n, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return scalar(numberNode)
	case *ast.BoolNode:
		return scalar(boolNode)
	case *ast.SequenceNode:
		n.kind = listNode
		for _, v := range a.Values {
			item, wrong := fromAST(v, depth+1)
			if wrong != nil {
				return nil, wrong
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case *ast.MappingValueNode:
		n.kind = mapNode
		return n, n.add(a, depth)
	case *ast.MappingNode:
		n.kind = mapNode
		for _, v := range a.Values {
			if wrong := n.add(v, depth); wrong != nil {
				return nil, wrong
			}
		}
		return n, nil
	}
	return nil, &muster.FieldError{Line: n.line, Message: "this cannot be read here: write name: value, - item or text"}
}

func (n *node) add(v *ast.MappingValueNode, depth int) *muster.FieldError {
	p := pair{line: lineOf(v.Key)}
	switch k := v.Key.(type) {
	case *ast.StringNode:
		p.name = k.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		p.name = v.Key.GetToken().Value
	default:
		return &muster.FieldError{Line: p.line, Message: "the name of a field must be text"}
	}
	value, wrong := fromAST(v.Value, depth+1)
	if wrong != nil {
		return wrong
	}
	if value.kind != textNode || value.line == 0 {
		value.line = p.line
	}
	p.value = value
	n.pairs = append(n.pairs, p)
	return nil
}
