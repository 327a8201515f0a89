package e2e

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-oncall/muster/internal/mustertest"
)

// Muster runs the binary to its end and gives what it printed and its exit status.
func Muster(t testing.TB, args ...string) (out string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv(binaryEnv), args...)
	b, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// MustMuster runs the binary, which must succeed.
func MustMuster(t testing.TB, args ...string) string {
	t.Helper()
	out, status := Muster(t, args...)
	if status != 0 {
		t.Fatalf("muster %s ended with status %d: %s", args[0], status, out)
	}
	return out
}

// Refused runs the binary, which must not do it, and say why.
func Refused(t testing.TB, why string, args ...string) {
	t.Helper()
	if out, status := Muster(t, args...); status == 0 || !strings.Contains(out, why) {
		t.Errorf("muster %s ended with status %d: %s", strings.Join(args, " "), status, out)
	}
}

// alert sends one and gives its ID.
func (w *crashWorld) alert(title string) string {
	w.t.Helper()
	return w.As("").Do("POST", "/in/"+w.monitor+"/generic", map[string]any{"title": title, "key": title, "severity": "major"}).Want(http.StatusAccepted).Text("signals.0.alert")
}

// titled finds an alert by its title, "" when there is none.
func (w *crashWorld) titled(title string) string {
	w.t.Helper()
	return w.Do("GET", "/api/v1/alerts?q="+url.QueryEscape(title), nil).Want(http.StatusOK).Text("items.0.id")
}

// TestBackupRestoreAndMove is the drill: a backup is made under load, the machine is lost, the backup is restored, and
// whoever may have been paged since is paged once more and told why (I39). Then the installation moves to the other
// database and back.
func TestBackupRestoreAndMove(t *testing.T) {
	t.Parallel()
	w := newCrashWorld(t, "")
	disk, cpu := w.alert("The disk is full."), w.alert("The CPU is hot.")
	w.Await(10*time.Second, "two pages", func() bool { return len(w.ringsOf(disk)) == 1 && len(w.ringsOf(cpu)) == 1 })
	w.Do("POST", "/api/v1/alerts/"+cpu+"/acknowledge", nil).Want(http.StatusOK)

	// A backup while monitors send and people are paged.
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		w.load("backup", 1500)
	}()
	w.Await(10*time.Second, "some load", func() bool { return len(w.phones.Rang()) > 50 })
	dir := t.TempDir()
	archive := filepath.Join(dir, "muster.tar.gz")
	MustMuster(t, "backup", archive, "--data", w.Data)
	<-loaded
	if info, err := os.Stat(archive); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the backup: %v, %v", info.Mode(), err)
	}
	Refused(t, "nothing is overwritten", "backup", archive, "--data", w.Data)
	MustMuster(t, "backup", archive+".no-key", "--data", w.Data, "--no-key")

	// What happens after the backup is lost with the machine: an acknowledgement, and a new alert.
	w.Do("POST", "/api/v1/alerts/"+disk+"/acknowledge", nil).Want(http.StatusOK)
	w.alert("Came later.")
	lost := w.Data
	w.Process.Kill()

	MustMuster(t, "restore", archive, "--check")
	w.Data = filepath.Join(dir, "restored")
	Refused(t, "holds no key", "restore", archive+".no-key", "--data", w.Data)
	damaged, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"cut": damaged[:len(damaged)/2], "changed": flipped(damaged), "empty": nil} {
		if err := os.WriteFile(archive+"."+name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		Refused(t, "backup cannot be used", "restore", archive+"."+name, "--data", w.Data)
	}
	Refused(t, "nothing is overwritten", "restore", archive, "--data", lost)
	MustMuster(t, "restore", archive, "--data", w.Data)
	Refused(t, "nothing is overwritten", "restore", archive, "--data", w.Data)

	// Who was paged about what is still open is paged once more, by a page of its own; nobody about what is not.
	before := len(w.phones.Rang())
	w.MustStart()
	w.Await(20*time.Second, "the open alert to page again", func() bool { return len(w.ringsOf(disk)) == 2 })
	w.Do("GET", "/api/v1/alerts/"+disk+"/why", nil).Want(http.StatusOK, "Muster was restored from a backup as of")
	w.Do("GET", "/api/v1/notices", nil).Want(http.StatusOK, "Muster was restored to")
	if id := w.titled("Came later."); id != "" {
		t.Errorf("the alert %s came after the backup", id)
	}
	w.MustStop()
	w.MustStart() // the mark is gone: a second start pages nobody
	if n := len(w.ringsOf(disk)); n != 2 || len(w.ringsOf(cpu)) != 1 {
		t.Errorf("the open alert rang %d times, the acknowledged one %d times", n, len(w.ringsOf(cpu)))
	}
	again := map[string]int{}
	for _, r := range w.phones.Rang()[before:] {
		again[r.Alert]++
	}
	for alert, n := range again {
		if n > 1 {
			t.Errorf("the alert %s was paged %d times after the restore", alert, n)
		}
	}
	w.MustStop()

	t.Run("to PostgreSQL and back", func(t *testing.T) {
		from := w.Data
		w.Data, w.Store = filepath.Join(dir, "node"), mustertest.Postgres(t)
		MustMuster(t, "migrate-store", from, w.Store)
		Refused(t, "nothing is overwritten", "migrate-store", from, w.Store)
		if err := os.Mkdir(w.Data, 0o700); err != nil {
			t.Fatal(err)
		}
		key, err := os.ReadFile(filepath.Join(from, "seal.key"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.Data, "seal.key"), key, 0o600); err != nil {
			t.Fatal(err)
		}
		w.MustStart()
		there := w.alert("After the move.")
		w.Await(10*time.Second, "a page from PostgreSQL", func() bool { return len(w.ringsOf(there)) == 1 })
		w.Do("GET", "/api/v1/alerts/"+disk, nil).Want(http.StatusOK, "The disk is full.")
		back := filepath.Join(dir, "back")
		Refused(t, "Muster runs on the database", "migrate-store", w.Store, back)

		// A backup of PostgreSQL is the same kind of file, and is restored to either database.
		MustMuster(t, "backup", archive+".pg", "--data", w.Data, "--store", w.Store)
		w.MustStop()
		MustMuster(t, "restore", archive+".pg", "--data", filepath.Join(dir, "from-pg"), "--store", mustertest.Postgres(t))
		MustMuster(t, "restore", archive+".pg", "--data", filepath.Join(dir, "from-pg-lite"))
		MustMuster(t, "migrate-store", w.Store, back)
		if err := os.WriteFile(filepath.Join(back, "seal.key"), key, 0o600); err != nil {
			t.Fatal(err)
		}
		w.Data, w.Store = back, ""
		w.MustStart()
		home := w.alert("Home again.")
		w.Await(10*time.Second, "a page from SQLite", func() bool { return len(w.ringsOf(home)) == 1 })
		w.Do("GET", "/api/v1/alerts/"+there, nil).Want(http.StatusOK, "After the move.")
		w.MustStop()
	})
}

// MustStop ends the process as a service manager would.
func (in *Installation) MustStop() {
	in.t.Helper()
	in.Process.Stop()
}

// flipped is b with one byte in its middle changed.
func flipped(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 1
	return b
}
