package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/query"
)

// visit is one request, and who makes it.
type visit struct {
	*Web
	w     http.ResponseWriter
	r     *http.Request
	actor muster.Actor // zero for strangers
	zone  *time.Location
	now   time.Time
	mark  string // how far the bus was when the visit began
}

// handler answers a visit. What it returns is shown as an error page.
type handler func(*visit) error

// maxForm bounds a form: a document of the catalog is the largest thing that people post.
const maxForm = 1 << 20

// open serves everybody: the page behind a link, the doors.
func (s *Web) open(pattern string, h handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Web: s, w: w, r: r, zone: time.UTC, now: time.Now(), mark: s.Bus.Mark()}
		v.answer(h)
	})
}

// page serves signed-in people. Others are led to the door.
func (s *Web) page(pattern string, h handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Web: s, w: w, r: r, zone: time.UTC, now: time.Now(), mark: s.Bus.Mark()}
		if err := v.identify(); err != nil {
			v.stranger(err)
			return
		}
		v.answer(h)
	})
}

// identify finds who the session belongs to. An API key is not a session, though it may open one.
func (v *visit) identify() error {
	token := v.cookies.Token(v.r)
	if token == "" {
		return muster.Errorf(muster.ErrUnauthenticated, "Sign in to see this.")
	}
	a, err := v.Commands.ByToken(v.r.Context(), token, muster.SurfaceWeb)
	if err != nil {
		return err
	}
	if a.Key != "" {
		return muster.Errorf(muster.ErrUnauthenticated, "Sign in to see this.")
	}
	v.actor, v.zone = a, v.Queries.Zone(a.User)
	return nil
}

// stranger leads to the door: with the way back, where a browser asked for a page.
func (v *visit) stranger(err error) {
	if muster.CodeOf(err) != muster.ErrUnauthenticated {
		v.fail(err)
		return
	}
	live := v.r.URL.Path == "/live" || v.r.URL.Path == "/palette"
	if v.r.Method != http.MethodGet || live {
		v.fail(muster.Errorf(muster.ErrUnauthenticated, "You are not signed in any more. Sign in and do it again."))
		return
	}
	to := "/signin"
	if next := localPath(v.r.URL.RequestURI()); next != "/" {
		to += "?next=" + url.QueryEscape(next)
	}
	v.w.Header().Set("Cache-Control", "no-store")
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}

func (v *visit) answer(h handler) {
	if v.r.Method == http.MethodPost {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
		if err := v.r.ParseForm(); err != nil {
			if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
				v.fail(muster.Errorf(muster.ErrTooLarge, "This is larger than 1 MiB, which is the most that a form may send."))
				return
			}
			v.fail(muster.WrapError(muster.ErrUnreadable, err, "The form cannot be read. Go back and send it again."))
			return
		}
	}
	if err := h(v); err != nil {
		v.fail(err)
	}
}

func (v *visit) ctx() context.Context { return v.r.Context() }

func (v *visit) viewer() query.Viewer { return query.Viewer{Actor: v.actor, Zone: v.zone} }

// can says whether a button is drawn; the command decides again.
func (v *visit) can(least muster.AccessRole) bool { return v.actor.Access.AtLeast(least) }

// field is a form's field without surrounding space.
func (v *visit) field(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// param is a parameter of the address.
func (v *visit) param(name string) string { return strings.TrimSpace(v.r.URL.Query().Get(name)) }

// may gives a URL to those who may use it, "" to others: then the button is not drawn.
func (v *visit) may(least muster.AccessRole, url string) string {
	if v.can(least) {
		return url
	}
	return ""
}

// run runs an operation as the visitor.
func run[Out, In any](v *visit, name string, in In) (Out, error) {
	return command.Run[In, Out](v.ctx(), v.Commands, name, v.actor, in)
}

// remote is who asks, for limits.
func (v *visit) remote() string { return httpx.RemoteIP(v.r) }

// localPath is a path on this server, "/" for anything else: nobody is led elsewhere by a link that looks like ours.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
