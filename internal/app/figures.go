package app

import (
	"cmp"

	"github.com/muster-oncall/muster/internal/api"
)

// figures adds what the engine knows to the metrics.
func (a *App) figures(m *api.Metrics) error {
	return cmp.Or(
		m.Gauge("muster_connectors_in_trouble", "Connectors whose calls failed one after the other, on this node: their pages go other ways.",
			func() float64 { return float64(len(a.Engine.Circuits())) }),
		m.Gauge("muster_pages_unproved", "Pages since the start of this node that were accepted and not proved when the next step came.",
			func() float64 { return float64(a.Engine.Unproved()) }),
		m.Gauge("muster_auditor_findings", "What the auditor of this node found at its last look and is not over: 0 while nobody is forgotten.",
			func() float64 { return float64(len(a.watching().Findings)) }),
	)
}
