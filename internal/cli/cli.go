package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/apiclient"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/rota"
)

// Env is what surrounds a command.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	TTY            bool           // Stdout is a terminal
	Zone           *time.Location // for times; nil: local
	Version        string
}

// System is the process's own environment.
func System(version string) Env {
	st, err := os.Stdout.Stat()
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Zone: time.Local, Version: version,
		TTY: err == nil && st.Mode()&os.ModeCharDevice != 0,
	}
}

// run is one command.
type run struct {
	Env
	ops  map[string]*muster.Op // by the words of the command line
	url  string
	tok  string
	json bool
	help bool
	once bool // an explanation is told for the first round of a policy alone
}

// Run runs a command and gives its exit status.
func Run(ctx context.Context, args []string, env Env) int {
	if env.Zone == nil {
		env.Zone = time.Local
	}
	r := &run{Env: env, ops: map[string]*muster.Op{}, url: cmp.Or(env.Getenv("MUSTER_URL"), "http://127.0.0.1:8080"), tok: env.Getenv("MUSTER_TOKEN")}
	for _, op := range ops() {
		if op.CLI != "" {
			r.ops[op.CLI] = &op
		}
	}
	err := r.main(ctx, args)
	if err == nil {
		return 0
	}
	return r.fail(err)
}

// ops are the operations of the table. Only their types are used here.
func ops() []muster.Op {
	return append(command.New(command.Deps{}).Ops(), query.New(query.Deps{}).Ops()...)
}

// fail tells what went wrong and gives the exit status.
func (r *run) fail(err error) int {
	var e *muster.Error
	if !errors.As(err, &e) {
		fmt.Fprintln(r.Stderr, "muster: "+err.Error())
		return 1
	}
	fmt.Fprintln(r.Stderr, "muster: "+e.Message)
	for _, f := range e.Fields {
		fmt.Fprintln(r.Stderr, "  "+muster.CleanLine(f.String(), 500))
	}
	if e.Code == muster.ErrUnauthenticated && r.tok == "" {
		fmt.Fprintln(r.Stderr, "  Make a key in Settings, API keys, and set MUSTER_TOKEN or use --token.")
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(r.Stderr, "  Try again in %s.\n", muster.Duration(e.RetryAfter))
	}
	return e.Code.ExitStatus()
}

func (r *run) main(ctx context.Context, args []string) error {
	args, err := r.globals(args, true)
	if err != nil {
		return err
	}
	if len(args) == 0 || args[0] == "help" {
		if len(args) > 1 {
			r.help = true
			return r.verb(ctx, args[1:])
		}
		r.overview()
		return nil
	}
	return r.verb(ctx, args)
}

// globals takes the flags that every verb has; with leading only those in front of the first word.
func (r *run) globals(args []string, leading bool) (rest []string, err error) {
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch name {
		case "--json", "--help", "-h":
			if hasValue {
				return nil, usage("%s takes no value", name)
			}
			r.json = r.json || name == "--json"
			r.help = r.help || name != "--json"
			continue
		case "--url", "--token":
			if !hasValue {
				if i++; i >= len(args) {
					return nil, usage("%s needs a value", name)
				}
				value = args[i]
			}
			if name == "--url" {
				r.url = value
			} else {
				r.tok = value
			}
			continue
		case "--":
			return append(rest, args[i:]...), nil
		}
		rest = append(rest, args[i])
		if leading {
			if strings.HasPrefix(args[i], "-") {
				return nil, usage("%s is not a flag here: put it behind the verb", args[i])
			}
			return append(rest, args[i+1:]...), nil
		}
	}
	return rest, nil
}

func usage(format string, args ...any) error {
	return muster.Errorf(muster.ErrInvalid, format+". Try muster help.", args...)
}

