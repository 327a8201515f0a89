package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// A viewer could be paged and could not acknowledge: by no way do they come to be on call, but as a shadow.
func TestViewersAreNotPutOnCall(t *testing.T) {
	bubble(t, func(w *world) {
		says := func(err error) {
			t.Helper()
			if text := explain(err); (muster.CodeOf(err) != muster.ErrInvalid && muster.CodeOf(err) != muster.ErrConflict) || !strings.Contains(text, "is a viewer, and could not acknowledge") || !strings.Contains(text, "a responder") {
				t.Errorf("%s", text)
			}
		}
		until := muster.At(time.Now().Add(2 * time.Hour))
		in := command.OverrideShift{Roster: "storefront", People: []muster.UserName{"vic"}, Until: until}
		_, err := do[*muster.Override](w, w.as("olga"), "OverrideShift", in)
		says(err)
		_, err = do[*muster.SwapRequest](w, w.as("olga"), "ArrangeSwap", command.ArrangeSwap{Roster: "storefront", At: muster.At(time.Now()), Person: "rob", To: "vic"})
		says(err)
		says(apply(w, "olga", shifts("rob, vic"), ""))
		says(apply(w, "ana", strings.ReplaceAll(lone, "roster: storefront", "user: vic"), ""))
		rob := "kind: user\nname: rob\ndisplay: Rob\nemail: rob@example.org\nzone: Europe/Berlin\naccess: viewer\n"
		says(apply(w, "ana", rob, "")) // he is on the roster
		w.ok(apply(w, "olga", shifts("olga"), ""))
		w.ok(apply(w, "ana", rob, ""))
		in.Role = muster.ShadowResponder
		must[*muster.Override](w, w.as("olga"), "OverrideShift", in)
	})
}
