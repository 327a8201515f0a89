package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// wire posts over plain HTTP/1.1 connections that it keeps, with requests written by hand. The generator shares the cores
// with what it measures, and net/http's client costs more for a small request than most servers do.
type wire struct {
	addr    string
	timeout time.Duration
	mu      sync.Mutex
	idle    []*wireConn
}

type wireConn struct {
	c   net.Conn
	r   *bufio.Reader
	out []byte
}

func newWire(rawURL string, timeout time.Duration) (*wire, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" || u.Port() == "" {
		return nil, errors.New("-client wire needs http://HOST:PORT/")
	}
	return &wire{addr: u.Host, timeout: timeout}, nil
}

func (w *wire) take() (*wireConn, error) {
	w.mu.Lock()
	if n := len(w.idle); n > 0 {
		c := w.idle[n-1]
		w.idle = w.idle[:n-1]
		w.mu.Unlock()
		return c, nil
	}
	w.mu.Unlock()
	c, err := net.DialTimeout("tcp", w.addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &wireConn{c: c, r: bufio.NewReaderSize(c, 4096)}, nil
}

// post sends one request. write appends its path with the query, and its body.
func (w *wire) post(headers []byte, path, body func([]byte) []byte) (code int, answer string, err error) {
	c, err := w.take()
	if err != nil {
		return 0, "", err
	}
	b := path(append(c.out[:0], "POST "...))
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, w.addr...)
	b = append(b, "\r\n"...)
	b = append(b, headers...)
	b = append(b, "Content-Length: "...)
	at := len(b)
	b = append(b, "        \r\n\r\n"...) // the length comes here
	from := len(b)
	b = body(b)
	n := strconv.Itoa(len(b) - from)
	copy(b[at+8-len(n):], n)
	c.out = b
	if w.timeout > 0 {
		err = c.c.SetDeadline(time.Now().Add(w.timeout))
	}
	if err == nil {
		_, err = c.c.Write(b)
	}
	if err == nil {
		var keep bool
		if code, answer, keep, err = c.answer(); err == nil && keep {
			w.mu.Lock()
			w.idle = append(w.idle, c)
			w.mu.Unlock()
			return code, answer, nil
		}
	}
	c.c.Close()
	return code, answer, err
}

// maxAnswer is how much of an answer is kept.
const maxAnswer = 4096

// answer reads a whole answer. Of a good one the text is thrown away.
func (c *wireConn) answer() (code int, text string, keep bool, err error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, "", false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, "", false, fmt.Errorf("no HTTP: %.40q", line)
	}
	if code, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, "", false, err
	}
	length, chunked, keep := -1, false, line[7] == '1'
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, "", false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case len(name) == 14 && strings.EqualFold(string(name), "Content-Length"):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, "", false, err
			}
		case len(name) == 17 && strings.EqualFold(string(name), "Transfer-Encoding"):
			chunked = strings.EqualFold(string(value), "chunked")
		case len(name) == 10 && strings.EqualFold(string(name), "Connection"):
			keep = keep && !strings.EqualFold(string(value), "close")
		}
	}
	if code < 200 {
		return c.answer() // an interim one
	}
	if code == http.StatusNoContent || code == http.StatusNotModified {
		length = 0
	}
	var body io.Reader
	switch {
	case chunked:
		body = httputil.NewChunkedReader(c.r)
	case length >= 0:
		if code/100 == 2 {
			_, err = c.r.Discard(length)
			return code, "", keep, err
		}
		body = io.LimitReader(c.r, int64(length))
	default:
		body, keep = c.r, false // until the connection ends
	}
	some, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if code/100 == 2 {
		some = nil
	}
	if err == nil {
		_, err = io.Copy(io.Discard, body)
	}
	if err == nil && chunked {
		_, err = c.r.ReadSlice('\n') // behind the last chunk; no server that is measured sends trailers
	}
	return code, string(some), keep, err
}

// template is a text with places for {{token}}, {{key}} and {{i}}.
type template []part

type part struct{ text, place string }

func parseTemplate(s string) (t template) {
	for {
		before, rest, found := strings.Cut(s, "{{")
		if !found {
			return append(t, part{text: s})
		}
		place, after, closed := strings.Cut(rest, "}}")
		if !closed || place != "token" && place != "key" && place != "i" {
			t = append(t, part{text: before + "{{"})
			s = rest
			continue
		}
		t = append(t, part{text: before, place: place})
		s = after
	}
}

func (t template) append(b []byte, token, key string, i int64) []byte {
	for _, p := range t {
		b = append(b, p.text...)
		switch p.place {
		case "token":
			b = append(b, token...)
		case "key":
			b = append(b, key...)
		case "i":
			b = strconv.AppendInt(b, i, 10)
		}
	}
	return b
}
