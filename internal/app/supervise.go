package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/config"
)

// The environment of a process that a supervisor started: it says which start it is, from 1. The listening socket is its
// file 3. File 4 is a pipe whose other end the supervisor holds: when the supervisor is gone, so is the process.
const supervisedEnv = "MUSTER_SUPERVISED"

const (
	fileListener = 3
	fileAlive    = 4
)

// restartPause keeps a process that cannot start from being started in a loop.
const restartPause = 50 * time.Millisecond

// supervise runs this program again with the same arguments, and once more each time it is killed: what systemd or Kubernetes
// does for a server, here for the demo, which pulls its own plug. The listening socket is the supervisor's, so whoever
// connects between two processes waits for a moment instead of being refused. It returns when the process ends by itself.
func supervise(ctx context.Context, l net.Listener, data string, stdout, stderr io.Writer) error {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return fmt.Errorf("app: a %T cannot be handed to another process", l)
	}
	socket, err := tcp.File()
	if err != nil {
		return fmt.Errorf("the address cannot be handed on: %w", err)
	}
	defer socket.Close()
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("the program does not know where it lies: %w", err)
	}
	for start := 1; ; start++ {
		began := time.Now()
		err := runOnce(ctx, program, start, socket, data, stdout, stderr)
		killed := false
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			status, _ := exit.Sys().(syscall.WaitStatus)
			killed = status.Signaled() && status.Signal() == syscall.SIGKILL
		}
		switch {
		case ctx.Err() != nil || err == nil:
			return nil
		case !killed:
			return muster.Errorf(muster.ErrInternal, "The demo's server ended by itself: %v. What it wrote stands above.", err)
		}
		time.Sleep(max(0, restartPause-time.Since(began)))
	}
}

func runOnce(ctx context.Context, program string, start int, socket *os.File, data string, stdout, stderr io.Writer) error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	defer ours.Close()
	cmd := exec.CommandContext(ctx, program, append(os.Args[1:], "--data", data)...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.ExtraFiles = []*os.File{socket, theirs} // 3 and 4
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", supervisedEnv, start))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 2 * shutdownWait
	return cmd.Run()
}

// supervised reports whether a supervisor started this process, and for how-manieth time. It gives the listening socket
// that was handed on, and ends the process when the supervisor is gone.
func supervised() (l net.Listener, start int, err error) {
	text := os.Getenv(supervisedEnv)
	if text == "" {
		return nil, 0, nil
	}
	if _, err := fmt.Sscanf(text, "%d", &start); err != nil {
		return nil, 0, fmt.Errorf("app: %s is %q, which is no number", supervisedEnv, text)
	}
	socket := os.NewFile(fileListener, "listener")
	defer socket.Close()
	if l, err = net.FileListener(socket); err != nil {
		return nil, 0, fmt.Errorf("the address was not handed on: %w", err)
	}
	go func() {
		alive := os.NewFile(fileAlive, "supervisor")
		_, _ = io.Copy(io.Discard, alive) // ends when the other end is closed, by whatever end the supervisor came to
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	}()
	return l, start, nil
}

// plug ends this process in the middle of a page, when it is armed: after `started` is committed and before the phone rings.
type plug struct{ armed atomic.Bool }

func (p *plug) failpoint(name string) {
	if name == "deliver-after-start" && p.armed.Load() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way: do nothing more
	}
}

// beforePull is how long the answer to the button has to leave.
const beforePull = 400 * time.Millisecond

// pull lets something happen after a moment, with the plug armed.
func (p *plug) pull(ctx context.Context, failed func(error), happen func(context.Context) error) {
	go func() {
		select {
		case <-ctx.Done():
		case <-time.After(beforePull):
			p.armed.Store(true)
			if err := happen(ctx); err != nil {
				failed(err)
			}
		}
	}()
}

// demoListener opens the demo's address, or takes over the one that was handed on. alone says that this process serves by
// itself: it was told to play nothing, or a test ends it at a place of its own.
func demoListener(c config.Demo) (l net.Listener, start int, alone bool, err error) {
	if l, start, err = supervised(); l != nil || err != nil {
		return l, start, true, err
	}
	l, err = listen(c.Listen)
	return l, 0, c.Quiet || os.Getenv(failpointEnv) != "", err
}
