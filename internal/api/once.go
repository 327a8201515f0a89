package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"reflect"
	"sync"

	"github.com/muster-oncall/muster"
)

// inflight is the set of idempotency keys whose first request is still being worked on, on this node.
type inflight struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (f *inflight) begin(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.keys[key] {
		return false
	}
	if f.keys == nil {
		f.keys = map[string]bool{}
	}
	f.keys[key] = true
	return true
}

func (f *inflight) end(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.keys, key)
}

// once runs an operation for a request with an idempotency key: a repetition gets the first answer, the same key with
// another body is refused. Answers of success alone are remembered, and never one that holds a new token.
//
// Limit: the answer is kept right after the operation was committed, not with it. A process that is killed in between, or
// two nodes that get the same request at the same moment, do it twice.
func (a *API) once(w http.ResponseWriter, r *http.Request, rt *route, actor muster.Actor, key string, in reflect.Value, body []byte) (int, error) {
	switch {
	case a.Replays == nil:
		return 0, muster.Errorf(muster.ErrInvalid, "Idempotency-Key is not supported by this server.")
	case len(key) > 200:
		return 0, muster.Invalid("The request is not right", []muster.FieldError{{Path: "Idempotency-Key", Message: "is longer than 200 characters"}})
	}
	full := "api:" + digest(string(actor.User), string(actor.Key), rt.Name, key)
	hash := digest(r.URL.Path, string(body))
	if !a.inflight.begin(full) {
		return 0, muster.Errorf(muster.ErrConflict, "A request with this Idempotency-Key is being worked on. Ask again in a moment.")
	}
	defer a.inflight.end(full)
	old, err := a.Replays.Recall(r.Context(), full)
	switch {
	case err != nil:
		return 0, err
	case old != nil && old.RequestHash != hash:
		return 0, muster.Invalid("The request is not right", []muster.FieldError{{Path: "Idempotency-Key", Message: "was used for another request: take a new one"}})
	case old != nil:
		w.Header().Set("Idempotent-Replayed", "true")
		if len(old.Body) > 0 {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(old.Status)
		_, _ = w.Write(old.Body)
		return old.Status, nil
	}
	out, err := rt.Exec(r.Context(), actor, in.Interface())
	if err != nil {
		return 0, err
	}
	tee := &teeWriter{ResponseWriter: w}
	status := a.answer(tee, r, rt, out)
	if fieldOf(out, "Token").IsValid() {
		return status, nil
	}
	if err := a.Replays.Keep(r.Context(), Replay{Key: full, RequestHash: hash, Status: status, Body: tee.body.Bytes()}); err != nil {
		a.Log.ErrorContext(r.Context(), "an answer could not be remembered for its idempotency key", "error", err)
	}
	return status, nil
}

// teeWriter keeps a copy of the body.
type teeWriter struct {
	http.ResponseWriter
	body bytes.Buffer
}

// Unwrap lets http.ResponseController through.
func (t *teeWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// Write copies.
func (t *teeWriter) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		n := len(p)
		h.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}
