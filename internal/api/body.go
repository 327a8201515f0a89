package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// read fills buf with the body, at most limit bytes on the wire and after inflating.
func (p *bodyPool) read(buf *bytes.Buffer, r *http.Request) error {
	if r.ContentLength > p.limit {
		return p.tooLarge()
	}
	wire := &io.LimitedReader{R: r.Body, N: p.limit + 1}
	var src io.Reader = wire
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		if !strings.EqualFold(enc, "gzip") {
			return muster.Errorf(muster.ErrUnreadable, "The body is encoded as %q: send it as it is, or as gzip.", muster.Clip(enc, 20))
		}
		z, err := gzip.NewReader(wire)
		if err != nil {
			return muster.WrapError(muster.ErrUnreadable, err, "The body is said to be gzip and is not.")
		}
		defer func() { _ = z.Close() }() // it checks nothing that reading did not
		src = &io.LimitedReader{R: z, N: p.limit + 1}
	}
	if n := r.ContentLength; n > 0 {
		buf.Grow(int(n) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(src)
	switch {
	case wire.N <= 0 || int64(buf.Len()) > p.limit:
		return p.tooLarge()
	case err != nil:
		return muster.WrapError(muster.ErrUnreadable, err, "The body broke off.")
	}
	return nil
}

func (p *bodyPool) tooLarge() error {
	return muster.Errorf(muster.ErrTooLarge, "The body is larger than %d KiB, which is the most that is taken here, also after inflating.", p.limit>>10)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func join(words []string) string { return strings.Join(words, ", ") }
