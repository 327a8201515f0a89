package connector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// failure is an error with what the engine needs to know of it.
type failure struct {
	err       error
	permanent bool
	unknown   bool
	after     time.Duration
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// Temporary says that the delivery failed and trying again may help, not before after has passed (0: as you like).
func Temporary(err error, after time.Duration) error {
	return &failure{err: err, after: max(after, 0)}
}

// Permanent says that the delivery failed and the same delivery will fail again.
func Permanent(err error) error { return &failure{err: err, permanent: true} }

// Unknown says that nobody knows whether the other side took the delivery: it was sent, the answer is missing.
func Unknown(err error) error { return &failure{err: err, unknown: true} }

// IsPermanent reports whether trying again is pointless.
func IsPermanent(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.permanent
}

// IsUnknown reports whether the other side may have taken the delivery all the same.
func IsUnknown(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.unknown
}

// RetryAfter is how long the other side asks to be left alone, 0 when it says nothing.
func RetryAfter(err error) time.Duration {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.after
	}
	return 0
}

// maxRetryAfter bounds what a provider may ask for: a page that waits longer is not a page.
const maxRetryAfter = time.Hour

// StatusError is the one table from the status of an HTTP answer to what the engine does next: nil for 2xx; 408, 425,
// 429 and 5xx are temporary and Retry-After is respected, up to an hour; everything else is permanent. The body of the
// answer never gets into the error.
func StatusError(resp *http.Response, now time.Time) error {
	code := resp.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	err := fmt.Errorf("the other side answered %d %s", code, http.StatusText(code))
	switch {
	case code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests || code >= 500:
		return Temporary(err, ParseRetryAfter(resp.Header.Get("Retry-After"), now))
	case code >= 300 && code < 400:
		return Permanent(fmt.Errorf("the other side answered %d and points elsewhere: enter the address that it points to", code))
	default:
		return Permanent(err)
	}
}

// ParseRetryAfter reads seconds or an HTTP date, 0 when it is neither.
func ParseRetryAfter(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return min(time.Duration(max(min(n, 86400), 0))*time.Second, maxRetryAfter)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// CallError classifies the failure of a call before an answer came. When the deadline passed or the connection broke
// after it stood, the other side may have taken the request: unknown. sent says that the request had begun to leave.
func CallError(err error, sent bool) error {
	switch {
	case err == nil:
		return nil
	case sent:
		return Unknown(err)
	case errors.Is(err, context.Canceled):
		return Temporary(errors.New("the attempt was called off before anything was sent"), 0)
	case errors.Is(err, context.DeadlineExceeded):
		return Temporary(errors.New("no connection in time"), 0)
	}
	return Temporary(err, 0)
}
