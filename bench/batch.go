package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// batches posts lists of alerts as Prometheus does, to Alertmanager's API, over many connections. It writes them by hand,
// because it shares the cores with the server.
type batches struct {
	in    *installation
	keys  []string
	http  *http.Client
	conns int

	patient bool // a request that is answered 503 is sent again, as Prometheus does

	mu    sync.Mutex
	again int       // requests that were sent again
	took  []float64 // milliseconds of each answer
	ok    int       // requests
	bad   int       // answered otherwise, or not at all
	first string    // what was wrong first
}

func (in *installation) batches(keyFile string, conns int) (*batches, error) {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	return &batches{
		in: in, keys: strings.Fields(string(text)), conns: conns,
		http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: conns, DisableCompression: true}},
	}, nil
}

var filler = strings.Repeat("x", 200)

// alert writes one alert about as large as that of the other figures. It ends at once when it is resolved.
func alert(to *bytes.Buffer, token string, resolved bool) {
	if to.Len() > 1 {
		to.WriteByte(',')
	}
	fmt.Fprintf(to, `{"labels":{"alertname":"LoadTest","severity":"major","region":"westeurope","host":%q},"annotations":{"summary":"load test %s","description":%q}`, token, token, filler)
	if resolved {
		to.WriteString(`,"endsAt":"2026-01-01T00:00:00Z"`)
	}
	to.WriteByte('}')
}

// run posts what fill writes until that returns false, over every connection; fill is called with the number of the
// connection and of its request. A request goes to the key of its connection.
func (p *batches) run(ctx context.Context, fill func(conn, i int, to *bytes.Buffer) bool) time.Duration {
	var wg sync.WaitGroup
	began := time.Now()
	for c := range p.conns {
		wg.Go(func() {
			var body bytes.Buffer
			for i := 0; ctx.Err() == nil; i++ {
				body.Reset()
				body.WriteByte('[')
				if !fill(c, i, &body) {
					return
				}
				body.WriteByte(']')
				begin := time.Now()
				code, problem := p.post(ctx, p.keys[c%len(p.keys)], body.Bytes())
				again := 0
				for ; p.patient && code == http.StatusServiceUnavailable && again < 60 && ctx.Err() == nil; again++ {
					time.Sleep(100 * time.Millisecond)
					code, problem = p.post(ctx, p.keys[c%len(p.keys)], body.Bytes())
				}
				p.mu.Lock()
				p.again += again
				if problem == "" {
					p.ok++
					p.took = append(p.took, ms(time.Since(begin)))
				} else if p.bad++; p.bad == 1 {
					p.first = problem
				}
				p.mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(p.took)
	return time.Since(began)
}

// post sends one request and says what was wrong with its answer; the code is 0 when there was none.
func (p *batches) post(ctx context.Context, key string, body []byte) (code int, problem string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.in.url+"/in/"+key+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return 0, err.Error()
	}
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, fmt.Sprintf("%d %s", resp.StatusCode, text)
	}
	return resp.StatusCode, ""
}

// fill posts alerts with the numbers from 0 to n once, in lists of size, and again as resolved when that is wanted.
func (p *batches) fill(ctx context.Context, run string, n, size int, resolve bool) error {
	p.patient = true
	var next atomic.Int64
	halves := make([][]string, p.conns) // what a connection posted last and has not resolved yet
	p.run(ctx, func(conn, _ int, to *bytes.Buffer) bool {
		if len(halves[conn]) > 0 {
			for _, token := range halves[conn] {
				alert(to, token, true)
			}
			halves[conn] = halves[conn][:0]
			return true
		}
		from := int(next.Add(int64(size))) - size
		if from >= n {
			return false
		}
		for i := from; i < min(n, from+size); i++ {
			token := fmt.Sprintf("lg-%s-%d", run, i)
			alert(to, token, false)
			if resolve {
				halves[conn] = append(halves[conn], token)
			}
		}
		return true
	})
	if p.bad > 0 {
		return fmt.Errorf("%d of %d requests that fill the store went wrong: %s", p.bad, p.bad+p.ok, p.first)
	}
	return ctx.Err()
}

// batched is 64 connections that post lists of 100, of which ten alerts are new and the others go on.
func batched(ctx context.Context, b *bench, name, store string) (f finding, err error) {
	const size, fresh = 100, 10
	in, err := b.install(ctx, name, store, plan{gather: people})
	if err != nil {
		return f, err
	}
	defer in.kill()
	s, err := listenSink(ctx, in.sink, in.keys+".sink")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p, err := in.batches(in.keys, 64)
	if err != nil {
		return f, err
	}
	old := func(conn int, to *bytes.Buffer) {
		for n := range size - fresh {
			alert(to, fmt.Sprintf("lg-old%d-%d", conn, n), false)
		}
	}
	p.patient = true
	p.run(ctx, func(conn, i int, to *bytes.Buffer) bool { // so that what goes on is there
		old(conn, to)
		return i == 0
	})
	p.patient = false
	if p.bad > 0 {
		return f, errors.New("the first requests went wrong: " + p.first)
	}
	p.ok, p.took = 0, nil
	began, err := in.cpu()
	if err != nil {
		return f, err
	}
	end := time.Now().Add(b.size.load)
	took := p.run(ctx, func(conn, i int, to *bytes.Buffer) bool {
		for n := range fresh {
			alert(to, fmt.Sprintf("lg-new%d-%d", conn, i*fresh+n), false)
		}
		old(conn, to)
		return time.Now().Before(end)
	})
	used, err := in.cpu()
	if err != nil {
		return f, err
	}
	rate := float64(p.ok*size) / took.Seconds()
	cpu := (used - began) / float64(max(1, p.ok*size))
	f.Text = fmt.Sprintf("%s alerts/s in %s requests/s, %d other than 2xx", thousands(rate), thousands(rate/size), p.bad)
	if len(p.took) > 0 {
		f.Text += fmt.Sprintf(", p50 %.0f, p99 %.0f ms", at(p.took, 0.5), at(p.took, 0.99))
	}
	f.Text += fmt.Sprintf("; %d pages so far, the others are gathered", s.called())
	f.Limit = fmt.Sprintf("%.3f ms of CPU for each alert; fsync %s/s", cpu, thousands(b.limits.Fsync))
	f.OK = rate >= 30000 && p.bad == 0
	f.score = rate
	f.Values = map[string]float64{"alerts_per_s": rate, "not_2xx": float64(p.bad), "cpu_ms_each": cpu}
	return f, in.stop()
}
