// Package httpx is what every HTTP surface of Muster shares: errors as problem+json, strict JSON, limits, security
// headers, same-origin checks, the request log, server-sent events, session cookies, and the one client that may talk to
// the outside.
//
// It imports the standard library, golang.org/x/time/rate and the root package only. It knows no operation and no screen.
package httpx
