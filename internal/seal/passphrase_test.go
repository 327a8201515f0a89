package seal

import (
	"context"
	"testing"

	"github.com/muster-oncall/muster"
)

func TestWaitingForAPlaceCanBeGivenUp(t *testing.T) {
	p := NewPassphrases(1)
	p.slots <- struct{}{} // somebody else is being verified
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Hash(ctx, "correct horse battery"); muster.CodeOf(err) != muster.ErrUnavailable {
		t.Error(err)
	}
	if _, err := p.Verify(ctx, "correct horse battery", ""); muster.CodeOf(err) != muster.ErrUnavailable {
		t.Error(err)
	}
	p.give()
	if _, err := p.Verify(t.Context(), "correct horse battery", ""); err != nil {
		t.Error(err)
	}
}
