package engine

import (
	"sync"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
)

// perConnector is how many deliveries of one connector are being begun or called at the same time. A provider that hangs
// holds its own calls, not those of the others. Half of the time a worker waits for the commit of `started`, which it
// shares with the others: with fewer workers pages fall behind an intake that is busy.
const perConnector = 128

// lowTurn is how often what is not urgent goes before what is: every so many times, so that it goes at all.
const lowTurn = 8

// pools hands deliveries to workers, connector by connector. Workers exist while there is something to do.
type pools struct {
	deliver func(work)
	wg      *sync.WaitGroup

	mu      sync.Mutex
	queues  map[muster.ConnectorName]*pool
	stopped bool
}

// work is a delivery that is leased to this node, with what its event brought.
type work struct {
	delivery *muster.Delivery
	ready    *command.Started
}

// pool is one connector's queue. A delivery stands in it once: when its lease ends while it waits and it is claimed
// again, the newer claim takes its place, so that a slow provider does not fill the memory with stale claims.
type pool struct {
	high, low turns
	waits     map[muster.DeliveryID]work
	running   int
	served    int
}

// turns is a queue in which services take turns: a storm of one does not hold up the others (I17).
type turns struct {
	order []muster.ServiceName // who waits; the first is next
	lines map[muster.ServiceName][]muster.DeliveryID
}

func (t *turns) add(of muster.ServiceName, id muster.DeliveryID) {
	if t.lines == nil {
		t.lines = map[muster.ServiceName][]muster.DeliveryID{}
	}
	if len(t.lines[of]) == 0 {
		t.order = append(t.order, of)
	}
	t.lines[of] = append(t.lines[of], id)
}

// take gives the next one of the service whose turn it is.
func (t *turns) take() (muster.DeliveryID, bool) {
	if len(t.order) == 0 {
		return "", false
	}
	of := t.order[0]
	t.order = t.order[1:]
	line := t.lines[of]
	if len(line) == 1 {
		delete(t.lines, of)
	} else {
		t.lines[of] = line[1:]
		t.order = append(t.order, of)
	}
	return line[0], true
}

// next takes the delivery whose turn it is: urgent ones first, and now and then one that is not.
func (q *pool) next() (work, bool) {
	first, second := &q.high, &q.low
	if q.served++; q.served%lowTurn == 0 {
		first, second = second, first
	}
	id, ok := first.take()
	if !ok {
		if id, ok = second.take(); !ok {
			return work{}, false
		}
	}
	d := q.waits[id]
	delete(q.waits, id)
	return d, true
}

// add queues a delivery that is leased to this node. After stop it is left to its lease.
func (p *pools) add(d work) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	if p.queues == nil {
		p.queues = map[muster.ConnectorName]*pool{}
	}
	q := p.queues[d.delivery.Connector]
	if q == nil {
		q = &pool{waits: map[muster.DeliveryID]work{}}
		p.queues[d.delivery.Connector] = q
	}
	id := d.delivery.ID
	old, waits := q.waits[id]
	if !waits || old.delivery.Epoch < d.delivery.Epoch {
		q.waits[id] = d
	}
	if waits {
		return
	}
	line := &q.low
	if d.delivery.Urgency == muster.UrgencyHigh {
		line = &q.high
	}
	line.add(d.delivery.Service, id)
	if q.running < perConnector {
		q.running++
		p.wg.Go(func() { p.work(q) })
	}
}

func (p *pools) work(q *pool) {
	for {
		p.mu.Lock()
		var d work
		ok := !p.stopped
		if ok {
			d, ok = q.next()
		}
		if !ok {
			q.running--
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		p.deliver(d)
	}
}

func (p *pools) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
}
