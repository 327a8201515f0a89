package route

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/muster-oncall/muster"
)

// match is a compiled condition. quick is the same without counting its cost, for a condition that cannot get near the
// limit with a signal of ordinary size; counting takes half of the time.
type match struct{ counted, quick cel.Program }

// facts are what a match sees of a signal, adapted once and shared by all matches of a decision.
type facts struct {
	source, title, severity, service, summary, detectedBy, triage, labels ref.Val

	ordinary bool
}

// ResolveName implements CEL's activation.
func (f *facts) ResolveName(name string) (any, bool) {
	switch name {
	case "source":
		return f.source, true
	case "title":
		return f.title, true
	case "severity":
		return f.severity, true
	case "service":
		return f.service, true
	case "summary":
		return f.summary, true
	case "detected_by":
		return f.detectedBy, true
	case "triage":
		return f.triage, true
	case "labels":
		return f.labels, true
	}
	return nil, false
}

// Parent implements CEL's activation: there is none.
func (f *facts) Parent() cel.Activation { return nil }

// ask runs a match. The sentence is empty unless the match could not be answered.
func (m *match) ask(f *facts) (bool, string) {
	p := m.counted
	if f.ordinary && m.quick != nil {
		p = m.quick
	}
	out, _, err := p.Eval(f)
	if err != nil {
		return false, wordFailure(err)
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, "its match gave neither true nor false"
	}
	return bool(b), ""
}

func wordFailure(err error) string {
	if _, ok := errors.AsType[interpreter.EvalCancelledError](err); ok {
		return "its match takes too long for this alert: make it simpler"
	}
	msg := err.Error()
	if label, ok := strings.CutPrefix(msg, "no such key: "); ok {
		return fmt.Sprintf("its match asks for the label %s, which the alert does not have", muster.Clip(label, 60))
	}
	return "its match failed: " + muster.Clip(msg, 120)
}

// What a signal of ordinary size has at most; see [match].
const (
	ordinaryText   = 16 << 10 // bytes of a text, a label or its name
	ordinaryLabels = 200
)

// ordinarySize tells the cost estimator of CEL how large the variables are in a signal of ordinary size.
type ordinarySize struct{}

// EstimateSize implements CEL's estimator.
func (ordinarySize) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if len(n.Path()) == 0 {
		return nil
	}
	switch n.Type().Kind() {
	case types.StringKind:
		return &cost.SizeEstimate{Max: ordinaryText}
	case types.MapKind:
		return &cost.SizeEstimate{Max: ordinaryLabels}
	default:
		return nil
	}
}

// EstimateCallCost implements CEL's estimator: CEL's own figures are used.
func (ordinarySize) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// ordinary reports whether a signal is of ordinary size.
func ordinary(s *muster.Signal) bool {
	if len(s.Labels) > ordinaryLabels || max(len(s.Title), len(s.Summary), len(s.Service)) > ordinaryText {
		return false
	}
	for k, v := range s.Labels {
		if max(len(k), len(v)) > ordinaryText {
			return false
		}
	}
	return true
}
