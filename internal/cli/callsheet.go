package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/apiclient"
	"github.com/muster-oncall/muster/internal/callsheet"
)

// callSheet prints who is on call in the next days, or writes it into a file for paper. With numbers it is an operation
// of admins that is written into the security log.
func (r *run) callSheet(ctx context.Context, args []string) error {
	words, given, err := flags(args, []string{"days", "html"}, []string{"numbers"})
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usage("muster callsheet takes flags alone: muster callsheet --days 14 --html FILE")
	}
	days := 0
	if text := given["days"]; text != "" {
		if days, err = strconv.Atoi(text); err != nil {
			return usage("--days takes a number of days, not %q", muster.Clip(text, 20))
		}
	}
	req := apiclient.Request{Method: http.MethodGet, Path: "/callsheet", Query: url.Values{}}
	if given["numbers"] != "" {
		req = apiclient.Request{Method: http.MethodPost, Path: "/callsheet/numbers", Body: map[string]int{"days": days}}
	} else if days != 0 {
		req.Query.Set("days", strconv.Itoa(days))
	}
	ans, err := r.client().Do(ctx, req)
	if err != nil {
		return err
	}
	if r.json {
		return r.print("CallSheet", ans.Body)
	}
	var s callsheet.Sheet
	if err := json.Unmarshal(ans.Body, &s); err != nil {
		return muster.WrapError(muster.ErrInternal, err, "The answer of the server cannot be read.")
	}
	file := given["html"]
	if file == "" {
		_, err = fmt.Fprint(r.Stdout, s.Text(r.Zone))
		return err
	}
	text, err := s.HTML(r.Zone)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return muster.Errorf(muster.ErrInvalid, "%s cannot be written: %s", file, err)
	}
	fmt.Fprintf(r.Stdout, "Wrote %s: print it, and print it anew after changes.\n", muster.CleanLine(file, 300))
	return nil
}
