package route

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/muster-oncall/muster"
)

// CostLimit is what one evaluation of a match may cost, in CEL's units. A pattern over a summary of 64 KiB stays below it.
const CostLimit = 200_000

// maxExpr is the size of a match in bytes; the documents check the same.
const maxExpr = 4096

// Variables lists the names that a match may use.
func Variables() []string {
	return []string{"source", "title", "severity", "service", "summary", "detected_by", "triage", "labels"}
}

// language compiles matches. It is made once for a set of rules, because making it takes longer than using it.
type language struct{ env *cel.Env }

func newLanguage() (*language, error) {
	env, err := cel.NewEnv(
		cel.Variable("source", cel.StringType),
		cel.Variable("title", cel.StringType),
		cel.Variable("severity", cel.StringType),
		cel.Variable("service", cel.StringType),
		cel.Variable("summary", cel.StringType),
		cel.Variable("detected_by", cel.StringType),
		cel.Variable("triage", cel.BoolType),
		cel.Variable("labels", cel.MapType(cel.StringType, cel.StringType)),
		cel.ParserExpressionSizeLimit(maxExpr),
		cel.ParserRecursionLimit(60),
		cel.ASTValidators(
			cel.ValidateRegexLiterals(),
			cel.ValidateComprehensionNestingLimit(2),
			cel.ValidateRegexProgramSizeLimit(10_000),
		),
	)
	if err != nil {
		return nil, fmt.Errorf("build the language of matches: %w", err)
	}
	return &language{env: env}, nil
}

