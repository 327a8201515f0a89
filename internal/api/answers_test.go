package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/api"
	"github.com/muster-oncall/muster/internal/connector"
)

// carrier is a provider whose requests are proved by a header, and whose body is what a person answered.
type carrier struct{ at []string }

func (*carrier) Kind() string { return "carrier" }

func (*carrier) Deliver(context.Context, connector.Delivery) (connector.Receipt, error) {
	return connector.Receipt{}, nil
}

func (c *carrier) Answers(r *http.Request, body []byte, at string, page muster.PageID) ([]connector.Answer, error) {
	if r.Header.Get("Signed") != "yes" {
		return nil, muster.Errorf(muster.ErrUnauthenticated, "unsigned")
	}
	c.at = append(c.at, at)
	return []connector.Answer{{Kind: connector.AnswerAcknowledge, Page: page, Code: string(body)}}, nil
}

func (*carrier) WriteAnswer(w http.ResponseWriter, _ *http.Request, text string) error {
	_, err := io.WriteString(w, "<say>"+text+"</say>")
	return err
}

// desk takes answers.
type desk struct {
	got   []muster.PageAnswer
	tests int
	err   error
	log   []string
}

func (d *desk) AnswerPage(_ context.Context, via muster.ConnectorName, a []muster.PageAnswer) (string, error) {
	for _, one := range a {
		d.log = append(d.log, string(via)+" "+string(one.Kind)+" "+string(one.Page)+" "+one.Code)
	}
	d.got = append(d.got, a...)
	return "You have it", d.err
}

func (d *desk) AnswerTest(_ context.Context, via muster.ConnectorName, test muster.NoticeID, a []muster.PageAnswer) (string, error) {
	d.log = append(d.log, string(via)+" test "+string(test))
	d.tests += len(a)
	return "Thank you", d.err
}

func (d *desk) Audit(_ context.Context, _ muster.Actor, op, ref string, _ map[string]string) error {
	d.log = append(d.log, "audit "+op+" "+ref)
	return nil
}

func TestAnswersDoor(t *testing.T) {
	t.Parallel()
	conn, d := &carrier{}, &desk{}
	a, err := api.New(api.Options{
		Audit: d, Answers: d, Catalog: func() *muster.Catalog { return muster.NewCatalog(1, nil, nil) },
		Address: func() string { return "https://muster.example" },
		VerifyAnswer: func(token string) (muster.PageID, error) {
			if token != "good" {
				return "", muster.Errorf(muster.ErrUnauthenticated, "This link is not one of ours.")
			}
			return "pag_1", nil
		},
		VerifyTestAnswer: func(token string) (muster.NoticeID, error) {
			if token != "tried" {
				return "", muster.Errorf(muster.ErrUnauthenticated, "This link is not one of ours.")
			}
			return "ntc_1", nil
		},
		Inbound: func(_ context.Context, name muster.ConnectorName) (connector.Connector, error) {
			if name == "sms" {
				return conn, nil
			}
			return nil, connector.Permanent(muster.Errorf(muster.ErrNotFound, "There is no connector called %q.", name))
		},
	})
	must(t, err)
	post := func(path, body string, signed bool) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
		if signed {
			r.Header.Set("Signed", "yes")
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w
	}
	for name, c := range map[string]struct {
		path, body string
		signed     bool
		status     int
		says       string
	}{
		"a page's own address": {"/answer/sms/good?x=%2F", "1", true, 200, "<say>You have it</say>"},
		"a test's own address": {"/answer/sms/tried", "1", true, 200, "<say>Thank you</say>"},
		"in text":              {"/answer/sms", "12345", true, 200, "<say>You have it</say>"},
		"unsigned":             {"/answer/sms/good", "1", false, 401, "unsigned"},
		"a forged token":       {"/answer/sms/bad", "1", true, 401, "not one of ours"},
		"no such connector":    {"/answer/fax", "1", true, 401, "cannot be proved"},
		"far too much":         {"/answer/sms", strings.Repeat("9", 65<<10), true, 413, "larger"},
	} {
		got := post(c.path, c.body, c.signed)
		if got.Code != c.status || !strings.Contains(got.Body.String(), c.says) {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if len(d.got) != 2 || d.tests != 1 {
		t.Errorf("the desk got %v", d.log)
	}
	for _, at := range conn.at {
		if at != "https://muster.example/answer/sms" && at != "https://muster.example/answer/sms/tried" && at != "https://muster.example/answer/sms/good?x=%2F" {
			t.Errorf("the signature is checked over %s", at)
		}
	}
	d.err = muster.Errorf(muster.ErrForbidden, "An answer came from an address that is nobody's.")
	if got := post("/answer/sms", "12345", true); got.Code != 200 || !strings.Contains(strings.Join(d.log, "\n"), "audit answer not allowed connectors/sms") {
		t.Errorf("%d %s %v", got.Code, got.Body, d.log)
	}
	d.err = muster.Errorf(muster.ErrUnavailable, "The store is away.")
	if got := post("/answer/sms", "12345", true); got.Code != 503 {
		t.Errorf("while the store is away: %d", got.Code)
	}
	slow := 0
	for range 60 {
		if post("/answer/sms/bad", "", true).Code == http.StatusTooManyRequests {
			slow++
		}
	}
	if slow == 0 {
		t.Error("somebody may guess tokens as fast as they like")
	}
	if got := post("/answer/sms", "12345", true); got.Code == http.StatusTooManyRequests {
		t.Error("whoever is proved is slowed down by strangers")
	}
	for range 1100 { // of another address, faster than it may
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/answer/sms/good", strings.NewReader("1"))
		r.RemoteAddr = "198.51.100.7:1"
		a.ServeHTTP(httptest.NewRecorder(), r)
	}
	if got := post("/answer/sms", "12345", true); got.Code == http.StatusTooManyRequests {
		t.Error("a stranger keeps the provider out")
	}
}
