package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/muster-oncall/muster/internal/apiclient"
)

// fairness prints what on-call asked of people in a period, as a table or as a file for spreadsheets.
func (r *run) fairness(ctx context.Context, args []string) error {
	words, given, err := flags(args, []string{"from", "until", "roster", "team"}, []string{"csv"})
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usage("muster fairness takes flags alone: muster fairness --from 2026-01-01 --csv")
	}
	req := apiclient.Request{Method: http.MethodGet, Path: "/fairness", Query: url.Values{}, Header: http.Header{"Accept": {"application/json"}}}
	for name, value := range given {
		switch name {
		case "csv":
			name, value = "format", "csv"
			req.Header.Set("Accept", "text/csv")
		case "from", "until":
			if _, err := time.Parse(time.DateOnly, value); err == nil {
				value += "T00:00" // a day begins at midnight
			}
			value = r.when(value, time.Now())
		}
		req.Query.Set(name, value)
	}
	ans, err := r.client().Do(ctx, req)
	if err != nil {
		return err
	}
	if given["csv"] != "" {
		_, err = r.Stdout.Write(ans.Body)
		return err
	}
	return r.print("Fairness", ans.Body)
}
