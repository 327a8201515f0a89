package azuretable

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// transport is the egress client as azcore wants it. It looks at the answers to transactions first: aztables panics when
// one is not in parts, and takes one that broke off for a success.
type transport struct{ client *http.Client }

// Do sends a request.
func (t transport) Do(r *http.Request) (*http.Response, error) {
	resp, err := t.client.Do(r)
	if err != nil || resp.StatusCode >= 300 || !strings.HasSuffix(r.URL.Path, "/$batch") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("the answer to a transaction broke off: %w", err)
	}
	if !wholeBatch(body) {
		return nil, errUnreadable
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// wholeBatch reports whether body is an answer in parts of parts, with its first and its last line.
func wholeBatch(body []byte) bool {
	outer, rest, ok := bytes.Cut(body, []byte("\n"))
	outer = bytes.TrimSpace(outer)
	if !ok || len(outer) < 3 || !bytes.HasPrefix(outer, []byte("--")) || !bytes.HasSuffix(bytes.TrimSpace(body), append(bytes.Clone(outer), "--"...)) {
		return false
	}
	_, inner, ok := bytes.Cut(bytes.ReplaceAll(rest, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	line, _, ends := bytes.Cut(inner, []byte("\n"))
	return ok && ends && len(line) >= 3 && bytes.HasPrefix(line, []byte("--")) && bytes.Contains(inner, []byte("HTTP/1.1 "))
}
