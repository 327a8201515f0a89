package carrier

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/phone"
)

// proof is how the provider proves that a request is its own.
type proof struct {
	check, header string
	secret        []byte
}

// holds compares in constant time. Without a header and a secret nothing is believed.
func (p proof) holds(h http.Header, body []byte) bool {
	if p.header == "" || len(p.secret) == 0 || len(h.Values(p.header)) != 1 {
		return false
	}
	got := strings.TrimSpace(h.Get(p.header))
	if p.check != "hmac-sha256" {
		a, b := sha256.Sum256([]byte(got)), sha256.Sum256(p.secret)
		return subtle.ConstantTimeCompare(a[:], b[:]) == 1
	}
	m := hmac.New(sha256.New, p.secret)
	m.Write(body)
	want := m.Sum(nil)
	got = strings.TrimPrefix(got, "sha256=")
	sum, err := hex.DecodeString(got)
	if err != nil {
		if sum, err = base64.StdEncoding.DecodeString(got); err != nil {
			return false
		}
	}
	return hmac.Equal(sum, want)
}

// Answers implements [connector.Answerer]. At a page's own address it reads receipts; what people text comes to the
// connector's address and bears the page's code. A body is JSON or a form. The check does not cover when a request was
// made: one that somebody recorded says the same again about the same page.
func (k *Connector) Answers(r *http.Request, body []byte, _ string, page muster.PageID) ([]connector.Answer, error) {
	if !k.inbound.holds(r.Header, body) {
		return nil, muster.Errorf(muster.ErrUnauthenticated, "The proof of the carrier is missing or wrong: check the settings inbound_header and inbound_check, and the secret inbound_secret.")
	}
	read, ok := fields(r.Header.Get("Content-Type"), body)
	if !ok {
		return nil, muster.Errorf(muster.ErrUnreadable, "The body is neither JSON nor a form.")
	}
	if page != "" {
		status := strings.ToLower(strings.TrimSpace(read(k.receipt)))
		if status == "" {
			return nil, muster.Errorf(muster.ErrInvalid, "The field %q of a receipt is missing: set receipt_field.", k.receipt)
		}
		a := connector.Answer{Page: page, Detail: muster.CleanLine(status, 60)}
		if k.idField != "" {
			a.ProviderID = muster.CleanLine(read(k.idField), 100)
		}
		switch {
		case slices.Contains(k.delivered, status):
			a.Kind = connector.AnswerReceived
		case slices.Contains(k.lost, status):
			a.Kind = connector.AnswerFailed
		default:
			return nil, nil // on its way
		}
		return []connector.Answer{a}, nil
	}
	from := number(read(k.textFrom))
	if phone.Check(from) != nil {
		return nil, muster.Errorf(muster.ErrInvalid, "The field %q does not say who texted: set text_from_field.", k.textFrom)
	}
	a := connector.Answer{From: from, Detail: "a text message"}
	a.Kind, a.Code = phone.ParseReply(read(k.textOf))
	return []connector.Answer{a}, nil
}

// number reads a number as carriers write it: many leave the + out.
func number(s string) string {
	s = phone.Tidy(muster.CleanLine(s, 40))
	if s != "" && s[0] >= '1' && s[0] <= '9' {
		s = "+" + s
	}
	return s
}

// fields reads a body.
func fields(contentType string, body []byte) (func(path string) string, bool) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = ""
	}
	if kind == "application/x-www-form-urlencoded" {
		v, err := url.ParseQuery(string(body))
		return v.Get, err == nil
	}
	var doc any
	if json.Unmarshal(body, &doc) != nil {
		return nil, false
	}
	return func(path string) string { return field(doc, path) }, true
}

// WriteAnswer implements [connector.Answerer]: plain text, which some carriers text back to the person.
func (k *Connector) WriteAnswer(w http.ResponseWriter, _ *http.Request, text string) error {
	if text = phone.Plain(text, 300); text == "" {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, err := w.Write([]byte(text))
	return err
}
