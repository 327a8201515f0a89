package httpx_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/httpx"
)

func TestWriteError(t *testing.T) {
	limited := muster.Errorf(muster.ErrRateLimited, "Slow down.")
	limited.RetryAfter = 1500 * time.Millisecond
	for _, c := range []struct {
		err    error
		status int
		retry  string
		want   string
	}{
		{muster.Invalid("The policy is not valid", []muster.FieldError{{Path: "steps[1].wait", Message: "too short"}}), 422, "", `{"type":"urn:muster:problem:invalid","title":"Not valid","status":422,"detail":"The policy is not valid","code":"invalid","errors":[{"path":"steps[1].wait","message":"too short"}]}`},
		{limited, 429, "2", `{"type":"urn:muster:problem:rate_limited","title":"Too many requests","status":429,"detail":"Slow down.","code":"rate_limited"}`},
		{muster.Errorf(muster.ErrUnavailable, "Not now."), 503, "1", `"status":503`},
		{errors.New("pq: password is hunter2"), 500, "", `"detail":"Something went wrong inside Muster. The log says more."`},
		{fmt.Errorf("wrapped: %w", muster.WrapError(muster.ErrNotFound, errors.New("sql: no rows"), "There is no such alert.")), 404, "", `"detail":"There is no such alert."`},
		{muster.Errorf(muster.ErrUnauthenticated, "Who are you?"), 401, "", `"code":"unauthenticated"`},
	} {
		rec := httptest.NewRecorder()
		httpx.WriteError(rec, httptest.NewRequest(http.MethodGet, "/", nil), c.err)
		if rec.Code != c.status || rec.Header().Get("Content-Type") != "application/problem+json" || rec.Header().Get("Retry-After") != c.retry || !strings.Contains(rec.Body.String(), c.want) {
			t.Errorf("%v: %d %v %s", c.err, rec.Code, rec.Header(), rec.Body)
		}
		if strings.Contains(rec.Body.String(), "hunter2") || strings.Contains(rec.Body.String(), "sql:") {
			t.Errorf("the cause shows: %s", rec.Body)
		}
		if c.status == 401 && rec.Header().Get("WWW-Authenticate") == "" {
			t.Error("401 without WWW-Authenticate")
		}
	}
}

type step struct {
	Wait muster.Duration `json:"wait"`
	Who  []string        `json:"who,omitempty"`
}

type input struct {
	Title  string                     `json:"title"`
	Count  int                        `json:"count"`
	Steps  []step                     `json:"steps"`
	At     muster.Instant             `json:"at"`
	Labels map[string]string          `json:"labels"`
	Nested map[string]step            `json:"nested"`
	Any    map[string]json.RawMessage `json:"any"`
	hidden string
}

func TestUnmarshal(t *testing.T) {
	_ = input{}.hidden
	for _, c := range []struct {
		in   string
		code muster.Code
		want []string
	}{
		{`{"title":"x","count":3,"steps":[{"wait":"5m"}],"at":"2026-11-27T03:12:40Z","labels":{"a":"b"},"any":{"x":{"y":1}}}`, "", nil},
		{` `, muster.ErrUnreadable, []string{"empty"}},
		{`{`, muster.ErrUnreadable, []string{"line 1"}},
		{"{\n\n\"title\":}", muster.ErrUnreadable, []string{"line 3"}},
		{`{"title":"a","title":"b"}`, muster.ErrUnreadable, []string{`"title" occurs twice`}},
		{`{"any":{"x":{"k":1,"k":2}}}`, muster.ErrUnreadable, []string{`"k" occurs twice`}},
		{`{} x`, muster.ErrUnreadable, []string{"after the end"}},
		{"{\"title\":\"\xff\"}", muster.ErrUnreadable, []string{"UTF-8"}},
		{strings.Repeat("[", 40) + strings.Repeat("]", 40), muster.ErrUnreadable, []string{"deeper"}},
		{strings.Repeat(`{"a":`, 200_000), muster.ErrUnreadable, []string{"deeper"}},
		{`{"titel":"x","steps":[{},{"wiat":"5m"}],"nested":{"n":{"whoo":1}},"colour":1}`, muster.ErrInvalid, []string{"titel: is not a field of this (did you mean title?)", "steps[1].wiat", "did you mean wait?", "nested.n.whoo", "colour: is not a field of this"}},
		{`{"count":"three"}`, muster.ErrInvalid, []string{"count: must be a whole number, not a JSON string"}},
		{`{"steps":{}}`, muster.ErrInvalid, []string{"steps: must be a list"}},
		{`{"steps":[{"wait":"soon"}]}`, muster.ErrInvalid, []string{"not a length of time"}},
		{`{"Title":"x"}`, muster.ErrInvalid, []string{"did you mean title?"}},
		{`{"hidden":"x"}`, muster.ErrInvalid, []string{"hidden"}},
		{`[]`, muster.ErrInvalid, []string{"must be an object"}},
	} {
		var v input
		err := httpx.Unmarshal([]byte(c.in), &v)
		if muster.CodeOf(err) != c.code {
			t.Errorf("%.60s: %v", c.in, err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%.60s: %v does not say %q", c.in, err, w)
			}
		}
	}
}

func FuzzCheckJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}]}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		err := httpx.CheckJSON(body)
		if err == nil && !json.Valid(body) {
			t.Errorf("%q is not JSON", body)
		}
		if err != nil && muster.CodeOf(err) != muster.ErrUnreadable {
			t.Errorf("%q: %v", body, err)
		}
	})
}

func zip(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(b) // a buffer takes everything
	_ = z.Close()
	return buf.Bytes()
}

func TestReadBody(t *testing.T) {
	bomb := zip(make([]byte, 50<<20))
	for name, c := range map[string]struct {
		body     []byte
		encoding string
		length   int64 // -1: not told
		code     muster.Code
		want     string
	}{
		"plain":             {[]byte("hello"), "", 5, "", "hello"},
		"length not told":   {[]byte("hello"), "", -1, "", "hello"},
		"gzip":              {zip([]byte("hello")), "gzip", -1, "", "hello"},
		"exactly the limit": {bytes.Repeat([]byte("x"), 1024), "", -1, "", strings.Repeat("x", 1024)},
		"one too many":      {bytes.Repeat([]byte("x"), 1025), "", -1, muster.ErrTooLarge, ""},
		"told too large":    {[]byte("x"), "", 1 << 40, muster.ErrTooLarge, ""},
		"bomb":              {bomb, "gzip", -1, muster.ErrTooLarge, ""},
		"small bomb":        {zip(make([]byte, 1025)), "gzip", -1, muster.ErrTooLarge, ""},
		"no gzip":           {[]byte("hello"), "gzip", -1, muster.ErrUnreadable, ""},
		"cut gzip":          {zip([]byte("hello"))[:12], "gzip", -1, muster.ErrUnreadable, ""},
		"brotli":            {[]byte("hello"), "br", -1, muster.ErrUnreadable, ""},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(c.body))
		r.ContentLength = c.length
		r.Header.Set("Content-Encoding", c.encoding)
		got, err := httpx.ReadBody(httptest.NewRecorder(), r, 1024)
		if muster.CodeOf(err) != c.code || string(got) != c.want {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := httpx.NewLimiter(3, time.Minute, 2)
		for range 3 {
			if err := l.Check("a"); err != nil {
				t.Fatal(err)
			}
		}
		err := l.Check("a")
		var e *muster.Error
		if !errors.As(err, &e) || e.Code != muster.ErrRateLimited || e.RetryAfter <= 0 || e.RetryAfter > 20*time.Second {
			t.Fatalf("%v", err)
		}
		if err := l.Check("b"); err != nil {
			t.Error("another key has its own allowance")
		}
		time.Sleep(20 * time.Second)
		if err := l.Check("a"); err != nil {
			t.Errorf("a third of the time gives back one: %v", err)
		}
		if err := l.Check("a"); err == nil {
			t.Error("and only one")
		}
		for i := range 100 {
			l.Allow(fmt.Sprint(i))
		}
		if l.Len() != 2 {
			t.Errorf("%d keys are remembered", l.Len())
		}
	})
}

