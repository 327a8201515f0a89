package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/httpx"
)

// Metrics counts what goes through the doors, in a registry of its own. Others add what they know with Register or Gauge.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	intakes  *prometheus.HistogramVec
	outcomes *prometheus.CounterVec
	byResult map[muster.Outcome]prometheus.Counter
	accepted prometheus.Observer
}

// NewMetrics makes the registry with the process's own figures.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_api_request_seconds", Help: "Time to answer requests of the REST API, by operation and status.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5},
		}, []string{"operation", "status"}),
		intakes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_intake_request_seconds", Help: "Time to store requests of monitors, by status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"status"}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_intake_signals_total", Help: "Signals, by what became of them.",
		}, []string{"outcome"}),
		byResult: map[muster.Outcome]prometheus.Counter{},
	}
	m.registry.MustRegister(m.requests, m.intakes, m.outcomes, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, o := range []muster.Outcome{
		muster.OutcomeOpened, muster.OutcomeAppended, muster.OutcomeResolved, muster.OutcomeSilenced, muster.OutcomeTriage, muster.OutcomeRejected,
	} {
		m.byResult[o] = m.outcomes.WithLabelValues(string(o))
	}
	m.accepted = m.intakes.WithLabelValues(strconv.Itoa(http.StatusAccepted))
	return m
}

// Register adds collectors of other parts.
func (m *Metrics) Register(c ...prometheus.Collector) error {
	for _, one := range c {
		if err := m.registry.Register(one); err != nil {
			return err
		}
	}
	return nil
}

// Gauge adds a figure that is asked for when somebody looks.
func (m *Metrics) Gauge(name, help string, value func() float64) error {
	return m.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

func (m *Metrics) request(op string, status int, took time.Duration) {
	m.requests.WithLabelValues(op, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *Metrics) intake(status int, took time.Duration) {
	if status == http.StatusAccepted {
		m.accepted.Observe(took.Seconds())
		return
	}
	m.intakes.WithLabelValues(strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *Metrics) signals(results []command.SignalResult) {
	for i := range results {
		if c := m.byResult[results[i].Outcome]; c != nil {
			c.Inc()
		}
	}
}

// metrics asks for a key of a viewer at least: figures tell how an organisation is doing.
func (a *API) metrics(w http.ResponseWriter, r *http.Request) {
	actor, err := a.actor(r)
	if err == nil && !actor.Access.AtLeast(muster.AccessViewer) {
		err = muster.Errorf(muster.ErrForbidden, "Reading metrics needs the role %s.", muster.AccessViewer)
	}
	if err != nil {
		httpx.WriteError(w, r, err)
		return
	}
	promhttp.HandlerFor(a.Metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}
