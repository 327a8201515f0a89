package httpx

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/muster-oncall/muster"
)

// ReadBody reads the request's body, inflating gzip, at most limit bytes on the wire and at most limit bytes after
// inflating. Other encodings are refused.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	wire := http.MaxBytesReader(w, r.Body, limit)
	var src io.Reader = wire
	switch enc := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); enc {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(wire)
		if err != nil {
			return nil, bodyError(err, limit, "The body is said to be gzip and is not.")
		}
		defer func() { _ = z.Close() }() // it was only read
		src = io.LimitReader(z, limit+1)
	default:
		return nil, muster.Errorf(muster.ErrUnreadable, "The body is encoded as %q: send it as it is, or as gzip.", muster.Clip(enc, 20))
	}
	var buf bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= limit {
		buf.Grow(int(n) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(src); err != nil {
		return nil, bodyError(err, limit, "The body broke off.")
	}
	if int64(buf.Len()) > limit {
		return nil, tooLarge(limit)
	}
	return buf.Bytes(), nil
}

func bodyError(err error, limit int64, what string) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(limit)
	}
	return muster.WrapError(muster.ErrUnreadable, err, "%s", what)
}

func tooLarge(limit int64) error {
	if limit >= 1<<20 && limit%(1<<20) == 0 {
		return muster.Errorf(muster.ErrTooLarge, "The body is larger than %d MiB, which is the most that is taken here.", limit>>20)
	}
	return muster.Errorf(muster.ErrTooLarge, "The body is larger than %d KiB, which is the most that is taken here.", max(limit>>10, 1))
}

// LimitBody refuses bodies over limit before next sees them, and cuts off those that hide their length.
func LimitBody(limit int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > limit {
			WriteError(w, r, tooLarge(limit))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}
