package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/apiclient"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
)

// flags sorts words from flags with a value; those of switches have none.
func flags(args []string, known, switches []string) (words []string, given map[string]string, err error) {
	given = map[string]string{}
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(words, args[i+1:]...), given, nil
		}
		name, value, has := strings.Cut(strings.TrimPrefix(args[i], "--"), "=")
		switch {
		case !strings.HasPrefix(args[i], "--"):
			words = append(words, args[i])
			continue
		case slices.Contains(switches, name) && !has:
			value = "true"
		case !slices.Contains(known, name):
			return nil, nil, usage("there is no flag --%s here: there are --%s", muster.Clip(name, 40), strings.Join(append(slices.Clone(known), switches...), ", --"))
		case !has:
			if i++; i >= len(args) {
				return nil, nil, usage("--%s needs a value", name)
			}
			value = args[i]
		}
		given[name] = value
	}
	return words, given, nil
}

// rosterExport prints the shifts of a roster as a file.
func (r *run) rosterExport(ctx context.Context, args []string) error {
	words, given, err := flags(args, []string{"format", "from", "until"}, nil)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return usage("muster roster export takes the name of a roster: muster roster export storefront --format csv")
	}
	req := apiclient.Request{Method: http.MethodGet, Path: "/rosters/" + url.PathEscape(words[0]) + "/shifts", Query: url.Values{}}
	for name, value := range given {
		req.Query.Set(name, value)
	}
	ans, err := r.client().Do(ctx, req)
	if err != nil {
		return err
	}
	if r.json {
		return r.raw(ans.Body)
	}
	var file query.ShiftFile
	if err := json.Unmarshal(ans.Body, &file); err != nil {
		return muster.WrapError(muster.ErrInternal, err, "The answer of the server cannot be read.")
	}
	_, err = r.Stdout.Write([]byte(file.Text))
	return err
}

// rosterImport makes or replaces a rotation by the shifts of a file.
func (r *run) rosterImport(ctx context.Context, args []string) error {
	words, given, err := flags(args, []string{"format", "rotation", "role", "zone", "why", "revision", "accept"}, []string{"dry-run"})
	if err != nil {
		return err
	}
	if len(words) != 2 || given["rotation"] == "" {
		return usage("muster roster import takes a roster, a file and a rotation: muster roster import storefront shifts.csv --rotation first")
	}
	data, err := r.readFile(words[1])
	if err != nil {
		return muster.Errorf(muster.ErrInvalid, "%s", err)
	}
	body := map[string]any{"body": string(data), "dry_run": given["dry-run"] == "true"}
	delete(given, "dry-run")
	if given["format"] == "" && (strings.HasSuffix(strings.ToLower(words[1]), ".ics") || strings.HasPrefix(string(data), "BEGIN:VCALENDAR")) {
		given["format"] = "ical"
	}
	for name, value := range given {
		body[name] = value
	}
	if rev, ok := given["revision"]; ok {
		body["revision"] = json.Number(rev)
	}
	ans, err := r.client().Do(ctx, apiclient.Request{Method: http.MethodPost, Path: "/rosters/" + url.PathEscape(words[0]) + "/shifts", Body: body})
	if err != nil {
		return inFile(words[1], err)
	}
	if r.json {
		return r.raw(ans.Body)
	}
	var got command.ImportedShifts
	if err := json.Unmarshal(ans.Body, &got); err != nil {
		return muster.WrapError(muster.ErrInternal, err, "The answer of the server cannot be read.")
	}
	r.imported(&got)
	return nil
}

// inFile names the file in what is wrong with its lines.
func inFile(name string, err error) error {
	told, ok := err.(*muster.Error) //nolint:errorlint // the client gives it as it is
	if !ok {
		return err
	}
	for i := range told.Fields {
		if told.Fields[i].Line > 0 && told.Fields[i].File == "" {
			told.Fields[i].File = name
		}
	}
	return told
}

func (r *run) imported(got *command.ImportedShifts) {
	done := "was " + got.What
	if got.DryRun && got.What != "unchanged" {
		done = "would be " + got.What
	}
	if got.What == "unchanged" {
		done = "is as the file says"
	}
	fmt.Fprintf(r.Stdout, "The rotation %s of %s %s: %s, %d new, %d gone.\n", muster.CleanLine(got.Rotation, 100), got.Roster, done, count(got.Shifts, "shift"), got.Added, got.Removed)
	if got.Pattern {
		fmt.Fprintln(r.Stdout, "It followed a pattern until now; these shifts take its place.")
	}
	if got.LeftOut > 0 {
		fmt.Fprintf(r.Stdout, "Left out: %s of other roles.\n", count(got.LeftOut, "line"))
	}
	if len(got.Overrules) > 0 {
		fmt.Fprintf(r.Stdout, "Where it has somebody, it goes before: %s.\n", muster.CleanLine(strings.Join(got.Overrules, ", "), 300))
	}
}
