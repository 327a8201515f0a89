package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/httpx"
)

// auditEvery bounds how often refused requests of one address are written to the security log: the log must not be a way
// to fill the disk.
const auditEvery = time.Minute

// agentCLI is how the command line names itself, so that the timeline says which surface was used.
const agentCLI = "muster-cli/"

// actor finds out who asks: by a bearer token, else by the session cookie, which counts for requests that change
// something only when the browser sends them from our own pages.
func (a *API) actor(r *http.Request) (muster.Actor, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
			return muster.Actor{}, muster.Errorf(muster.ErrUnauthenticated, "Send the API key as \"Authorization: Bearer …\".")
		}
		via := muster.SurfaceAPI
		if strings.HasPrefix(r.UserAgent(), agentCLI) {
			via = muster.SurfaceCLI
		}
		return a.bearer(r.Context(), token, via)
	}
	token := a.Cookies.Token(r)
	if token == "" {
		return muster.Actor{}, muster.Errorf(muster.ErrUnauthenticated, "Sign in, or send an API key as \"Authorization: Bearer …\".")
	}
	if err := a.csrf.Check(r); err != nil {
		return muster.Actor{}, muster.WrapError(muster.ErrForbidden, err, "Another site sent this request. Open Muster itself and do it there.")
	}
	return a.Keys.ByToken(r.Context(), token, muster.SurfaceWeb)
}

// refused writes a refused request to the security log, at most once in a while for each address.
func (a *API) refused(r *http.Request, who, op, ref string) {
	if ok, _ := a.failures.Allow(op + " " + httpx.RemoteIP(r)); !ok {
		return
	}
	actor := muster.Actor{Name: who, Surface: muster.SurfaceAPI}
	facts := map[string]string{"address": httpx.RemoteIP(r)}
	if err := a.Audit.Audit(r.Context(), actor, op, muster.Clip(ref, 80), facts); err != nil {
		a.Log.ErrorContext(r.Context(), "the security log could not be written", "error", err)
	}
}
