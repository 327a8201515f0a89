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
	queue   []muster.DeliveryID
	waits   map[muster.DeliveryID]work
	running int
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
	q.queue = append(q.queue, id)
	if q.running < perConnector {
		q.running++
		p.wg.Go(func() { p.work(q) })
	}
}

func (p *pools) work(q *pool) {
	for {
		p.mu.Lock()
		if len(q.queue) == 0 || p.stopped {
			q.running--
			p.mu.Unlock()
			return
		}
		id := q.queue[0]
		q.queue = q.queue[1:]
		d := q.waits[id]
		delete(q.waits, id)
		p.mu.Unlock()
		p.deliver(d)
	}
}

func (p *pools) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
}
