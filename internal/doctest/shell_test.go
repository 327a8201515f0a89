package doctest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long the blocks of one file may take together.
const patience = 2 * time.Minute

// clone makes a folder that looks like a fresh clone of root: its entries are links, so building and reading work, and a
// file written at the top stays in the test.
func clone(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := os.Symlink(filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// environment is this process's, with a home of its own, muster in the PATH, and curl made to fail on an answer of 400
// or more.
func environment(t *testing.T, bin string, more map[string]string) []string {
	t.Helper()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".curlrc"), []byte("fail-with-body\nsilent\nshow-error\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	var goEnv map[string]string
	if err := json.Unmarshal(out, &goEnv); err != nil {
		t.Fatal(err)
	}
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MUSTER_") && !strings.HasPrefix(v, "XDG_") { // a reader has no settings yet
			env = append(env, v)
		}
	}
	for _, m := range []map[string]string{goEnv, more} {
		for k, v := range m {
			env = append(env, k+"="+v)
		}
	}
	return append(env, "HOME="+home, "PATH="+filepath.Dir(bin)+":"+os.Getenv("PATH"))
}

// runBlocks runs the blocks in order in one bash. The error names the block that failed and shows what was printed.
func runBlocks(ctx context.Context, name string, blocks []block, dir string, env []string) error {
	work, err := os.MkdirTemp("", "doctest-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var script bytes.Buffer
	script.WriteString("set -euo pipefail\n")
	for i, b := range blocks {
		fmt.Fprintf(&script, "printf '%d ' >&3; printf '%%s\\n' '--- %s:%d'\n%s", i, name, b.line, b.code)
	}
	if err := os.WriteFile(filepath.Join(work, "script"), script.Bytes(), 0o600); err != nil {
		return err
	}
	// Files and no pipes: a command that a block leaves running would hold a pipe open, and the test with it.
	reached, err := os.Create(filepath.Join(work, "reached"))
	if err != nil {
		return err
	}
	defer reached.Close()
	output, err := os.Create(filepath.Join(work, "output"))
	if err != nil {
		return err
	}
	defer output.Close()

	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", filepath.Join(work, "script"))
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, output, output
	cmd.ExtraFiles = []*os.File{reached}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what a block left running ends with its file
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("not done within %s", patience)
	}
	marks, readErr := os.ReadFile(reached.Name())
	printed, readErr2 := os.ReadFile(output.Name())
	if readErr != nil || readErr2 != nil {
		return errors.Join(err, readErr, readErr2)
	}
	b := blocks[max(0, len(strings.Fields(string(marks)))-1)]
	return fmt.Errorf("%s:%d: this block failed (%w):\n%s\nwhat was printed:\n%s", name, b.line, err, b.code, printed)
}

// startDemo starts the demo on a free port and returns the values of its JSON line. The test's end stops it and checks
// that SIGTERM ends it cleanly.
func startDemo(t *testing.T, bin string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), bin, "demo", "--json", "--quiet", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	var logs bytes.Buffer
	cmd.Stderr = &logs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("the demo did not start: %v", err)
	}
	type answer struct {
		values map[string]any
		err    error
	}
	first := make(chan answer, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		var a answer
		a.err = json.NewDecoder(stdout).Decode(&a.values)
		first <- a
		_, _ = io.Copy(io.Discard, stdout)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		<-drained
		err := cmd.Wait()
		if !late.Stop() || err != nil {
			t.Errorf("SIGTERM must end the demo cleanly within 10 s: %v\n%s", err, logs.String())
		}
	})
	select {
	case a := <-first:
		if a.err != nil {
			t.Fatalf("the demo's first line is not one JSON object: %v", a.err)
		}
		values := map[string]string{}
		for k, v := range a.values {
			values[k] = fmt.Sprint(v)
		}
		if values["url"] == "" {
			t.Fatalf("the demo's JSON line has no url: %v", a.values)
		}
		return values
	case <-time.After(time.Minute):
		t.Fatal("the demo printed no JSON line within a minute")
	}
	return nil
}

// build makes the muster binary from the repository.
func build(t *testing.T, root string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "muster")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/muster")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the docs' commands need muster, and it cannot be built: %v\n%s", err, out)
	}
	return bin
}
