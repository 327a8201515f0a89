package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// steady is a compiled zone that is always an hour east of UTC, with so many leap seconds.
func steady(leap byte) []byte {
	block := append([]byte("TZif2"), make([]byte, 39)...) // 44 bytes: the counts are big-endian and end it
	block[39], block[43] = 1, 4                           // one offset, four letters
	block = append(block, 0, 0, 14, 16, 0, 0, 'C', 'E', 'T', 0)
	second := append([]byte{}, block...)
	if leap > 0 {
		second[31] = leap
		second = append(second, make([]byte, 12*int(leap))...)
	}
	return append(append(block, second...), "\nCET-1\n"...)
}

func TestZonesOfADirectory(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := readZones(dir); muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(err.Error(), dir) {
		t.Errorf("an empty directory: %v", err)
	}
	write("Europe/Berlin", steady(0))
	write("right/Europe/Berlin", steady(1))
	write("posix/Europe/Berlin", steady(0))
	write("localtime", steady(0))
	write("zone.tab", []byte("# a table"))
	write("leapseconds", []byte("# a table"))
	write("tzdata.zi", []byte("# version 2026b\n"))
	if err := os.Symlink("Berlin", filepath.Join(dir, "Europe", "Paris")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "Europe", "Rome")); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "zoneinfo")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, link} {
		d, before, err := readZones(path)
		if err != nil {
			t.Fatal(err)
		}
		if d.Version() != "2026b" || d.Source() != path || strings.Join(d.Names(), " ") != "Europe/Berlin Europe/Paris" {
			t.Errorf("%s holds %v", d, d.Names())
		}
		if _, err := rota.NewZonesFrom(d).Load("Europe/Paris"); err != nil {
			t.Error(err)
		}
		if after, err := stateOf(path); err != nil || after != before {
			t.Errorf("nothing changed, but the state did: %q, %q, %v", before, after, err)
		}
	}
	_, before, _ := readZones(dir)
	write("Europe/London", steady(0))
	if after, err := stateOf(dir); err != nil || after == before {
		t.Errorf("a new zone is not seen: %q, %v", after, err)
	}
	if _, _, err := readZones(filepath.Join(dir, "right")); muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(err.Error(), "leap seconds") {
		t.Errorf("data with leap seconds: %v", err)
	}
	if _, _, err := readZones(filepath.Join(dir, "nothing")); muster.CodeOf(err) != muster.ErrInvalid {
		t.Errorf("a path that is not there: %v", err)
	}
}
