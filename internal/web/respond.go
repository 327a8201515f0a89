package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/web/view"
)

// maxKept is how large a page's room may be to be used again: that of lanes of many rosters.
const maxKept = 8 << 20

// render answers with a page, whole or not at all.
func (v *visit) render(status int, c templ.Component) error {
	b, ok := v.drawn.Get().(*bytes.Buffer)
	if !ok {
		b = new(bytes.Buffer)
	}
	defer func() {
		if b.Cap() <= maxKept {
			b.Reset()
			v.drawn.Put(b)
		}
	}()
	if err := c.Render(v.ctx(), b); err != nil {
		return muster.WrapError(muster.ErrInternal, err, "The page could not be drawn.")
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = v.w.Write(b.Bytes()) // the reader has gone: there is nobody to tell
	}
	return nil
}

// fail shows what went wrong, in the user's words.
func (v *visit) fail(err error) {
	httpx.NoteError(v.w, err)
	httpx.SetRetryAfter(v.w.Header(), err)
	status := muster.CodeOf(err).HTTPStatus()
	title, text := errorWords(err)
	p := view.Error{
		Shell: v.plainShell(title), Status: status, Title: title, Text: text, Back: view.Link{Text: "Back to Now", URL: "/"},
		RequestID: httpx.RequestID(v.ctx()),
	}
	switch {
	case v.actor.User != "":
		p.Shell = v.shell(title, "")
	case status == http.StatusUnauthorized:
		p.Back = view.Link{Text: "Sign in", URL: "/signin"}
	default:
		p.Back = view.Link{}
	}
	if rerr := v.render(status, view.ErrorPage(p)); rerr != nil {
		httpx.WriteError(v.w, v.r, err)
	}
}

// errorWords gives the first sentence of an error as a title and the rest as what to do.
func errorWords(err error) (title, text string) {
	title, text, ok := strings.Cut(muster.MessageOf(err), ". ")
	if !ok {
		title = strings.TrimSuffix(title, ".")
	}
	for _, f := range fieldsOf(err) {
		text = strings.TrimSpace(text + " " + strings.TrimSuffix(f.String(), ".") + ".")
	}
	if text != "" {
		return title, text
	}
	switch muster.CodeOf(err) {
	case muster.ErrForbidden:
		text = "An admin or an owner of the team can do it, or change what you may do."
	case muster.ErrNotFound:
		text = "It may have been removed, or the address has a mistake in it."
	case muster.ErrConflict, muster.ErrPrecondition:
		text = "Look at how it stands now."
	case muster.ErrInvalid, muster.ErrUnreadable, muster.ErrTooLarge:
		text = "Go back, mend it and send it again."
	case muster.ErrRateLimited, muster.ErrUnavailable:
		text = "Try again in a moment."
	case muster.ErrUnauthenticated:
		text = "Sign in to go on."
	case muster.ErrInternal:
		text = "The request's number below helps whoever looks after this installation."
	}
	return title, text
}

// done answers a form: 303 to the page that shows the result, with a word about it.
func (v *visit) done(to, text, undo string) error {
	if text != "" {
		v.flash(view.Toast{Text: text, UndoURL: undo, Tone: view.ToneOK})
	}
	v.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(v.w, v.r, localPath(to), http.StatusSeeOther)
	return nil
}

// back is the page of ours that the form stood on, or else to.
func (v *visit) back(to string) string {
	u, err := url.Parse(v.r.Referer())
	if err != nil || u.Path == "" || (u.Host != v.r.Host && !v.ours(u)) {
		return to
	}
	for _, no := range []string{"/signin", "/p/", "/c/", "/setup", "/declare", "/live"} {
		if strings.HasPrefix(u.Path, no) {
			return to
		}
	}
	return localPath(u.RequestURI())
}

func (v *visit) ours(u *url.URL) bool {
	p, err := url.Parse(v.PublicURL())
	return err == nil && p.Host != "" && p.Host == u.Host
}

// flashed is what a form says on the next page.
type flashed struct {
	Text string    `json:"t"`
	Undo string    `json:"u,omitempty"`
	Tone view.Tone `json:"k,omitempty"`
}

func (v *visit) flashName() string {
	if v.Secure {
		return "__Host-said"
	}
	return "said"
}

// flash keeps a toast for the next page: twenty seconds, no longer.
func (v *visit) flash(t view.Toast) {
	b, err := json.Marshal(flashed{Text: muster.Clip(t.Text, 300), Undo: t.UndoURL, Tone: t.Tone})
	if err != nil {
		return
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: v.flashName(), Value: base64.RawURLEncoding.EncodeToString(b), Path: "/", MaxAge: 20,
		HttpOnly: true, Secure: v.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// toast takes the toast that the last form left, once.
func (v *visit) toast() *view.Toast {
	if v.r.Method != http.MethodGet {
		return nil
	}
	c, err := v.r.Cookie(v.flashName())
	if err != nil || c.Value == "" {
		return nil
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: v.flashName(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: v.Secure, SameSite: http.SameSiteLaxMode,
	})
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	var f flashed
	if err != nil || json.Unmarshal(b, &f) != nil || f.Text == "" {
		return nil
	}
	t := &view.Toast{Text: muster.CleanLine(f.Text, 300), Tone: f.Tone}
	if f.Undo != "" && localPath(f.Undo) == f.Undo {
		t.UndoURL = f.Undo
	}
	return t
}
