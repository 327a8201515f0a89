package api

import (
	"net/http"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/httpx"
)

// exportWait is how long the export of a large ledger may take to be read by who asked for it.
const exportWait = 15 * time.Minute

// exportLedger streams the export of the ledger as NDJSON, to admins alone. It is no operation, because it is too large for
// one answer.
func (a *API) exportLedger(w http.ResponseWriter, r *http.Request) {
	actor, err := a.actor(r)
	switch {
	case err != nil:
	case actor.Access == "":
		err = muster.Errorf(muster.ErrUnauthenticated, "Sign in, or send an API key as a bearer token.")
	case actor.Access != muster.AccessAdmin:
		err = muster.Errorf(muster.ErrForbidden, "Only an admin may export the ledger: it tells whom Muster paged about what.")
	case a.Ledger == nil:
		err = muster.Errorf(muster.ErrNotFound, "There is no ledger here.")
	default:
		err = a.Audit.Audit(r.Context(), actor, "export ledger", "", nil)
	}
	if err != nil {
		httpx.WriteError(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Content-Disposition", `attachment; filename="muster-ledger.ndjson"`)
	h.Set("Cache-Control", "no-store")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportWait)) // a test's recorder has none
	if err := a.Ledger(r.Context(), w); err != nil {
		// The export has no last line then, and whoever verifies it is told so.
		a.Log.Error("the export of the ledger was not completed", "error", err)
	}
}
