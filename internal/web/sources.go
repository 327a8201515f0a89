package web

import (
	"net/http"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

func (s *Web) sourceRoutes() {
	s.page("GET /settings/sources", sources)
	s.page("GET /settings/sources/{name}/mapping", mapping)
	s.page("POST /settings/sources/{name}/mapping", sendMapping)
	s.page("POST /settings/rejected/{id}/replay", replaySignal)
	s.page("POST /settings/rejected/{id}/dismiss", dismissSignal)
}

// sources is the list of sources, with what came last and what waits.
func sources(v *visit) error {
	list, err := v.Queries.Sources(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Sources{Shell: v.shell("Sources", view.PlaceSettings), Tabs: v.tabs(view.TabSources), NewURL: v.may(muster.AccessTeamOwner, "/settings/sources/new")}
	for _, s := range list {
		row := view.SourceRow{Title: s.Source.Title, Name: string(s.Source.Name), DocURL: docURL(muster.KindSources, s.Source.Name), MapURL: v.may(muster.AccessResponder, mappingURL(s.Source.Name)), LastAt: s.LastAt.Time}
		if v.can(muster.AccessResponder) {
			row.LastText = s.LastText
		}
		if s.Waiting > 0 {
			row.Waiting = atMostWord(s.Waiting)
		}
		p.Rows = append(p.Rows, row)
	}
	return v.render(http.StatusOK, view.SourcesPage(p))
}

// atMostWord is a count that ends somewhere.
func atMostWord(n int) string {
	if n >= query.MaxWaiting {
		return itoa(n) + " or more"
	}
	return itoa(n)
}

func mappingURL(name muster.SourceName) string { return docURL(muster.KindSources, name) + "/mapping" }

// rejectedSource is the source of a rejected signal.
func (v *visit) rejectedSource(id muster.SignalID) (muster.SourceName, error) {
	r, err := query.Run[query.OneRejected, *query.Rejection](v.ctx(), v.Queries, "GetRejected", v.actor, query.OneRejected{Signal: id})
	if err != nil {
		return "", err
	}
	return r.Source, nil
}

// replaySignal puts a rejected signal through intake again, and leads to what came of it.
func replaySignal(v *visit) error {
	id := muster.SignalID(v.r.PathValue("id"))
	src, err := v.rejectedSource(id)
	if err != nil {
		return err
	}
	out, err := run[*muster.RejectedSignal](v, "ReplaySignal", command.ReplaySignal{Signal: id, Format: v.field("format")})
	if code := muster.CodeOf(err); code == muster.ErrInvalid || code == muster.ErrConflict {
		return v.mapping(code.HTTPStatus(), src, &mappingForm{signal: id}, func(p *view.Mapping) { p.Problems = []view.Problem{{Message: muster.MessageOf(err)}} })
	}
	if err != nil {
		return err
	}
	to, text := mappingURL(src)+"#rejected", "Replayed: "+replayedWords(out.Results)+"."
	if len(out.Results) == 1 && out.Results[0].Alert != "" {
		to = "/a/" + string(out.Results[0].Alert)
	}
	return v.done(to, text, "")
}

// replayedWords says what became of the signals of a request: "1 opened, 2 appended".
func replayedWords(list []muster.ReplayedSignal) string {
	count := map[muster.Outcome]int{}
	for _, r := range list {
		count[r.Outcome]++
	}
	var words []string
	for _, o := range sortedKeys(count) {
		words = append(words, itoa(count[o])+" "+string(o))
	}
	return joined(words)
}

func dismissSignal(v *visit) error {
	id := muster.SignalID(v.r.PathValue("id"))
	src, err := v.rejectedSource(id)
	if err != nil {
		return err
	}
	_, err = run[*muster.RejectedSignal](v, "DismissSignal", command.DismissSignal{Signal: id, Why: lineOf(v.field("why"))})
	if code := muster.CodeOf(err); code == muster.ErrInvalid || code == muster.ErrConflict {
		return v.mapping(code.HTTPStatus(), src, &mappingForm{signal: id}, func(p *view.Mapping) {
			for _, w := range problems(err, map[string]string{"why": ""}) {
				p.Problems = append(p.Problems, view.Problem{Message: w.Message})
			}
		})
	}
	if err != nil {
		return err
	}
	return v.done(mappingURL(src)+"#rejected", "Dismissed. It is kept with your reason.", "")
}

// rejectedNote says on Readiness that signals wait for somebody to look at them.
func (v *visit) rejectedNote(p *view.Readiness) error {
	n, err := v.Queries.WaitingRejected(v.ctx(), v.viewer(), "")
	if err != nil || n == 0 {
		return err
	}
	text := "1 signal could not be read and waits for somebody to look: it may have been an alert."
	if n > 1 {
		text = atMostWord(n) + " signals could not be read and wait for somebody to look: they may have been alerts."
	}
	p.Coverage = append(p.Coverage, view.Covered{Note: view.Note{Tone: view.ToneMinor, Lead: "Rejected signals", Text: text, Link: view.Link{Text: "Sources", URL: "/settings/sources"}}})
	return nil
}
