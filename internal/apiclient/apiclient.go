// Package apiclient speaks Muster's REST API: it sends a request with a bearer token and turns problem+json back into the
// error that the server meant. It imports the standard library and the root package only, and knows no more of the server
// than the description at /api/openapi.json tells a stranger.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// maxAnswer is the most that is read of an answer.
const maxAnswer = 64 << 20

// Client talks to one server as one person.
type Client struct {
	Base  string       // https://muster.example.org
	Token string       // API key; "" for what needs none
	Agent string       // User-Agent
	HTTP  *http.Client // nil: one that waits 30 seconds
}

// Request is one request. Path is below /api/v1 and begins with a slash.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Body   any       // written as JSON; nil for none
	To     io.Writer // takes the answer of a success as it comes, however long it is; nil: it is in Answer.Body
}

// Answer is what the server said when it did what was asked.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request. An answer that is not a success is a [*muster.Error] with the server's code, message and fields; a
// server that cannot be reached is one with [muster.ErrUnavailable].
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	base, err := url.Parse(strings.TrimRight(c.Base, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, muster.Errorf(muster.ErrInvalid, "%q is not the address of a server: write it like https://muster.example.org", muster.Clip(c.Base, 80))
	}
	target := base.String() + "/api/v1" + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	var body io.Reader
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if err != nil {
			return nil, muster.WrapError(muster.ErrInvalid, err, "The request cannot be written down.")
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, muster.WrapError(muster.ErrInvalid, err, "The request cannot be made: %s", err)
	}
	maps.Copy(req.Header, r.Header)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if c.Agent != "" {
		req.Header.Set("User-Agent", c.Agent)
	}
	h := c.HTTP
	if h == nil {
		h = &http.Client{Timeout: 30 * time.Second}
	}
	resp, err := h.Do(req)
	if err != nil {
		return nil, unreachable(base, err)
	}
	defer resp.Body.Close()
	if r.To != nil && resp.StatusCode < 300 {
		if _, err := io.Copy(r.To, resp.Body); err != nil {
			return nil, muster.WrapError(muster.ErrUnavailable, err, "The answer of %s broke off.", base.Host)
		}
		return &Answer{Status: resp.StatusCode, Header: resp.Header}, nil
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, muster.WrapError(muster.ErrUnavailable, err, "The answer of %s broke off. Whether it was done is not known.", base.Host)
	}
	if resp.StatusCode >= 300 {
		return nil, problem(resp, b)
	}
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: b}, nil
}

func unreachable(base *url.URL, err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return muster.WrapError(muster.ErrUnavailable, err, "Muster at %s cannot be reached: %s", base.Host, err)
}

// problem makes an error of an answer that is not a success.
func problem(resp *http.Response, body []byte) error {
	e := &muster.Error{Code: muster.CodeForStatus(resp.StatusCode), Message: "The server answered " + resp.Status + "."}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = time.Duration(s) * time.Second
	}
	if mt, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mt != "application/problem+json" {
		if resp.StatusCode < 500 {
			e.Message += " Is this the address of Muster?"
		}
		return e
	}
	var p struct {
		Title, Detail string
		Code          muster.Code
		Errors        []muster.FieldError
	}
	if json.Unmarshal(body, &p) != nil {
		return e
	}
	if p.Code != "" {
		e.Code = p.Code
	}
	if p.Detail != "" {
		e.Message = p.Detail
	} else if p.Title != "" {
		e.Message = p.Title + "."
	}
	e.Fields = p.Errors
	return e
}