func TestSecureHeaders(t *testing.T) {
	for _, https := range []bool{true, false} {
		rec := httptest.NewRecorder()
		httpx.SecureHeaders(https, http.NotFoundHandler()).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		h := rec.Header()
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'self'") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || (h.Get("Strict-Transport-Security") != "") != https {
			t.Errorf("%v", h)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	h, err := httpx.SameOrigin("https://muster.example/sub", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method string
		header http.Header
		want   int
	}{
		"program":               {http.MethodPost, nil, 204},
		"own form":              {http.MethodPost, http.Header{"Sec-Fetch-Site": {"same-origin"}}, 204},
		"own form, old browser": {http.MethodPost, http.Header{"Origin": {"http://example.com"}}, 204},
		"behind a proxy":        {http.MethodPost, http.Header{"Origin": {"https://muster.example"}, "Sec-Fetch-Site": {"cross-site"}}, 204},
		"another site":          {http.MethodPost, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}, 403},
		"a sister site":         {http.MethodPost, http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://blog.muster.example"}}, 403},
		"old browser elsewhere": {http.MethodPost, http.Header{"Origin": {"https://evil.example"}}, 403},
		"reading":               {http.MethodGet, http.Header{"Sec-Fetch-Site": {"cross-site"}}, 204},
	} {
		r := httptest.NewRequest(c.method, "http://example.com/", nil)
		maps.Copy(r.Header, c.header)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != c.want {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if _, err := httpx.SameOrigin("muster.example", http.NotFoundHandler()); err == nil {
		t.Error("an address without a scheme goes through")
	}
}

func TestLogAndRecover(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /in/{key}/generic", func(w http.ResponseWriter, r *http.Request) {
		httpx.WriteError(w, r, muster.WrapError(muster.ErrUnavailable, errors.New("disk full"), "Try again."))
	})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("boom") })
	mux.HandleFunc("GET /half", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("half")); panic("boom") })
	mux.HandleFunc("GET /fine", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(httpx.RequestID(r.Context()))) })
	var logging sync.WaitGroup // the line is written after the answer
	inner := httpx.Log(log, httpx.Recover(log, mux))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		logging.Add(1) // perhaps twice: a client asks again when a connection ends early
		defer logging.Done()
		inner.ServeHTTP(w, r)
	}))
	defer srv.Close()
	get := func(method, path string) (int, string, string) {
		defer logging.Wait()
		req, _ := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
		resp, err := srv.Client().Do(req)
		if err != nil {
			return 0, "", err.Error()
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			return resp.StatusCode, "", err.Error()
		}
		return resp.StatusCode, resp.Header.Get("X-Request-Id"), string(b)
	}
	if status, id, body := get(http.MethodGet, "/fine"); status != 200 || body != id || id == "" || out.Len() > 0 {
		t.Errorf("%d %q %q %s", status, id, body, &out)
	}
	if status, id, _ := get(http.MethodPost, "/in/mst_secret/generic?token=t0ps3cret"); status != 503 || !strings.Contains(out.String(), id) {
		t.Errorf("%d %s", status, &out)
	}
	for _, want := range []string{`"route":"POST /in/{key}/generic"`, `"error":"Try again."`, `"cause":"disk full"`, `"status":503`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log does not say %s: %s", want, &out)
		}
	}
	if status, _, body := get(http.MethodGet, "/panic"); status != 500 || strings.Contains(body, "boom") || !strings.Contains(out.String(), "httpx_test.go") {
		t.Errorf("%d %s", status, body)
	}
	if _, _, err := get(http.MethodGet, "/half"); err == "half" || err == "" {
		t.Errorf("half an answer passes for a whole one: %q", err)
	}
	if strings.Contains(out.String(), "mst_secret") || strings.Contains(out.String(), "t0ps3cret") {
		t.Errorf("the log shows a key: %s", &out)
	}
}

func TestSSE(t *testing.T) {
	srv := httptest.NewServer(httpx.Log(slog.New(slog.DiscardHandler), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := httpx.NewSSE(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		_ = s.Retry(2 * time.Second)
		_ = s.Event("7", "now", "one\ntwo\r\nthree")
		_ = s.Event("8\nevil: x", "", "<p>"+httpx.LastEventID(r)+"</p>")
		_ = s.KeepAlive()
	})))
	defer srv.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	req.Header.Set("Last-Event-ID", "6")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	want := "retry: 2000\n\nid: 7\nevent: now\ndata: one\ndata: two\ndata: three\n\nid: 8evil: x\ndata: <p>6</p>\n\n:\n\n"
	if err != nil || string(body) != want || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestCookies(t *testing.T) {
	for _, secure := range []bool{true, false} {
		c := httpx.Cookies{Secure: secure}
		rec := httptest.NewRecorder()
		c.Set(rec, "tok", time.Now().Add(time.Hour))
		line := rec.Header().Get("Set-Cookie")
		if !strings.Contains(line, "HttpOnly") || !strings.Contains(line, "SameSite=Lax") || !strings.Contains(line, "Path=/") || strings.Contains(line, "Domain") ||
			strings.Contains(line, "; Secure") != secure || strings.HasPrefix(line, "__Host-") != secure {
			t.Error(line)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", c.Name()+"=tok")
		if got := c.Token(r); got != "tok" {
			t.Errorf("%q", got)
		}
		r.Header.Add("Cookie", c.Name()+"=other")
		if got := c.Token(r); got != "" {
			t.Errorf("two tokens give %q", got)
		}
		rec = httptest.NewRecorder()
		c.Clear(rec)
		if !strings.Contains(rec.Header().Get("Set-Cookie"), "Max-Age=0") {
			t.Error(rec.Header())
		}
	}
}