// compile returns the program of a match, or everything that is wrong with it.
func (l *language) compile(path, expr string) (*match, []muster.FieldError) {
	wrong := func(format string, args ...any) []muster.FieldError {
		return []muster.FieldError{{Path: path, Message: fmt.Sprintf(format, args...)}}
	}
	if strings.TrimSpace(expr) == "" {
		return nil, wrong(`the match is empty: write a condition such as severity == "critical"`)
	}
	if len(expr) > maxExpr {
		return nil, wrong("has %d bytes; at most %d are allowed", len(expr), maxExpr)
	}
	tree, issues := l.env.Compile(expr)
	if err := issues.Err(); err != nil {
		return nil, wordIssues(path, expr, issues)
	}
	if out := tree.OutputType(); !out.IsExactType(cel.BoolType) {
		return nil, wrong("must be true or false, but %s gives %s: compare it, for example severity == \"critical\"", muster.Clip(expr, 60), typeWord(out))
	}
	if f := checkWords(path, tree); len(f) > 0 {
		return nil, f
	}
	prog, err := l.env.Program(tree, cel.CostLimit(CostLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, wrong("cannot be used: %s", muster.Clip(err.Error(), 200))
	}
	m := &match{counted: prog}
	if est, err := l.env.EstimateCost(tree, ordinarySize{}); err == nil && est.Max <= CostLimit {
		if m.quick, err = l.env.Program(tree, cel.EvalOptions(cel.OptOptimize)); err != nil {
			m.quick = nil
		}
	}
	return m, nil
}

// CheckExpr says everything that is wrong with a match. Paths are "match".
func CheckExpr(expr string) []muster.FieldError {
	l, err := newLanguage()
	if err != nil {
		return []muster.FieldError{{Path: "match", Message: err.Error()}}
	}
	_, f := l.compile("match", expr)
	return f
}

var (
	undeclared = regexp.MustCompile(`undeclared reference to '([^']+)'`)
	unexpected = regexp.MustCompile(`^(?:mismatched|extraneous) input '(.*?)' expecting`)
	noOverload = regexp.MustCompile(`found no matching overload for '([^']+)' applied to '\(?(.*?)\)?'$`)
)

// wordIssues turns the compiler's messages into ours: at most five, since one slip in the grammar makes many.
func wordIssues(path, expr string, issues *cel.Issues) (f []muster.FieldError) {
	seen := map[string]bool{}
	for _, e := range issues.Errors() {
		msg := strings.TrimPrefix(e.Message, "Syntax error: ")
		if m := undeclared.FindStringSubmatch(msg); m != nil {
			msg = unknownName(m[1], expr)
		} else if m := noOverload.FindStringSubmatch(msg); m != nil {
			msg = fmt.Sprintf("%s does not work with %s", operatorWord(m[1]), strings.ReplaceAll(m[2], ", ", " and "))
		} else if msg != e.Message {
			msg = fmt.Sprintf("cannot be read at column %d: %s", e.Location.Column()+1, grammarWord(msg))
		} else if msg == "invalid matches argument" {
			msg = "the pattern of matches cannot be read: it is not a regular expression (RE2)"
		}
		if !seen[msg] && len(f) < 5 {
			seen[msg] = true
			f = append(f, muster.FieldError{Path: path, Message: msg})
		}
	}
	if len(f) == 0 {
		f = append(f, muster.FieldError{Path: path, Message: muster.Clip(issues.Err().Error(), 200)})
	}
	return f
}

func grammarWord(msg string) string {
	m := unexpected.FindStringSubmatch(msg)
	switch {
	case m == nil:
		return muster.Clip(msg, 120)
	case m[1] == "<EOF>":
		return "it ends too early"
	}
	return fmt.Sprintf("%s is not expected here", m[1])
}

func unknownName(name, expr string) string {
	if strings.Contains(expr, name+"(") {
		return fmt.Sprintf("%s is not a function here", name)
	}
	root, _, _ := strings.Cut(name, ".")
	if near := muster.Nearest(root, Variables()); near != "" {
		return fmt.Sprintf("%s is unknown; did you mean %s?", root, near)
	}
	return fmt.Sprintf("%s is unknown: use one of %s (labels are written labels.%s)", root, strings.Join(Variables(), ", "), root)
}

func operatorWord(op string) string {
	if w, ok := operators.FindReverse(op); ok && w != "" {
		return w
	}
	return op
}

func typeWord(t *cel.Type) string {
	switch t.Kind() {
	case types.StringKind:
		return "text"
	case types.IntKind, types.UintKind, types.DoubleKind:
		return "a number"
	case types.MapKind:
		return "a map"
	case types.ListKind:
		return "a list"
	default:
		return t.String()
	}
}

// checkWords finds comparisons of severity and detected_by with a word that they never are: they would never be true.
func checkWords(path string, tree *cel.Ast) (f []muster.FieldError) {
	known := map[string][]string{
		"severity": words(muster.SeverityCritical, muster.SeverityMajor, muster.SeverityMinor, muster.SeverityInfo,
			muster.SeverityUnknown),
		"detected_by": words(muster.DetectedByMonitoring, muster.DetectedByCustomer, muster.DetectedByStaff),
	}
	check := func(variable ast.Expr, literal ast.Expr) {
		if variable.Kind() != ast.IdentKind || literal.Kind() != ast.LiteralKind {
			return
		}
		word, ok := literal.AsLiteral().(types.String)
		allowed := known[variable.AsIdent()]
		if !ok || allowed == nil || slices.Contains(allowed, string(word)) {
			return
		}
		msg := fmt.Sprintf("%s is never %q: it is one of %s", variable.AsIdent(), muster.Clip(string(word), 40), strings.Join(allowed, ", "))
		if near := muster.Nearest(string(word), allowed); near != "" {
			msg = fmt.Sprintf("%s is never %q; did you mean %q?", variable.AsIdent(), muster.Clip(string(word), 40), near)
		}
		f = append(f, muster.FieldError{Path: path, Message: msg})
	}
	ast.PreOrderVisit(tree.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			return
		}
		a, b := e.AsCall().Args()[0], e.AsCall().Args()[1]
		switch e.AsCall().FunctionName() {
		case operators.Equals, operators.NotEquals:
			check(a, b)
			check(b, a)
		case operators.In:
			if b.Kind() == ast.ListKind {
				for _, item := range b.AsList().Elements() {
					check(a, item)
				}
			}
		}
	}))
	return f
}

func words[T ~string](list ...T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
