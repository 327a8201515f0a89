package api

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/query"
)

// operation is the one handler of REST.
func (a *API) operation(rt *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		status, err := a.serve(w, r, rt)
		if err != nil {
			status = muster.CodeOf(err).HTTPStatus()
			httpx.WriteError(w, r, err)
		}
		a.Metrics.request(rt.Name, status, time.Since(begin))
	})
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, rt *route) (int, error) {
	actor, err := a.actor(r)
	if err != nil {
		return 0, err
	}
	if !actor.Access.AtLeast(rt.Access) { // before the body is read; Exec asks again
		return 0, muster.Errorf(muster.ErrForbidden, "%s needs the role %s; you are %s.", rt.Name, rt.Access, actor.Access)
	}
	in, body, err := rt.in.read(w, r)
	if err != nil {
		return 0, err
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" && rt.Method == http.MethodPost {
		return a.once(w, r, rt, actor, key, in, body)
	}
	out, err := rt.Exec(r.Context(), actor, in.Interface())
	if err != nil {
		return 0, err
	}
	return a.answer(w, r, rt, out), nil
}

// file is an outcome that is a file, for those who do not ask for JSON.
type file interface {
	File() (mediaType, name string, body []byte)
}

// answer writes the outcome of an operation.
func (a *API) answer(w http.ResponseWriter, r *http.Request, rt *route, out any) int {
	h := w.Header()
	if rt.Read && h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
	status := statusOf(rt, out)
	if d, ok := out.(*command.Document); ok { // one shape for a document, read or written
		out = query.Document{Kind: d.Kind, Name: d.Name, Revision: d.Revision, Doc: d.Doc}
	}
	if f, ok := out.(file); ok && !strings.Contains(r.Header.Get("Accept"), "application/json") {
		mediaType, name, body := f.File()
		h.Set("Content-Type", mediaType)
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
		w.WriteHeader(status)
		_, _ = w.Write(body) // the reader has gone: there is nobody to tell
		return status
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return status
	}
	if tag := etagOf(out); tag != "" {
		h.Set("ETag", tag)
		if rt.Read && noneMatch(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return http.StatusNotModified
		}
	}
	if rt.List {
		if next := nextOf(out); next != "" {
			h.Set("Link", "<"+nextURL(r.URL, next)+`>; rel="next"`)
		}
	}
	if status == http.StatusCreated {
		if at := location(rt, out); at != "" {
			h.Set("Location", at)
		}
	}
	httpx.WriteJSON(w, r, status, out)
	return status
}

func statusOf(rt *route, out any) int {
	if v := fieldOf(out, "Created"); v.IsValid() && v.Kind() == reflect.Bool {
		if v.Bool() {
			return http.StatusCreated
		}
		return http.StatusOK
	}
	if _, nothing := out.(muster.Nothing); nothing || out == nil {
		return http.StatusNoContent
	}
	return rt.Status
}

// fieldOf finds a field of a struct or of what a pointer points to.
func fieldOf(out any, name string) reflect.Value {
	v := reflect.ValueOf(out)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return reflect.Value{}
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return v.FieldByName(name)
}

// etagOf is the revision of a document and the version of a review; other answers have none.
func etagOf(out any) string {
	if rev := fieldOf(out, "Revision"); rev.IsValid() && rev.CanInt() && fieldOf(out, "Doc").IsValid() {
		return `"` + strconv.FormatInt(rev.Int(), 10) + `"`
	}
	if v := fieldOf(out, "Version"); v.IsValid() && v.CanInt() {
		return `"` + strconv.FormatInt(v.Int(), 10) + `"`
	}
	return ""
}

func noneMatch(header, tag string) bool {
	if header == "" {
		return false
	}
	if strings.TrimSpace(header) == "*" {
		return true
	}
	return slices.ContainsFunc(strings.Split(header, ","), func(s string) bool {
		return strings.TrimPrefix(strings.TrimSpace(s), "W/") == tag
	})
}

func nextOf(out any) string {
	if v := fieldOf(out, "Next"); v.IsValid() && v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.String {
		return v.Elem().String()
	}
	return ""
}

func nextURL(u *url.URL, cursor string) string {
	q := u.Query()
	q.Set("cursor", cursor)
	return u.EscapedPath() + "?" + q.Encode()
}

// location is where a created thing is found, for those whose path is their list's path and their ID.
func location(rt *route, out any) string {
	if strings.Contains(rt.Path, "{") {
		return ""
	}
	v := fieldOf(out, "ID")
	if !v.IsValid() || v.Kind() != reflect.String || v.String() == "" {
		return ""
	}
	return rt.pattern + "/" + url.PathEscape(v.String())
}
