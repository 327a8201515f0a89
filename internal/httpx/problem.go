package httpx

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/muster-oncall/muster"
)

// Problem is the body of an error (RFC 9457). Detail and Errors are for people; Code is for programs.
type Problem struct {
	Type   string              `json:"type"`
	Title  string              `json:"title"`
	Status int                 `json:"status"`
	Detail string              `json:"detail,omitempty"`
	Code   muster.Code         `json:"code"`
	Errors []muster.FieldError `json:"errors,omitempty"`
}

// ProblemType is the media type of [Problem].
const ProblemType = "application/problem+json"

// ProblemOf words an error for users. Nothing of an error that is not a [muster.Error] gets out.
func ProblemOf(err error) Problem {
	code := muster.CodeOf(err)
	p := Problem{
		Type: "urn:muster:problem:" + string(code), Title: title(code), Status: code.HTTPStatus(),
		Detail: muster.MessageOf(err), Code: code,
	}
	if e, ok := errors.AsType[*muster.Error](err); ok {
		p.Errors = e.Fields
	}
	return p
}

func title(c muster.Code) string {
	switch c {
	case muster.ErrUnreadable:
		return "Not readable"
	case muster.ErrUnauthenticated:
		return "Not signed in"
	case muster.ErrForbidden:
		return "Not allowed"
	case muster.ErrNotFound:
		return "Not found"
	case muster.ErrConflict:
		return "Not possible now"
	case muster.ErrPrecondition:
		return "Changed in the meantime"
	case muster.ErrTooLarge:
		return "Too large"
	case muster.ErrInvalid:
		return "Not valid"
	case muster.ErrRateLimited:
		return "Too many requests"
	case muster.ErrUnavailable:
		return "Not available now"
	case muster.ErrInternal:
	}
	return "Something went wrong"
}

// errorNoter is the response writer of [Log]: it takes note of the error, so that it is logged once, at the edge.
type errorNoter interface{ NoteError(error) }

// NoteError hands err to the request log. Surfaces that show errors in their own way (HTML, chat) call it.
func NoteError(w http.ResponseWriter, err error) {
	for w != nil {
		if n, ok := w.(errorNoter); ok {
			n.NoteError(err)
			return
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = u.Unwrap()
	}
}

// SetRetryAfter sets the header of the same name for errors that ask to try again.
func SetRetryAfter(h http.Header, err error) {
	var e *muster.Error
	if !errors.As(err, &e) || (e.Code != muster.ErrRateLimited && e.Code != muster.ErrUnavailable) {
		return
	}
	h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(e.RetryAfter.Seconds())))))
}

// WriteError answers with err as problem+json.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	NoteError(w, err)
	p := ProblemOf(err)
	SetRetryAfter(w.Header(), err)
	if p.Status == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
		w.Header().Set("WWW-Authenticate", `Bearer realm="muster"`)
	}
	w.Header().Set("Cache-Control", "no-store")
	body, merr := json.Marshal(p)
	if merr != nil { // a Problem is made of strings and numbers; this cannot happen
		http.Error(w, p.Title, p.Status)
		return
	}
	w.Header().Set("Content-Type", ProblemType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has gone: there is nobody to tell
	}
}

// WriteJSON answers with v.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		WriteError(w, r, muster.WrapError(muster.ErrInternal, err, "The answer could not be written down."))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has gone: there is nobody to tell
	}
}