// own are the verbs that are not in the table.
func (r *run) own() map[string]ownVerb {
	return map[string]ownVerb{
		"show":          {"ID or KIND NAME", "Show anything: an incident, an alert, a page's story, a review, a document", r.show},
		"plan":          {"[--remove KIND/NAME] [--days-back N] [--days-ahead N] [--zone ZONE] FILE…", "Say what the documents of files would change: who is on call, and whom past alerts would have reached", r.plan},
		"apply":         {"[--why WHY] [--dry-run] [--accept reaches-nobody] [--zone ZONE] FILE…", "Write the documents of files: all of them or none", r.apply},
		"propose":       {"[--why WHY] [--remove KIND/NAME] FILE…", "Keep the documents of files as a change that a second person approves", r.propose},
		"validate":      {"FILE…", "Check files of documents, without a server", r.validate},
		"export":        {"", "Write the whole catalog as one YAML file", r.export},
		"roster export": {"[--format csv|ical] [--from T] [--until T] ROSTER", "Write the shifts of a roster as CSV or iCalendar", r.rosterExport},
		"roster import": {"[--format csv|ical] --rotation NAME [--role ROLE] [--zone ZONE] [--dry-run] ROSTER FILE", "Make or replace a rotation by the shifts of a file", r.rosterImport},
		"fairness":      {"[--from T] [--until T] [--roster ROSTER] [--team TEAM] [--csv]", "Add up what on-call asked of people: hours, nights, weekends, holidays, pages", r.fairness},
		"callsheet":     {"[--days 14] [--html FILE] [--numbers]", "Say who is on call in the next days, and by what they are reached, as text or as a file for paper", r.callSheet},
		"audit verify":  {"[FILE] [--key KEY] [--head HEAD] | --data DIR | --store DSN", "Verify the ledger of pages and the security log: of the server, of an export without one, or of a stopped installation", r.auditVerify},
		"audit export":  {"FILE", "Write the ledger, its checkpoints, the pages and the security log into a file that can be verified anywhere", r.auditExport},
		"fake teams":    {"[--name NAME] [--mention BOT] [--to URL | --send URL] SECRET TEXT", "Sign a message as Microsoft Teams does: print the curl line, or send it", r.fakeTeams},
		"fake twilio":   {"[--from NUMBER] [--account SID] [--to URL | --send URL] AUTH_TOKEN text|key|status WORDS", "Sign a text, a key or a receipt as Twilio does: print the curl line, or send it", r.fakeTwilio},
		"version":       {"", "Print the version", func(context.Context, []string) error { r.version(); return nil }},
	}
}

// version prints the version, and that of the time zone data inside. What a server uses, `muster about` says.
func (r *run) version() {
	fmt.Fprintln(r.Stdout, cmp.Or(r.Version, "dev"))
	fmt.Fprintln(r.Stdout, "time zone data", rota.BuiltInZones())
}

type ownVerb struct {
	args, summary string
	run           func(ctx context.Context, args []string) error
}

// verb finds the longest verb that the words begin with and runs it.
func (r *run) verb(ctx context.Context, args []string) error {
	own := r.own()
	for n := min(3, len(args)); n > 0; n-- {
		words := strings.Join(args[:n], " ")
		rest := args[n:]
		v, isOwn := own[words]
		op := r.ops[words]
		if !isOwn && op == nil {
			continue
		}
		rest, err := r.globals(rest, false)
		if err != nil {
			return err
		}
		switch {
		case r.help && isOwn:
			fmt.Fprintf(r.Stdout, "muster %s\n\n%s.\n", strings.TrimSpace(words+" "+v.args), v.summary)
			r.flags(words)
			return nil
		case r.help:
			r.explain(op)
			return nil
		case isOwn:
			return v.run(ctx, rest)
		}
		return r.operation(ctx, op, rest)
	}
	return r.unknown(args)
}

func (r *run) unknown(args []string) error {
	var under []string
	for _, w := range r.verbs() {
		if strings.HasPrefix(w, args[0]+" ") {
			under = append(under, w)
		}
	}
	if len(under) > 0 {
		return usage("after %q comes one of: %s", args[0], strings.Join(under, ", "))
	}
	word := strings.Join(args[:min(2, len(args))], " ")
	near := muster.Nearest(word, r.verbs())
	if near == "" {
		near = muster.Nearest(args[0], r.verbs())
	}
	if near != "" {
		return usage("%q is not a verb: did you mean %q?", muster.Clip(word, 40), near)
	}
	return usage("%q is not a verb", muster.Clip(args[0], 40))
}

func (r *run) verbs() []string {
	out := []string{"serve", "demo", "config print", "backup", "restore", "migrate-store"}
	for w := range r.ops {
		out = append(out, w)
	}
	for w := range r.own() {
		if r.ops[w] == nil {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}

func (r *run) client() *apiclient.Client {
	return &apiclient.Client{Base: r.url, Token: r.tok, Agent: "muster-cli/" + cmp.Or(r.Version, "dev")}
}
