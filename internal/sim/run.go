package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/app"
	"github.com/muster-oncall/muster/internal/mustertest"
	"github.com/muster-oncall/muster/internal/store"
)

// run is one life of a scenario.
type run struct {
	s       *Scenario
	t       *testing.T
	dir     string
	rec     *record
	weather *weather
	ids     *entropy
	acts    sync.WaitGroup

	mu    sync.Mutex
	node  *node // nil while the process is down
	busy  bool  // somebody ends or starts the process
	fatal string
}

// node is one life of the process.
type node struct {
	world *mustertest.World
	db    store.DB
	dead  atomic.Bool
	up    atomic.Bool
	ctx   context.Context //nolint:containedctx // it is the life of the process
	end   context.CancelFunc

	mu     sync.Mutex
	place  string // where it will be killed
	passes int    // until then
	killed chan struct{}
}

// sleep waits, unless the process or the caller ends.
func (n *node) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-n.ctx.Done():
		return errors.New("the process is dead")
	}
}

// failpoint is where the process can be killed. What happens afterwards in a dead process reaches nobody: its goroutines
// end where they stand, no commit is made, no call leaves.
func (n *node) failpoint(name string) {
	if n.dead.Load() {
		runtime.Goexit()
	}
	n.mu.Lock()
	hit := n.place == name
	if hit {
		n.passes--
		hit = n.passes == 0
	}
	n.mu.Unlock()
	if hit {
		n.dead.Store(true)
		close(n.killed)
		runtime.Goexit()
	}
}

// entropy is a source that many goroutines read.
type entropy struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

// Read implements [io.Reader].
func (e *entropy) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.src.Read(p)
}

// quietly is a [testing.TB] whose fatal errors end the run and not the test.
type quietly struct {
	testing.TB
	r *run
}

type ended struct{}

// Helper implements [testing.TB].
func (quietly) Helper() {}

// Fatal implements [testing.TB].
func (q quietly) Fatal(args ...any) { q.r.fail(fmt.Sprint(args...)); panic(ended{}) }

// Fatalf implements [testing.TB].
func (q quietly) Fatalf(format string, args ...any) { q.Fatal(fmt.Sprintf(format, args...)) }

// Errorf implements [testing.TB].
func (q quietly) Errorf(format string, args ...any) { q.r.fail(fmt.Sprintf(format, args...)) }

func (r *run) fail(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fatal == "" {
		r.fatal = text
	}
}

// live lets a scenario happen and returns what was seen.
func live(t *testing.T, s *Scenario, dir string) *record {
	seed := [32]byte{}
	copy(seed[:], fmt.Sprint("muster ", s.Seed))
	r := &run{s: s, t: t, dir: dir, rec: &record{}, ids: &entropy{src: rand.NewChaCha8(seed)}}
	r.weather = &weather{luck: rand.New(rand.NewPCG(s.Seed, 2)), actions: s.Actions}
	synctest.Test(t, func(t *testing.T) {
		r.t = t
		r.play()
	})
	if r.fatal != "" {
		r.rec.early = append(r.rec.early, Violation{Invariant: "start", At: 0, Text: r.fatal})
	}
	return r.rec
}

func (r *run) play() {
	if !r.start() {
		return
	}
	r.contacts()
	r.acts.Go(r.watch)
	for _, a := range r.s.Actions {
		r.until(a.At)
		r.acts.Go(func() { r.act(a) })
	}
	r.until(r.s.Length + r.s.Settle)
	r.acts.Wait()
	r.gather()
	r.verify()
	if n := r.current(); n != nil {
		n.end()
		n.world.Client.CloseIdleConnections()
		if err := n.world.App.Stop(); err != nil {
			r.fail("the process did not stop cleanly: " + err.Error())
		}
	}
}

func (r *run) until(at time.Duration) {
	time.Sleep(time.Until(epoch.Add(at))) // in a bubble
}

func (r *run) current() *node {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.node
}

