package query

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/muster-oncall/muster"
)

// ListNoise asks what woke people for nothing.
type ListNoise struct {
	Days int `json:"days,omitempty" query:"days" doc:"of so many days: 30 when empty, 90 at most"`
}

// NoiseRow is what one service asked of people, and whether it was worth it.
type NoiseRow struct {
	Service   muster.ServiceName `json:"service"` // empty: alerts about no service
	Title     string             `json:"title"`
	Alerts    int                `json:"alerts"`
	Pages     int                `json:"pages"`
	Unproved  int                `json:"unproved"`       // of the pages: the provider took them, and nothing shows that they arrived
	Failed    int                `json:"failed"`         // of the pages: they could not be brought
	Flaps     int                `json:"flaps"`          // conditions that were over within their hold: they paged nobody
	Useful    int                `json:"useful"`         // said so by people who were paged
	NotUseful int                `json:"not_useful"`     // the same
	Share     *int               `json:"useful_percent"` // null: nobody said anything
	Route     muster.RouteName   `json:"route,omitempty"`
}

// Reached says how often pages by a connector were proved to arrive.
type Reached struct {
	Connector muster.ConnectorName
	Title     string
	Kind      string
	Pages     int // that went out
	Proved    int
	Unproved  int // accepted by the provider, and nothing shows that they arrived
	Failed    int
}

const (
	noiseDays    = 30
	maxNoiseDays = 90
	maxVolume    = 100_000 // alerts and pages that are looked at: what is older is not counted
)

// volume is the noise of some days, and how well connectors reached people in them.
type volume struct {
	noise   []NoiseRow
	reached []Reached
	cut     bool // there was more than was looked at
}

func (r *read) noise(in ListNoise) (out muster.Listing[NoiseRow], err error) {
	if in.Days < 0 || in.Days > maxNoiseDays {
		return out, muster.Invalid("The list cannot be read like this", []muster.FieldError{{Path: "days", Message: fmt.Sprintf("must be between 1 and %d", maxNoiseDays)}})
	}
	v, err := r.volume(cmp.Or(in.Days, noiseDays))
	return whole(v.noise), err
}

// volume counts by service, the noisiest first, and by connector.
func (r *read) volume(days int) (out volume, err error) {
	since := r.Now().Plus(-time.Duration(days) * 24 * time.Hour)
	rated, err := r.Noise(since)
	if err != nil {
		return out, err
	}
	much, err := r.Volume(since, maxVolume)
	if err != nil {
		return out, err
	}
	out.cut = much.Cut
	by := map[muster.ServiceName]*NoiseRow{}
	row := func(s muster.ServiceName) *NoiseRow {
		if by[s] == nil {
			by[s] = &NoiseRow{Service: s, Title: r.cat.ServiceTitle(s)}
			if s == "" {
				by[s].Title = "No service"
			}
		}
		return by[s]
	}
	for s, n := range much.Alerts {
		row(s).Alerts = n
	}
	conns := map[muster.ConnectorName]*Reached{}
	for _, p := range much.Pages {
		c := conns[p.Connector]
		if c == nil {
			c = &Reached{Connector: p.Connector, Title: string(p.Connector)}
			if doc := r.cat.Connectors[p.Connector]; doc != nil {
				c.Title, c.Kind = titleOf(doc), doc.Kind
			}
			conns[p.Connector] = c
		}
		n := row(p.Service)
		switch p.State {
		case muster.PagePlanned, muster.PageCancelled:
			continue // it did not go out
		case muster.PageProved:
			c.Proved += p.Pages
		case muster.PageAccepted, muster.PageUnknown:
			c.Unproved += p.Pages
			n.Unproved += p.Pages
		case muster.PageFailed:
			c.Failed += p.Pages
			n.Failed += p.Pages
		case muster.PageStarted:
		}
		c.Pages += p.Pages
		n.Pages += p.Pages
	}
	for _, x := range rated { // the noisiest route first: it is the one that is named
		n := row(x.Service)
		n.Flaps, n.Useful, n.NotUseful = n.Flaps+x.Flaps, n.Useful+x.Useful, n.NotUseful+x.NotUseful
		n.Route = cmp.Or(n.Route, x.Route)
	}
	for _, n := range by {
		if said := n.Useful + n.NotUseful; said > 0 {
			n.Share = new(100 * n.Useful / said)
		}
		out.noise = append(out.noise, *n)
	}
	slices.SortFunc(out.noise, func(a, b NoiseRow) int {
		return cmp.Or(cmp.Compare(b.NotUseful, a.NotUseful), cmp.Compare(b.Pages, a.Pages), cmp.Compare(b.Alerts, a.Alerts), cmp.Compare(a.Service, b.Service))
	})
	for _, c := range conns {
		if c.Pages > 0 {
			out.reached = append(out.reached, *c)
		}
	}
	slices.SortFunc(out.reached, func(a, b Reached) int {
		return cmp.Or(cmp.Compare(b.Pages, a.Pages), cmp.Compare(a.Connector, b.Connector))
	})
	return out, nil
}
