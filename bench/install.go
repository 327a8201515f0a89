package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// people is how many there are in the bench's catalog, each with a source, a service and a policy of their own.
const people = 50

// installation is a `muster serve` with the bench's catalog.
type installation struct {
	b     *bench
	url   string
	data  string
	store string // DSN, "" for SQLite
	sink  string // address at which pages arrive
	keys  string // file with the intake keys, one a line
	token string // an admin's
	plan  plan

	cmd   *exec.Cmd
	ended chan struct{}
	log   string // file of its standard error
	http  *http.Client
}

// plan says in what an installation's catalog differs from the usual one, in which everybody is paged about each alert by
// itself, and by one step that waits for an hour.
type plan struct {
	gather int  // so many of the first people get digests in a storm, as everybody does whose document says nothing
	second bool // somebody else is paged when nobody has answered for stepWait
	record bool // there is another source, with a file of keys of its own, whose alerts are recorded and page nobody
}

// stepWait is the shortest time that a step of a policy can wait.
const stepWait = 30 * time.Second

// freeAddr is an address of the loopback that nobody listens on at the moment, below the ports that the kernel hands out
// for connections: the load makes many of those.
func freeAddr(ctx context.Context) (string, error) {
	for range 50 {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", errors.New("found no free port between 20000 and 32000")
}

// bare is an installation that has not been started yet.
func (b *bench) bare(ctx context.Context, name string) (*installation, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	sink, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &installation{
		b: b, url: "http://" + addr, data: filepath.Join(dir, "data"), sink: sink, keys: filepath.Join(dir, "keys"),
		log: filepath.Join(dir, "muster.log"), http: &http.Client{Timeout: 30 * time.Second, Jar: jar},
	}, nil
}

// install makes an installation on fresh data and fills it through its own doors.
func (b *bench) install(ctx context.Context, name, store string, p plan) (*installation, error) {
	in, err := b.bare(ctx, name)
	if err != nil {
		return nil, err
	}
	in.store, in.plan = store, p
	setup, err := in.start(ctx)
	if err == nil {
		err = in.fill(ctx, setup)
	}
	if err != nil {
		in.kill()
		return nil, fmt.Errorf("%s: %w (its log is %s)", name, err, in.log)
	}
	return in, nil
}

var setupLink = regexp.MustCompile(`/setup\?token=([A-Za-z0-9_-]+)`)

// start runs the server and waits until it is ready. It returns the token of the setup link, "" when it is set up.
func (in *installation) start(ctx context.Context) (setup string, err error) {
	args := []string{"serve", "--listen", strings.TrimPrefix(in.url, "http://"), "--data", in.data, "--allow-private", "127.0.0.0/8", "--log-level", "error"}
	if in.store != "" {
		args = append(args, "--store", in.store)
	}
	in.cmd = exec.CommandContext(context.WithoutCancel(ctx), in.b.muster, args...)
	errs, err := os.OpenFile(in.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer errs.Close()
	in.cmd.Stderr = errs
	stdout, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	in.cmd.Stdout = w
	if err := in.cmd.Start(); err != nil {
		return "", err
	}
	_ = w.Close() // the child has its own end
	in.ended = make(chan struct{})
	go func() {
		_ = in.cmd.Wait() // how it ended is seen by who waits for it
		close(in.ended)
	}()
	if err := in.ready(ctx, 20*time.Second); err != nil {
		return "", err
	}
	link := make(chan string, 1)
	go func() {
		defer stdout.Close()
		for sc := bufio.NewScanner(stdout); sc.Scan(); {
			if m := setupLink.FindStringSubmatch(sc.Text()); m != nil {
				link <- m[1]
			} else if strings.HasPrefix(sc.Text(), "Muster is at") {
				link <- ""
			}
		}
	}()
	select {
	case setup = <-link:
		return setup, nil
	case <-time.After(10 * time.Second):
		return "", errors.New("it printed neither a setup link nor where it is")
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// ready asks /readyz every millisecond.
func (in *installation) ready(ctx context.Context, within time.Duration) error {
	for end := time.Now().Add(within); time.Now().Before(end); {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, in.url+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		if resp, err := in.http.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-in.ended:
			return errors.New("it ended before it was ready")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return fmt.Errorf("it is not ready after %v", within)
}

// call speaks JSON with the server and wants the status.
func (in *installation) call(ctx context.Context, method, path string, body, out any, want int) error {
	var r io.Reader = http.NoBody
	kind := "application/json"
	switch v := body.(type) {
	case nil:
	case url.Values:
		r, kind = strings.NewReader(v.Encode()), "application/x-www-form-urlencoded"
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, in.url+path, r)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	if in.token != "" {
		req.Header.Set("Authorization", "Bearer "+in.token)
	}
	resp, err := in.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != want {
		return fmt.Errorf("%s %s answered %d: %s", method, path, resp.StatusCode, text[:min(len(text), 600)])
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// fill makes the first admin, the catalog, contact methods and keys, all through the doors that people use.
func (in *installation) fill(ctx context.Context, setup string) error {
	form := url.Values{
		"token": {setup}, "name": {"Ana"}, "email": {"ana@example.org"}, "public_url": {in.url}, "zone": {"UTC"}, "passphrase": {"bench bench bench bench"},
	}
	if err := in.call(ctx, "POST", "/setup", form, nil, 200); err != nil {
		return err
	}
	type key struct {
		Token string `json:"token"`
	}
	var admin key
	if err := in.call(ctx, "POST", "/api/v1/keys", map[string]any{"name": "bench"}, &admin, 201); err != nil {
		return err
	}
	in.token = admin.Token
	if err := in.call(ctx, "PUT", "/api/v1/secrets/sink", map[string]any{"value": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}, nil, 204); err != nil {
		return err
	}
	docs := in.plan.documents()
	if err := in.call(ctx, "POST", "/api/v1/apply", map[string]any{"documents": docs, "why": "bench"}, nil, 200); err != nil {
		return err
	}
	var keys strings.Builder
	addKey := func(source string) error {
		var k key
		if err := in.call(ctx, "POST", "/api/v1/keys", map[string]any{"name": "bench", "source": source}, &k, 201); err != nil {
			return err
		}
		keys.WriteString(k.Token + "\n")
		return nil
	}
	for i := range people {
		contact := map[string]any{"method": "hook", "connector": "sink", "address": fmt.Sprintf("http://%s/u%d", in.sink, i), "verified": true}
		if err := in.call(ctx, "POST", fmt.Sprintf("/api/v1/users/u%d/contacts", i), contact, nil, 201); err != nil {
			return err
		}
		if err := addKey(fmt.Sprintf("bench-%d", i)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(in.keys, []byte(keys.String()), 0o600); err != nil || !in.plan.record {
		return err
	}
	keys.Reset()
	if err := addKey("stored"); err != nil {
		return err
	}
	return os.WriteFile(in.keys+".record", []byte(keys.String()), 0o600)
}

// documents are the catalog.
func (p plan) documents() string {
	var docs strings.Builder
	docs.WriteString("kind: connector\nname: sink\ntype: webhook\nsecrets: {secret: sink}\n")
	docs.WriteString("---\nkind: route\nname: bench\norder: 1\nmatch: source.startsWith(\"bench-\")\n")
	if p.record {
		docs.WriteString("---\nkind: route\nname: stored\norder: 2\nmatch: source == \"stored\"\nrecord: true\n")
		docs.WriteString("---\nkind: source\nname: stored\ntitle: Stored\nservice: s0\n")
	}
	for i := range people {
		storm, steps := "storm: {off: true}\n", fmt.Sprintf("{targets: [{user: u%d}], wait: 1h}", i)
		if i < p.gather {
			storm = ""
		}
		if p.second {
			steps = fmt.Sprintf("{targets: [{user: u%d}], wait: %s}, {targets: [{user: u%d}], wait: 1h}", i, stepWait, (i+1)%people)
		}
		fmt.Fprintf(&docs, "---\nkind: user\nname: u%d\ndisplay: Person %d\nzone: UTC\n%s", i, i, storm)
		fmt.Fprintf(&docs, "---\nkind: policy\nname: p%d\ntitle: Policy %d\nteam: operations\nsteps: [%s]\n", i, i, steps)
		fmt.Fprintf(&docs, "---\nkind: service\nname: s%d\ntitle: Service %d\nteam: operations\npolicy: p%d\n", i, i, i)
		fmt.Fprintf(&docs, "---\nkind: source\nname: bench-%d\ntitle: Source %d\nservice: s%d\n", i, i, i)
	}
	return docs.String()
}

// stop ends the server as a service manager would.
func (in *installation) stop() error {
	if err := in.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-in.ended:
		return nil
	case <-time.After(20 * time.Second):
		in.kill()
		return errors.New("it did not end after SIGTERM")
	}
}

// kill ends the server as a power cut would.
func (in *installation) kill() {
	if in.cmd != nil && in.cmd.Process != nil {
		_ = in.cmd.Process.Kill() // it may be gone
		if in.ended != nil {
			<-in.ended
		}
	}
}

// cpu is how much CPU time the server has used, in milliseconds.
func (in *installation) cpu() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", in.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // its name may hold anything
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, errors.New("/proc has no CPU time")
	}
	user, err1 := strconv.ParseFloat(f[11], 64)
	sys, err2 := strconv.ParseFloat(f[12], 64)
	return (user + sys) * 10, errors.Join(err1, err2) // a tick is 10 ms
}

// rss is the resident memory of the server in bytes.
func (in *installation) rss() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", in.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var kb int64
	if _, rest, ok := strings.Cut(string(text), "VmRSS:"); ok {
		_, err = fmt.Sscan(rest, &kb)
	}
	return kb << 10, err
}