// start starts the process on the directory of the run.
func (r *run) start() (ok bool) {
	n := &node{killed: make(chan struct{})}
	n.ctx, n.end = context.WithCancel(context.Background())
	defer func() {
		if p := recover(); p != nil {
			if _, mine := p.(ended); !mine {
				panic(p)
			}
			ok = false
			n.end()
			if n.db != nil { // what was opened has to end, or the bubble cannot
				_ = n.db.Close()
			}
		}
	}()
	n.world = mustertest.New(quietly{r.t, r}, mustertest.Options{Dir: r.dir, Docs: r.s.Org.docs(), With: func(d *app.Deps) {
		d.Entropy, d.Failpoint, d.Transport = r.ids, n.failpoint, &providers{r, n}
		d.Around = func(db store.DB) store.DB { n.db = db; return &database{db, r, n} }
	}})
	n.up.Store(true)
	r.mu.Lock()
	r.node = n
	r.mu.Unlock()
	return true
}

// contacts adds the contact methods that the world does not make by itself.
func (r *run) contacts() {
	n := r.current()
	for name, u := range r.s.Org.users {
		for i := range u.methods {
			m := &u.methods[i]
			by, connector, address := "boss", "pagers", "https://pager.test/"+name
			switch m.name {
			case "phone":
				continue
			case "spare":
				by, connector, address = name, "phones", "https://phone.test/"+name+"-spare"
				if u.admin { // an admin may say that it is verified
					m.verified, address = true, "https://phone.test/"+name+"-own"
				}
			}
			time.Sleep(time.Second) // in a bubble: the order of a person's methods is that of their making
			status, _, err := r.do(n, by, http.MethodPost, "/api/v1/users/"+name+"/contacts", map[string]any{"method": m.name, "connector": connector, "address": address, "verified": m.verified})
			if err != nil || status != http.StatusCreated {
				r.fail(fmt.Sprintf("the contact method %s of %s cannot be added: %d %v", m.name, name, status, err))
			}
		}
	}
	err := n.world.App.DB.Read(r.t.Context(), func(rd store.Reader) error {
		all, err := rd.ContactsOf(nil)
		for who, list := range all {
			for _, c := range list {
				for i := range r.s.Org.users[string(who)].methods {
					if m := &r.s.Org.users[string(who)].methods[i]; m.name == c.Method {
						m.id = string(c.ID)
					}
				}
			}
		}
		return err
	})
	if err != nil {
		r.fail(err.Error())
	}
}

// do sends one request to a process.
func (r *run) do(n *node, as, verb, path string, in any) (int, []byte, error) {
	if n == nil {
		return 0, nil, errors.New("nobody listens")
	}
	ctx, cancel := context.WithTimeout(n.ctx, 20*time.Second)
	defer cancel()
	var body io.Reader
	switch v := in.(type) {
	case nil:
	case string:
		body = strings.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return 0, nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, verb, n.world.URL+path, body)
	if err != nil {
		return 0, nil, err
	}
	if token := n.world.Token(muster.UserName(as)); as != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.world.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if n.dead.Load() {
		return 0, nil, errors.New("the process died")
	}
	return resp.StatusCode, b, err
}

// insist sends a request until its outcome is certain, as monitors do, and people too. It returns how many attempts had
// none.
func (r *run) insist(as, verb, path string, in any) (status int, body []byte, unknown int) {
	for range 300 {
		status, body, err := r.do(r.current(), as, verb, path, in)
		if err == nil && status < 500 && status != http.StatusTooManyRequests {
			return status, body, unknown
		}
		unknown++
		time.Sleep(3 * time.Second) // in a bubble
	}
	return 0, nil, unknown
}

// stop ends the process and starts it again after a while. hard: as a power cut would end it.
func (r *run) stop(n *node, hard bool, down time.Duration) {
	r.mu.Lock()
	if r.busy || r.node != n {
		r.mu.Unlock()
		return
	}
	r.busy, r.node = true, nil
	r.mu.Unlock()
	from := time.Now()
	if hard {
		n.dead.Store(true)
	}
	n.end()
	err := n.world.App.Stop()
	if err != nil && !hard {
		r.fail("the process did not stop cleanly: " + err.Error())
	}
	time.Sleep(down) // in a bubble
	r.start()
	r.mu.Lock()
	r.busy = false
	r.mu.Unlock()
	r.rec.mu.Lock()
	r.rec.downs = append(r.rec.downs, span{from, time.Now()})
	r.rec.mu.Unlock()
}
