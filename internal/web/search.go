package web

import (
	"net/http"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// palette answers Ctrl-K.
func palette(v *visit) error {
	hits, err := v.Queries.Search(v.ctx(), v.viewer(), v.param("q"))
	if err != nil {
		return err
	}
	type hit struct {
		Text string `json:"text"`
		Hint string `json:"hint"`
		URL  string `json:"url"`
		Icon string `json:"icon"`
	}
	out := make([]hit, 0, len(hits))
	for _, h := range hits {
		out = append(out, hit{Text: hitText(h), Hint: joinDots(h.Kind, h.Hint), URL: hitURL(h), Icon: hitIcon(h.Kind)})
	}
	v.w.Header().Set("Cache-Control", "no-store")
	httpx.WriteJSON(v.w, v.r, http.StatusOK, out)
	return nil
}

// search is the same as a page.
func search(v *visit) error {
	p := view.Found{Shell: v.shell("Search", ""), Search: view.Search{URL: "/search", Value: v.param("q"), Hint: "Incidents, alerts, services, people, documents"}}
	if p.Search.Value != "" {
		hits, err := v.Queries.Search(v.ctx(), v.viewer(), p.Search.Value)
		if err != nil {
			return err
		}
		for _, h := range hits {
			p.Hits = append(p.Hits, view.Guidance{Icon: hitIcon(h.Kind), Text: hitText(h), URL: hitURL(h), Note: joinDots(h.Kind, h.Hint)})
		}
	}
	return v.render(http.StatusOK, view.FoundPage(p))
}

func hitText(h query.Hit) string {
	if h.Kind == "incident" {
		return h.Ref + " " + h.Title
	}
	return h.Title
}

func hitURL(h query.Hit) string {
	switch h.Kind {
	case "incident":
		return "/i/" + h.Ref
	case "alert":
		return "/a/" + h.Ref
	case "service":
		return "/services/" + h.Ref
	case "person":
		return "/settings/people/" + h.Ref
	case "runbook":
		return "/runbooks/" + h.Ref
	case "roster":
		return "/oncall?roster=" + h.Ref
	}
	if k, ok := muster.KindOf(h.Kind); ok {
		return docURL(k, h.Ref)
	}
	return "/"
}

func hitIcon(kind string) string {
	switch kind {
	case "incident", "alert", "service":
		return kind
	case "person":
		return "user"
	case "runbook":
		return "book"
	case "roster":
		return "oncall"
	case "statuspage":
		return "status"
	}
	return "settings"
}
