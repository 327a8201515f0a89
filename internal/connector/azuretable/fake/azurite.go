package fake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The one account of Azurite, Microsoft's own emulator, and its key, which Microsoft publishes.
const (
	AzuriteAccount = "devstoreaccount1"
	AzuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// ErrNoAzurite is what [StartAzurite] fails with where Azurite is not installed.
var ErrNoAzurite = errors.New("azurite is not installed: scripts/deps.sh installs it")

// StartAzurite runs Azurite's real Table service on this machine, with nothing kept, until ctx ends; dir is its working
// directory. It is looked for in the PATH and where scripts/deps.sh puts it. stop ends it and waits for its end.
func StartAzurite(ctx context.Context, dir string) (url string, stop func(), err error) {
	bin, err := azurite()
	if err != nil {
		return "", nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, bin, "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence", "--tableHost", "127.0.0.1", "--tablePort", port)
	cmd.Dir, cmd.WaitDelay = dir, 5*time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()         // killed is how it ends
	}
	// It says when it listens, and little after that.
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "successfully started") {
			return "http://127.0.0.1:" + port + "/" + AzuriteAccount, stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("azurite ended before it listened: %s", said.String())
}

func azurite() (string, error) {
	if bin, err := exec.LookPath("azurite-table"); err == nil {
		return bin, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", ErrNoAzurite
		}
		dir = up
	}
	bin := filepath.Join(dir, ".cache", "npm", "node_modules", ".bin", "azurite-table")
	if _, err := os.Stat(bin); err != nil {
		return "", ErrNoAzurite
	}
	return bin, nil
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
