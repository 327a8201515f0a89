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
	fmt.Fprint(w, "  muster demo\tstart a demo, nothing else installed\n  muster serve\tstart the server\n  muster config print\tprint the settings that serve would use\n")
	fmt.Fprint(w, "  muster backup FILE\twrite everything into one file, while Muster runs or not\n  muster restore FILE\tmake an installation of a backup\n  muster migrate-store FROM TO\tcarry an installation over to another database\n\n")
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

// flags explains the flags of a verb that is not in the table.
func (r *run) flags(verb string) {
	all := map[string][2]string{
		"remove":  {"--remove KIND/NAME", "a document that would be removed, like rosters/web; may be given several times"},
		"back":    {"--days-back N", "play the alerts of so many days: 90 without it, 365 at most"},
		"ahead":   {"--days-ahead N", "compare who is on call for so many days: 45 without it, 366 at most"},
		"zone":    {"--zone ZONE", "tell times in this zone, like Europe/Berlin; without it in that of this machine"},
		"why":     {"--why WHY", "why, for the history and for whoever approves it"},
		"dry-run": {"--dry-run", "write nothing, and end as writing would: 0, or 5 when it would be refused"},
		"accept":  {"--accept reaches-nobody", "write it even if somebody would not be paged any more"},
	}
	text := map[string]struct {
		flags []string
		after string
	}{
		"plan":    {[]string{"remove", "ahead", "back", "zone"}, "The exit status is 5 when the change would reach nobody: then apply refuses it."},
		"apply":   {[]string{"why", "dry-run", "accept", "zone"}, "FILE may be a folder, or - for standard input. Nothing is removed: what no file names stays as it is.\nThe exit status is 2 when the documents are not right, 4 when you may not write them, and 5 when the change would reach nobody."},
		"propose": {[]string{"why", "remove"}, ""},
	}[verb]
	if len(text.flags) == 0 {
		return
	}
	w := tabwriter.NewWriter(r.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w)
	for _, name := range text.flags {
		fmt.Fprintf(w, "  %s\t%s\n", all[name][0], all[name][1])
	}
	_ = w.Flush() // standard output is gone: there is nobody to tell
	if text.after != "" {
		fmt.Fprintln(r.Stdout, "\n"+text.after)
	}
}
