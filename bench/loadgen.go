package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// result is a line of the load generator.
type result struct {
	OK       int            `json:"ok"`
	Rejected int            `json:"rejected"`
	Unknown  int            `json:"unknown"`
	PerSec   float64        `json:"ok_per_s"`
	Seconds  float64        `json:"seconds"`
	P50      float64        `json:"p50_ms"`
	P99      float64        `json:"p99_ms"`
	Max      float64        `json:"max_ms"`
	Extra    map[string]any `json:"extra"`
}

// lg runs the load generator and returns what it printed.
func (b *bench) lg(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.loadgen, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("loadgen %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// measured is lg with -json.
func (b *bench) measured(ctx context.Context, args ...string) (r result, err error) {
	text, err := b.lg(ctx, append(args, "-json")...)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(text), &r)
}

// body is the alert that the generator sends, about as large as those that the peers got.
func (b *bench) body() (string, error) {
	name := filepath.Join(b.dir, "alert.json")
	text := `{"title":"load test {{token}}","key":"{{token}}","severity":"major","labels":{"region":"westeurope","host":"web-17"},"summary":"` +
		strings.Repeat("x", 200) + `"}`
	return name, os.WriteFile(name, []byte(text), 0o600)
}

// target are the generator's arguments that make it send alerts to an installation, a source after the other.
func (in *installation) target() ([]string, error) {
	body, err := in.b.body()
	return []string{"-kind", "custom", "-url", in.url + "/in/{{key}}/generic", "-keys", in.keys, "-body", body}, err
}

// aimed is an installation and the generator's arguments that send alerts to it.
func (b *bench) aimed(ctx context.Context, name, store string, p plan) (*installation, []string, error) {
	in, err := b.install(ctx, name, store, p)
	if err != nil {
		return nil, nil, err
	}
	args, err := in.target()
	if err != nil {
		in.kill()
		return nil, nil, err
	}
	return in, args, nil
}

// measureLimits finds what the machine can do at the moment.
func (b *bench) measureLimits(ctx context.Context) error {
	addr, err := freeAddr(ctx)
	if err != nil {
		return err
	}
	echo := exec.CommandContext(ctx, b.loadgen, "echo", "-addr", addr)
	if err := echo.Start(); err != nil {
		return err
	}
	defer func() {
		_ = echo.Process.Kill()
		_ = echo.Wait()
	}()
	if err := listening(ctx, addr); err != nil {
		return err
	}
	body, err := b.body()
	if err != nil {
		return err
	}
	r, err := b.measured(ctx, "load", "-kind", "custom", "-url", "http://"+addr+"/", "-body", body, "-c", "64", "-d", min(2*time.Second, b.size.load).String())
	if err != nil {
		return err
	}
	now := limits{Echo: r.PerSec}
	for _, w := range []struct {
		n  string
		to *float64
	}{{"1", &now.Fsync}, {"8", &now.Fsync8}} {
		text, err := b.lg(ctx, "fsync", "-dir", b.dir, "-c", w.n, "-d", min(500*time.Millisecond, b.size.load).String())
		if err != nil {
			return err
		}
		if *w.to, err = perSecond(text); err != nil {
			return err
		}
	}
	b.limits = now
	b.most = limits{max(b.most.Echo, now.Echo), max(b.most.Fsync, now.Fsync), max(b.most.Fsync8, now.Fsync8)}
	return nil
}

// perSecond reads the rate out of a line of the generator that is made for people.
func perSecond(line string) (rate float64, err error) {
	for word := range strings.FieldsSeq(line) {
		if n, ok := strings.CutSuffix(word, "/s"); ok {
			_, err = fmt.Sscan(n, &rate)
			return rate, err
		}
	}
	return 0, fmt.Errorf("there is no rate in %q", line)
}

// listening waits until somebody listens on addr.
func listening(ctx context.Context, addr string) error {
	for range 500 {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
		if err == nil {
			return c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("nobody listens on " + addr)
}

// verified is what `loadgen verify` says.
type verified struct{ acked, present, missing, again int }

func (b *bench) verify(ctx context.Context, acked, unknown, have string) (v verified, err error) {
	text, err := b.lg(ctx, "verify", "-acked", acked, "-unknown", unknown, "-have", have)
	if err != nil {
		return v, err
	}
	_, err = fmt.Sscanf(text, "acked=%d present=%d missing=%d more_than_once=%d", &v.acked, &v.present, &v.missing, &v.again)
	return v, err
}
