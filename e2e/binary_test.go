// Package e2e drives the built binary from outside: as a person with a browser would, as a monitor would, and as a power
// cut would. It imports the tests' world only for databases, and fakes of other people's systems.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binaryEnv names the binary under test. It is built once when it is not set.
const binaryEnv = "MUSTER_E2E_BINARY"

func TestMain(m *testing.M) { os.Exit(withBinary(m)) }

func withBinary(m *testing.M) int {
	if os.Getenv(binaryEnv) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "muster-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "muster")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", bin, "./cmd/muster")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: the binary cannot be built: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(binaryEnv, bin); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}

// DemoLine is what `muster demo --json` prints.
type DemoLine struct {
	URL             string `json:"url"`
	AdminToken      string `json:"admin_token"`
	IntakeKey       string `json:"intake_key"`
	TeamsWebhookURL string `json:"teams_webhook_url"`
	TeamsSecret     string `json:"teams_secret"`
	StatusURL       string `json:"status_url"`
	PhoneURL        string `json:"phone_url"`
	Data            string `json:"data"`
}

// Process is a running muster.
type Process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stderr lockedBuffer
	ended  chan struct{} // closed when the process has ended
	died   time.Time     // when that was
}

// lockedBuffer is what a process writes while a test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// StartProcess runs the binary with these arguments and more environment ("NAME=value"). The test's end kills it if it
// still runs. Its standard output is returned to be read.
func StartProcess(t testing.TB, env []string, args ...string) (*Process, io.Reader) {
	t.Helper()
	p := &Process{t: t, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(context.Background(), os.Getenv(binaryEnv), args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout = w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close() // the process has its own end
	go func() {
		_ = p.cmd.Wait() // its state is in cmd.ProcessState
		p.died = time.Now()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.Kill()
		_ = r.Close()
	})
	return p, r
}

// Kill ends the process as a power cut would, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.ended
}

// Stop ends the process as a service manager would: it has to end by itself, with status 0.
func (p *Process) Stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("SIGTERM: %v; it wrote:\n%s", err, p.Stderr())
	}
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("it did not end after SIGTERM; it wrote:\n%s", p.Stderr())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("it ended with status %d; it wrote:\n%s", code, p.Stderr())
	}
}

// Ended is closed when the process is gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Gone reports whether the process is gone.
func (p *Process) Gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Stderr is what the process has written to standard error so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// Demo is a running demo.
type Demo struct {
	*Process
	*Client
	Line DemoLine
}

// StartDemo starts a demo that plays nothing, on a free port, and waits for its line. Arguments go at the end.
func StartDemo(t testing.TB, data string, args ...string) *Demo {
	t.Helper()
	args = append([]string{"demo", "--json", "--quiet", "--listen", "127.0.0.1:0", "--data", data, "--allow-private", "127.0.0.0/8"}, args...)
	p, stdout := StartProcess(t, nil, args...)
	d := &Demo{Process: p}
	if err := json.NewDecoder(stdout).Decode(&d.Line); err != nil {
		p.Kill()
		t.Fatalf("the demo printed no line of JSON: %v; it wrote:\n%s", err, p.Stderr())
	}
	d.Client = NewClient(t, d.Line.URL, d.Line.AdminToken)
	d.Await(10*time.Second, "the demo to be ready", func() bool { return d.Ready() })
	return d
}

// FreePort is a port of 127.0.0.1 that nobody listens on at the moment.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Client speaks to a server as curl does.
type Client struct {
	t     testing.TB
	URL   string
	Token string // "": without Authorization
	HTTP  *http.Client
}

