package mustertest

import (
	"net/http"
	"net/http/httptest"
)

// Serve makes requests to a host arrive at h instead of at the phones: a fake of an outside system.
func (p *Phones) Serve(host string, h http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hosts == nil {
		p.hosts = map[string]http.Handler{}
	}
	p.hosts[host] = h
}

func (p *Phones) host(name string) http.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hosts[name]
}

// answered has h answer a request of a client.
func answered(h http.Handler, req *http.Request) *http.Response {
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.Host, in.RequestURI, in.RemoteAddr = req.URL.Host, req.URL.RequestURI(), "192.0.2.1:1"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, in)
	resp := w.Result()
	resp.Request = req
	return resp
}
