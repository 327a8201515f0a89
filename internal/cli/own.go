package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/apiclient"
	"github.com/muster-oncall/muster/internal/connector/teams/fake"
	"github.com/muster-oncall/muster/internal/query"
)

// show finds out by its form what is to be shown.
func (r *run) show(ctx context.Context, args []string) error {
	if len(args) == 2 {
		args = []string{args[0] + "/" + args[1]}
	}
	if len(args) != 1 {
		return usage("muster show takes an ID (INC-42, alt_…, pag_…, rev_…), or a kind and a name")
	}
	id := args[0]
	var path, name string
	key, isKey := muster.ParseIncidentKey(id)
	switch {
	case isKey:
		path, name = "/incidents/"+string(key), "GetIncident"
	case strings.HasPrefix(id, "inc_"):
		path, name = "/incidents/"+url.PathEscape(id), "GetIncident"
	case strings.HasPrefix(id, "alt_"):
		path, name = "/alerts/"+url.PathEscape(id), "GetAlert"
	case strings.HasPrefix(id, "pag_"):
		path, name = "/pages/"+url.PathEscape(id)+"/why", "ExplainPage"
	case strings.HasPrefix(id, "rev_"):
		path, name = "/reviews/"+url.PathEscape(id), "GetReview"
	default:
		k, n, ok := muster.SplitDocRef(id)
		kind, known := muster.KindOf(string(k))
		if !ok || !known {
			return usage("%q is not an ID: write INC-42, alt_…, pag_…, rev_…, or a kind and a name: users ana", muster.Clip(id, 60))
		}
		path, name = "/"+string(kind)+"/"+url.PathEscape(n), "GetDocument"
	}
	ans, err := r.client().Do(ctx, apiclient.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	if err := r.print(name, ans.Body); err != nil || r.json || !strings.HasPrefix(path, "/"+string(muster.KindRosters)+"/") {
		return err
	}
	return r.onCallOf(ctx, strings.TrimPrefix(path, "/"+string(muster.KindRosters)+"/"))
}

// onCallOf names the people who are on call in a roster now.
func (r *run) onCallOf(ctx context.Context, roster string) error {
	name, err := url.PathUnescape(roster)
	if err != nil {
		return err
	}
	ans, err := r.client().Do(ctx, apiclient.Request{Method: http.MethodGet, Path: "/oncall", Query: url.Values{"roster": {name}}})
	if err != nil {
		return err
	}
	var now query.OnCall
	if err := json.Unmarshal(ans.Body, &now); err != nil {
		return muster.WrapError(muster.ErrInternal, err, "The answer of the server cannot be read.")
	}
	fmt.Fprintf(r.Stdout, "\nOn call now (%s):\n", r.place(""))
	for _, row := range now.Items {
		until := "without end"
		if !row.Until.IsZero() {
			until = "until " + row.Until.In(r.Zone).Format("Mon 2006-01-02 15:04")
		}
		fmt.Fprintf(r.Stdout, "  %s: %s %s\n", row.Role.Word(), people(row.People), until)
	}
	return nil
}

// fakeTeams signs a message as Microsoft Teams does and prints how to send it, or sends it.
func (r *run) fakeTeams(ctx context.Context, args []string) error {
	m := fake.Message{Mention: "StatusPage", Name: "Somebody", At: time.Now()}
	to, send := "", ""
	flags := map[string]*string{"--name": &m.Name, "--mention": &m.Mention, "--to": &to, "--send": &send, "--directory": &m.ObjectID}
	var words []string
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(args[i], "=")
		p, ok := flags[name]
		if !ok || strings.HasPrefix(args[i], "-- ") {
			words = append(words, args[i])
			continue
		}
		if !has {
			if i++; i >= len(args) {
				return usage("%s needs a value", name)
			}
			value = args[i]
		}
		*p = value
	}
	if len(words) < 2 {
		return usage("muster fake teams takes the secret and the text: muster fake teams SECRET open It is slow")
	}
	secret := words[0]
	m.Text = strings.Join(words[1:], " ")
	if send != "" {
		answer, err := fake.Post(ctx, &http.Client{Timeout: 5 * time.Second}, send, secret, m)
		if err != nil {
			return muster.Errorf(muster.ErrUnavailable, "Teams would show an error: %s", err)
		}
		fmt.Fprintln(r.Stdout, muster.CleanText(answer, 10_000))
		return nil
	}
	body := m.Body()
	sign, err := fake.Sign(secret, body)
	if err != nil {
		return muster.Errorf(muster.ErrInvalid, "%s", err)
	}
	if to == "" {
		to = r.url + "/chat/teams/CONNECTOR/webhook"
	}
	fmt.Fprintf(r.Stdout, "curl -sS -H %s -H 'Content-Type: application/json' --data-binary %s %s\n",
		quote("Authorization: "+sign), quote(string(body)), quote(to))
	return nil
}

// quote makes one word for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
