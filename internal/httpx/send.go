package httpx

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// maxAnswer is what is read of an answer: enough for a reference or an error, and so that the connection can be used again.
const maxAnswer = 64 << 10

// Caller gives the client for calls to one provider: c, or the strict egress client when it is nil, without redirects: what
// is meant for one address does not go to another.
func Caller(c *http.Client) *http.Client {
	if c == nil {
		c = NewEgress(EgressOptions{})
	}
	out := *c
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &out
}

// Answer is what came of a request.
type Answer struct {
	Response *http.Response // its body is read and closed; nil: there is an error
	Body     []byte         // as far as it could be read: a status without a readable body is still a status
	Sent     bool           // the request had begun to leave: after an error, nobody knows whether the other side took it
}

// Send sends a request and reads the answer. Its error never shows the address, which may bear a secret; [ErrRefused] comes
// as it is.
func Send(c *http.Client, r *http.Request) (Answer, error) {
	var sent atomic.Bool
	trace := httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	resp, err := c.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), &trace)))
	if err != nil {
		if errors.Is(err, ErrRefused) {
			return Answer{}, ErrRefused
		}
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return Answer{Sent: sent.Load()}, err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return Answer{Response: resp, Body: body, Sent: true}, nil
}
