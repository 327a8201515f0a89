package command

import (
	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store"
)

// keepEnd keeps an end whose beginning has not come, for a few minutes: the beginning may have been overtaken (I5).
func (b *intakeBatch) keepEnd(s *muster.Signal, key store.AlertKey) (SignalResult, error) {
	ended := s.DetectedAt
	if ended.IsZero() || ended.After(b.Now().Time) {
		ended = b.Now()
	}
	if b.early == nil {
		b.early = map[store.AlertKey]muster.Instant{}
	}
	b.early[key] = ended
	if err := b.PutEarlyEnd(key, ended, b.Now()); err != nil {
		return SignalResult{}, err
	}
	return SignalResult{Outcome: muster.OutcomeRejected, Detail: "it ends an alert that is not open; kept for 5 minutes, in case its beginning comes after it"}, nil
}

// endedBefore reports whether the end of a condition that begins came already: by the sender's own clock it began before it
// ended. A sender that tells no time begins at receipt, which no end that was received is later than: it pages, as one does
// that begins at the instant of the end, because a condition that comes back must not be missed.
func (b *intakeBatch) endedBefore(s *muster.Signal, key store.AlertKey) bool {
	ended, ok := b.early[key]
	return ok && !s.DetectedAt.IsZero() && s.DetectedAt.Before(b.Now().Time) && s.DetectedAt.Before(ended.Time)
}

// endAtOnce resolves a new alert whose end came before it.
func (b *intakeBatch) endAtOnce(a *muster.Alert, key store.AlertKey) (SignalResult, error) {
	if err := b.DeleteEarlyEnd(key); err != nil {
		return SignalResult{}, err
	}
	delete(b.early, key)
	if err := b.flush(b.Call); err != nil {
		return SignalResult{}, err
	}
	clear(b.fresh)
	delete(b.open, key)
	const why = "its end came before its beginning, so it pages nobody"
	if err := b.resolveAlert(a, "It was over already: "+why); err != nil {
		return SignalResult{}, err
	}
	return SignalResult{Alert: a.ID, Outcome: muster.OutcomeResolved, Detail: why}, nil
}
