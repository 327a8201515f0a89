package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// window is how far a request's date may lie from now.
const window = 15 * time.Minute

func forbidden(code, message string) *fault { return &fault{http.StatusForbidden, code, message} }

func (s *Service) sign(text string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// authorize checks who asks, by SharedKey, SharedKeyLite or a shared access signature.
func (s *Service) authorize(r *http.Request) *fault {
	if r.URL.Query().Has("sig") {
		return s.checkSAS(r.URL.Query())
	}
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	account, signature, ok := strings.Cut(strings.TrimSpace(rest), ":")
	if !ok || scheme != "SharedKey" && scheme != "SharedKeyLite" {
		return &fault{http.StatusUnauthorized, "NoAuthenticationInformation", "Server failed to authenticate the request."}
	}
	failed := forbidden("AuthenticationFailed", "Server failed to authenticate the request.")
	date := r.Header.Get("X-Ms-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	at, err := http.ParseTime(date)
	if err != nil || time.Since(at).Abs() > window || account != s.account {
		return failed
	}
	resource := "/" + s.account + r.URL.EscapedPath()
	if comp := r.URL.Query().Get("comp"); comp != "" {
		resource += "?comp=" + comp
	}
	text := date + "\n" + resource
	if scheme == "SharedKey" {
		text = r.Method + "\n" + r.Header.Get("Content-Md5") + "\n" + r.Header.Get("Content-Type") + "\n" + text
	}
	if !hmac.Equal([]byte(s.sign(text)), []byte(signature)) {
		return failed
	}
	return nil
}

// checkSAS checks a shared access signature for a table (tn) or for the account (ss and srt).
func (s *Service) checkSAS(q url.Values) *fault {
	failed := forbidden("AuthenticationFailed", "Signature did not match, or it is outside of its time.")
	var text string
	switch {
	case q.Has("tn"):
		text = strings.Join([]string{
			q.Get("sp"), q.Get("st"), q.Get("se"), "/table/" + s.account + "/" + strings.ToLower(q.Get("tn")), q.Get("si"), q.Get("sip"),
			q.Get("spr"), q.Get("sv"), q.Get("spk"), q.Get("srk"), q.Get("epk"), q.Get("erk"),
		}, "\n")
	case strings.Contains(q.Get("ss"), "t") && strings.Contains(q.Get("srt"), "o"):
		parts := []string{s.account, q.Get("sp"), q.Get("ss"), q.Get("srt"), q.Get("st"), q.Get("se"), q.Get("sip"), q.Get("spr"), q.Get("sv")}
		if q.Get("sv") >= "2020-12-06" {
			parts = append(parts, q.Get("ses"))
		}
		text = strings.Join(parts, "\n") + "\n"
	default:
		return failed
	}
	if !hmac.Equal([]byte(s.sign(text)), []byte(q.Get("sig"))) {
		return failed
	}
	end, err := time.Parse(time.RFC3339, q.Get("se"))
	if err != nil || time.Now().After(end) {
		return failed
	}
	if begin := q.Get("st"); begin != "" {
		if t, err := time.Parse(time.RFC3339, begin); err != nil || time.Now().Before(t) {
			return failed
		}
	}
	return nil
}

// allows says no when the request comes with a signature that is for another table, or lacks one of the permissions r, a, u, d that
// are needed.
func allows(q url.Values, tableName, needs string) *fault {
	if !q.Has("sig") {
		return nil
	}
	ok := !q.Has("tn") || strings.EqualFold(q.Get("tn"), tableName)
	for _, p := range needs {
		ok = ok && strings.ContainsRune(q.Get("sp"), p)
	}
	if !ok {
		return forbidden("AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission.")
	}
	return nil
}
