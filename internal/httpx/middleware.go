package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// contentPolicy allows what Muster itself serves, and nothing inline. Charts and lanes are SVG, so no style is needed.
const contentPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// SecureHeaders sets the headers that every answer bears. https says that the public address begins with https: then
// browsers are told to stay with it.
func SecureHeaders(https bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Content-Security-Policy"] = []string{contentPolicy}
		h["X-Content-Type-Options"] = []string{"nosniff"}
		// Not no-referrer: browsers would then send "Origin: null" with our own forms. Links with tokens stay inside.
		h["Referrer-Policy"] = []string{"same-origin"}
		h["Cross-Origin-Opener-Policy"] = []string{"same-origin"}
		h["Permissions-Policy"] = []string{"camera=(), geolocation=(), microphone=(), payment=()"}
		if https {
			h["Strict-Transport-Security"] = []string{"max-age=31536000"}
		}
		next.ServeHTTP(w, r)
	})
}

// SameOrigin refuses requests that change something and that a browser sends on behalf of another site. Programs send
// neither Origin nor Sec-Fetch-Site and pass. publicURL is the configured address, which a proxy may hide from us.
func SameOrigin(publicURL string, next http.Handler) (http.Handler, error) {
	p := http.NewCrossOriginProtection()
	if publicURL != "" {
		scheme, rest, ok := strings.Cut(publicURL, "://")
		if !ok {
			return nil, fmt.Errorf("%q is not an address with a scheme: write it like https://muster.example", publicURL)
		}
		host, _, _ := strings.Cut(rest, "/")
		if err := p.AddTrustedOrigin(scheme + "://" + host); err != nil {
			return nil, fmt.Errorf("%q cannot be the public address: %w", publicURL, err)
		}
	}
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteError(w, r, muster.Errorf(muster.ErrForbidden, "Another site sent this request. Open Muster itself and do it there."))
	}))
	return p.Handler(next), nil
}

type requestIDKey struct{}

// RequestID is the trace identifier of the request in the log, "" outside of [Log].
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// Log gives each request an identifier and logs its end, once: successes at debug level, refusals at info, failures at
// error with their cause. It logs the pattern of the route, never the path: paths hold keys and tokens.
func Log(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := fmt.Sprintf("%016x", rand.Uint64()) //nolint:gosec // an identifier for reading logs, not a secret
		w.Header()["X-Request-Id"] = []string{id}
		rec := &recorder{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		begin := time.Now()
		next.ServeHTTP(rec, r)
		status := rec.status
		if status == 0 {
			status = http.StatusOK
		}
		level := slog.LevelDebug
		switch {
		case status >= 500:
			level = slog.LevelError
		case status >= 400:
			level = slog.LevelInfo
		}
		if !log.Enabled(r.Context(), level) {
			return
		}
		attrs := []slog.Attr{
			slog.String("id", id), slog.String("method", r.Method), slog.String("route", r.Pattern), slog.Int("status", status),
			slog.Int64("bytes", rec.bytes), slog.Duration("took", time.Since(begin)), slog.String("remote", RemoteIP(r)),
		}
		if rec.err != nil {
			attrs = append(attrs, slog.String("error", muster.Clip(rec.err.Error(), 500)))
			if cause := errors.Unwrap(rec.err); cause != nil {
				attrs = append(attrs, slog.String("cause", muster.Clip(cause.Error(), 500)))
			}
		}
		log.LogAttrs(r.Context(), level, "request", attrs...)
	})
}

// recorder sees what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	err    error
}

// Unwrap lets http.ResponseController through.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// NoteError keeps err for the log, and hands it on to recorders further out.
func (w *recorder) NoteError(err error) {
	w.err = err
	NoteError(w.ResponseWriter, err)
}

// WriteHeader notes the status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Recover turns a panic of next into a 500 and an entry in the log. An answer that has begun is cut off, so that nobody
// takes half of it for the whole.
func Recover(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			log.LogAttrs(r.Context(), slog.LevelError, "panic in a request",
				slog.String("id", RequestID(r.Context())), slog.String("route", r.Pattern),
				slog.String("panic", muster.Clip(fmt.Sprint(v), 500)), slog.String("stack", string(debug.Stack())))
			if rec.status != 0 {
				panic(http.ErrAbortHandler)
			}
			WriteError(rec, r, fmt.Errorf("panic: %v", v))
		}()
		next.ServeHTTP(rec, r)
	})
}
