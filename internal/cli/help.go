package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/muster-oncall/muster"
)

// overview lists every verb.
func (r *run) overview() {
	w := tabwriter.NewWriter(r.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "muster takes an alert and gets the right people to it.\n\n")
	fmt.Fprint(w, "  muster demo\tstart a demo, nothing else installed\n  muster serve\tstart the server\n  muster config print\tprint the settings that serve would use\n\n")
	fmt.Fprint(w, "Verbs that talk to a server (MUSTER_URL and MUSTER_TOKEN, or --url and --token):\n")
	own := r.own()
	for _, v := range r.verbs() {
		switch o, isOwn := own[v]; {
		case isOwn:
			fmt.Fprintf(w, "  muster %s\t%s\n", v, lower(o.summary))
		case r.ops[v] != nil:
			fmt.Fprintf(w, "  muster %s\t%s\n", v, lower(r.ops[v].Summary))
		}
	}
	fmt.Fprint(w, "\n--json prints what the server answered. muster help VERB tells how a verb is used.\n")
	_ = w.Flush() // standard output is gone: there is nobody to tell
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// explain tells how one verb is used.
func (r *run) explain(op *muster.Op) {
	positions, rest, options := split(op)
	if rest != nil {
		positions = append(positions, *rest)
	}
	words := []string{"muster", op.CLI}
	for _, f := range positions {
		words = append(words, word(f))
	}
	fmt.Fprintf(r.Stdout, "%s\n\n%s. Needs the role %s.\n", strings.Join(words, " "), op.Summary, op.Access)
	w := tabwriter.NewWriter(r.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "\n")
	for _, f := range positions {
		fmt.Fprintf(w, "  %s\t%s\n", strings.ToUpper(f.Name), f.Doc)
	}
	for _, f := range options {
		name := "--" + flagName(f.Name)
		if !f.IsBool() {
			name += " " + strings.ToUpper(f.Name)
		}
		fmt.Fprintf(w, "  %s\t%s\n", name, f.Doc)
	}
	_ = w.Flush() // standard output is gone: there is nobody to tell
}

func word(f muster.OpField) string {
	w := strings.ToUpper(f.Name)
	if f.Arg == "rest" {
		w += "…"
	}
	if !f.Required {
		w = "[" + w + "]"
	}
	return w
}

// split sorts the fields of an operation into positions, the one that takes the rest, and options.
func split(op *muster.Op) (positions []muster.OpField, rest *muster.OpField, options []muster.OpField) {
	for _, f := range op.Fields() {
		switch f.Arg {
		case "":
			if f.Name != "any" && f.Name != "cursor" {
				options = append(options, f)
			}
		case "rest":
			rest = &f
		default:
			positions = append(positions, f)
		}
	}
	slices.SortFunc(positions, func(a, b muster.OpField) int { return strings.Compare(a.Arg, b.Arg) })
	return positions, rest, options
}

func flagName(name string) string { return strings.ReplaceAll(name, "_", "-") }