// NewClient speaks with a token, and keeps cookies.
func NewClient(t testing.TB, u, token string) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &Client{t: t, URL: u, Token: token, HTTP: &http.Client{
		Timeout: 15 * time.Second, Transport: tr, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Reply is what a request got.
type Reply struct {
	t      testing.TB
	what   string
	Status int
	Header http.Header
	Body   []byte
}

// Try sends a request; header is name, value, name, value. in is nil, text or bytes as they are, or anything as JSON. A
// path without a scheme is below the client's URL.
func (c *Client) Try(method, path string, in any, header ...string) (*Reply, error) {
	var body io.Reader
	switch v := in.(type) {
	case nil:
	case string:
		body = strings.NewReader(v)
	case []byte:
		body = bytes.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	if strings.HasPrefix(path, "/") {
		path = c.URL + path
	}
	req, err := http.NewRequestWithContext(context.Background(), method, path, body)
	if err != nil {
		return nil, err
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &Reply{t: c.t, what: method + " " + path, Status: resp.StatusCode, Header: resp.Header, Body: b}, nil
}

// Do is Try for servers that must answer.
func (c *Client) Do(method, path string, in any, header ...string) *Reply {
	c.t.Helper()
	r, err := c.Try(method, path, in, header...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// As is the same client with another token, "" for a stranger.
func (c *Client) As(token string) *Client {
	out := *c
	h := *c.HTTP
	h.Jar = nil
	out.Token, out.HTTP = token, &h
	return &out
}

// Ready reports whether the server says that it is ready.
func (c *Client) Ready() bool {
	r, err := c.Try("GET", "/readyz", nil)
	return err == nil && r.Status == http.StatusOK
}

// Await looks until it is true, and fails the test when it does not become true in time.
func (c *Client) Await(within time.Duration, what string, ok func() bool) {
	c.t.Helper()
	if !Eventually(within, ok) {
		c.t.Fatalf("waited %v in vain for %s", within, what)
	}
}

// Eventually looks every 10 ms whether ok, for so long.
func Eventually(within time.Duration, ok func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(within); !ok(); {
		if time.Now().After(end) {
			return false
		}
		<-tick.C
	}
	return true
}

// Want fails unless the answer has the status and holds the texts.
func (r *Reply) Want(status int, holds ...string) *Reply {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s answered %d, want %d: %s", r.what, r.Status, status, r.Body)
	}
	for _, h := range holds {
		if !bytes.Contains(r.Body, []byte(h)) {
			r.t.Fatalf("the answer to %s does not hold %q: %s", r.what, h, r.Body)
		}
	}
	return r
}

// JSON is the value at a path of the answer: "items.0.status". Numbers are float64, what is missing is nil.
func (r *Reply) JSON(path string) any {
	r.t.Helper()
	var v any
	if err := json.Unmarshal(r.Body, &v); err != nil {
		r.t.Fatalf("the answer to %s is not JSON: %v: %s", r.what, err, r.Body)
	}
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// Text is the string at a path, "" when there is none.
func (r *Reply) Text(path string) string {
	r.t.Helper()
	s, _ := r.JSON(path).(string)
	return s
}

// Installation is a `muster serve` that can be killed and started again on the same data, always at the same address.
type Installation struct {
	*Client
	Data, Store string // directory; DSN, "" for SQLite in the directory
	Intake      string // key of the source "first"
	Process     *Process
	Args, Env   []string // more of them, at each start
	launched    []*Process
}

var (
	setupLink = regexp.MustCompile(`/setup\?token=([A-Za-z0-9_-]+)`)
	intakeKey = regexp.MustCompile(`/in/(msi_[A-Za-z0-9_-]+)/`)
)

// Passphrase is the first admin's in every installation of the tests.
const Passphrase = "correct horse battery staple"

// NewInstallation makes an empty installation, opens the setup link and makes the first admin, "ana", as a person would.
func NewInstallation(t testing.TB, data, store string, with ...func(*Installation)) *Installation {
	t.Helper()
	in := &Installation{Data: data, Store: store}
	for _, fn := range with {
		fn(in)
	}
	in.Client = NewClient(t, fmt.Sprintf("http://127.0.0.1:%d", FreePort(t)), "")
	p, stdout := in.launch(nil)
	in.Process = p
	var printed lockedBuffer
	go func() { _, _ = io.Copy(&printed, stdout) }()
	in.Await(20*time.Second, "the setup link", func() bool { return setupLink.MatchString(printed.String()) || p.Gone() })
	m := setupLink.FindStringSubmatch(printed.String())
	if m == nil {
		t.Fatalf("no setup link was printed: %s\n%s", printed.String(), p.Stderr())
	}
	in.Do("GET", "/setup?token="+m[1], nil).Want(http.StatusOK)
	form := url.Values{
		"token": {m[1]}, "name": {"Ana"}, "email": {"ana@example.org"}, "public_url": {in.URL}, "zone": {"Europe/Berlin"}, "passphrase": {Passphrase},
	}
	done := in.Do("POST", "/setup", form.Encode(), "Content-Type", "application/x-www-form-urlencoded").Want(http.StatusOK)
	key := intakeKey.FindSubmatch(done.Body)
	if key == nil {
		t.Fatalf("setup shows no line that sends the first alert: %s", done.Body)
	}
	in.Intake = string(key[1])
	in.Token = in.Do("POST", "/api/v1/keys", map[string]any{"name": "e2e"}).Want(http.StatusCreated).Text("token")
	return in
}

func (in *Installation) launch(env []string) (*Process, io.Reader) {
	in.t.Helper()
	u, err := url.Parse(in.URL)
	if err != nil {
		in.t.Fatal(err)
	}
	args := []string{"serve", "--listen", u.Host, "--data", in.Data, "--allow-private", "127.0.0.0/8", "--log-level", "warn"}
	if in.Store != "" {
		args = append(args, "--store", in.Store)
	}
	p, stdout := StartProcess(in.t, slices.Concat(in.Env, env), append(args, in.Args...)...)
	in.launched = append(in.launched, p)
	return p, stdout
}

// errEnded says that the process ended before it was ready.
var errEnded = errors.New("the process ended before it was ready")

// Start starts the installation again. With a failpoint in the environment it may end before it is ready: errEnded.
func (in *Installation) Start(env ...string) error {
	in.t.Helper()
	p, stdout := in.launch(env)
	in.Process = p
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	in.HTTP.CloseIdleConnections()
	if !Eventually(20*time.Second, func() bool { return p.Gone() || in.Ready() }) {
		in.t.Fatalf("it is not ready after 20 s; it wrote:\n%s", p.Stderr())
	}
	if p.Gone() {
		return errEnded
	}
	return nil
}

// MustStart is Start without a failpoint.
func (in *Installation) MustStart() {
	in.t.Helper()
	if err := in.Start(); err != nil {
		in.t.Fatalf("%v; it wrote:\n%s", err, in.Process.Stderr())
	}
}
