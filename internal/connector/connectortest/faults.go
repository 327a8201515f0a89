package connectortest

import (
	"maps"
	"net/http"
)

// Faults makes Answer and Hang of a [World] whose fake lets a function answer valid requests in its place: script installs
// it, and nil takes it away. body comes with every status.
func Faults(script func(func(w http.ResponseWriter, r *http.Request) bool), body string) (answer func(status int, header http.Header), hang func() (release func())) {
	answer = func(status int, h http.Header) {
		if status == 0 {
			script(nil)
			return
		}
		script(func(w http.ResponseWriter, _ *http.Request) bool {
			maps.Copy(w.Header(), h)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body)) // 204 and 304 take none
			return true
		})
	}
	hang = func() func() {
		wait := make(chan struct{})
		script(func(_ http.ResponseWriter, r *http.Request) bool {
			select {
			case <-wait:
			case <-r.Context().Done():
			}
			return true
		})
		return func() { close(wait); script(nil) }
	}
	return answer, hang
}
