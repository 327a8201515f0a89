package web

import (
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// point opens what ?swap= names, as the links in messages do: by the time at which it begins, a shift of the visitor with the
// form that asks for cover; by its ID, a request or an offer with its answers. One that is gone is told, and no error: the
// page is worth seeing without it.
func (v *visit) point(p *view.OnCall) error {
	text := v.param("swap")
	if text == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return v.pointAtSwap(p, muster.SwapRequestID(text))
	}
	p.Pointed = view.Pointed{Title: "Your shift", Text: "You are not on call then any more: there is nothing to give away."}
	_, own, err := v.openCovers(muster.RosterName(v.param("roster")))
	if err != nil {
		return err
	}
	mine, err := v.Queries.MyShifts(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	for _, m := range mine {
		if only := v.param("roster"); only != "" && string(m.Roster) != only {
			continue
		}
		if !m.From.After(at) && m.Until.After(at) {
			s := v.shift(m)
			s.Open, p.Pointed.Text = true, ""
			p.Pointed.Shifts = append(p.Pointed.Shifts, s)
		}
	}
	markAsked(p.Pointed.Shifts, own)
	return nil
}

func (v *visit) pointAtSwap(p *view.OnCall, id muster.SwapRequestID) error {
	s, err := query.Run[query.OneSwap, query.Swap](v.ctx(), v.Queries, "GetSwap", v.actor, query.OneSwap{Swap: id})
	if muster.CodeOf(err) == muster.ErrNotFound {
		p.Pointed = view.Pointed{Title: "Cover", Text: "This request is not known any more."}
		return nil
	}
	if err != nil {
		return err
	}
	p.Pointed = view.Pointed{Title: "Cover", Asked: []view.CoverAsked{v.cover(&s)}}
	if s.Status != muster.SwapOpen {
		p.Pointed.Text = "It is " + string(s.Status) + "."
		if s.AnswerName != "" {
			p.Pointed.Text = "It was " + string(s.Status) + " by " + s.AnswerName + "."
		}
	}
	return nil
}
