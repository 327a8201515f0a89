package email

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/htmlindex"
)

const (
	maxDepth = 6
	maxParts = 50 // of all depths together
)

// decodeWords decodes what RFC 2047 encodes in headers; what cannot be decoded stays as it is.
func decodeWords(s string) string {
	d := mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
		enc, err := htmlindex.Get(charset)
		if err != nil {
			return in, nil //nolint:nilerr // an unknown character set is read as it is
		}
		return enc.NewDecoder().Reader(in), nil
	}}
	out, err := d.DecodeHeader(s)
	if err != nil {
		out = s
	}
	return text(out)
}

// text makes UTF-8 of what may be anything: what is no UTF-8 is taken for Latin-1.
func text(s string) string {
	if strings.ToValidUTF8(s, "") == s {
		return s
	}
	out := make([]rune, len(s))
	for i := range len(s) {
		out[i] = rune(s[i])
	}
	return string(out)
}

// finding is the best text so far.
type finding struct {
	plain, html string
	parts       int
}

// bodyOf is the text of a mail: its first part that is plain text, else that of its first part in HTML.
func bodyOf(contentType, encoding string, r io.Reader) string {
	var f finding
	f.walk(contentType, encoding, "", r, 0)
	if strings.TrimSpace(f.plain) != "" {
		return f.plain
	}
	return stripped(f.html)
}

func (f *finding) walk(contentType, encoding, disposition string, r io.Reader, depth int) {
	f.parts++
	if f.parts > maxParts || depth > maxDepth {
		return
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind == "" {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" {
		mr := multipart.NewReader(r, params["boundary"])
		for f.parts <= maxParts {
			p, err := mr.NextRawPart()
			if err != nil {
				return // the end, or what broke off
			}
			f.walk(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Disposition"), p, depth+1)
		}
		return
	}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(disposition)), "attachment") {
		return
	}
	switch {
	case kind == "text/html" && f.html == "":
		f.html = decoded(encoding, params["charset"], r)
	case kind == "text/plain" && f.plain == "":
		f.plain = decoded(encoding, params["charset"], r)
	}
}

// decoded reads a part as far as it can be read.
func decoded(encoding, charset string, r io.Reader) string {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	b, _ := io.ReadAll(r) // what came before an error counts
	if charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		if enc, err := htmlindex.Get(charset); err == nil {
			if out, err := enc.NewDecoder().Bytes(b); err == nil {
				return string(out)
			}
		}
	}
	return text(string(b))
}

// stripped is the text of HTML: blocks begin lines, and scripts and styles are left out.
func stripped(s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	hidden := 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		name, _ := z.TagName()
		switch tag := string(name); {
		case kind == html.TextToken && hidden == 0:
			b.WriteString(strings.Join(strings.Fields(" "+string(z.Text())+" "), " ") + " ")
		case kind == html.StartTagToken && (tag == "script" || tag == "style" || tag == "title"):
			hidden++
		case kind == html.EndTagToken && (tag == "script" || tag == "style" || tag == "title"):
			hidden = max(hidden-1, 0)
		case tag == "br" || tag == "p" || tag == "div" || tag == "tr" || tag == "li" || tag == "h1" || tag == "h2" || tag == "h3" || tag == "table":
			b.WriteString("\n")
		}
	}
	var lines []string
	for line := range strings.Lines(b.String()) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
