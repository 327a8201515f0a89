package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-oncall/muster"
)

func TestFlagBeforeEnvironmentBeforeFileBeforeDefault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "muster.yaml")
	text := "listen: 127.0.0.1:1\ndata: from-file\ntzdata: /srv/zoneinfo.zip\npublic_url: https://file.example\nallow_private: [10.1.0.0/16, 192.168.7.0/24]\nlog_level: debug\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MUSTER_DATA", "from-env")
	t.Setenv("MUSTER_PUBLIC_URL", "https://env.example")
	c, err := ParseServe([]string{"--config", file, "--public-url", "https://flag.example"}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:1" || c.Data != "from-env" || c.PublicURL != "https://flag.example" || c.LogFormat != "text" || c.LogLevel != slog.LevelDebug || c.TZData != "/srv/zoneinfo.zip" {
		t.Errorf("got %v", c)
	}
	if len(c.AllowPrivate) != 2 || c.AllowPrivate[1].String() != "192.168.7.0/24" {
		t.Errorf("allow_private: %v", c.AllowPrivate)
	}
}

func TestWrongSettingsAreAllTold(t *testing.T) {
	for name, args := range map[string][]string{
		"listen":     {"--listen", "8080"},
		"store":      {"--store", "mysql://x"},
		"public_url": {"--public-url", "muster.example"},
		"key":        {"--key", "short"},
		"via":        {"--via", "api.twilio.com=10.1.0.5"},
		"log-level":  {"--log-level", "loud"},
		"--lisen":    {"--lisen", ":1"},
	} {
		_, err := ParseServe(args, io.Discard, io.Discard)
		if muster.CodeOf(err) != muster.ErrInvalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v", args, err)
		}
	}
	_, err := ParseServe([]string{"--listen", "x", "--public-url", "y"}, io.Discard, io.Discard)
	var e *muster.Error
	if !errors.As(err, &e) || len(e.Fields) != 2 {
		t.Errorf("want two errors, got %v", err)
	}
	file := filepath.Join(t.TempDir(), "muster.yaml")
	if err := os.WriteFile(file, []byte("listn: :1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseServe([]string{"--config=" + file}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "did you mean listen?") {
		t.Errorf("unknown setting in a file: %v", err)
	}
}

func TestSecretsAreHidden(t *testing.T) {
	key := strings.Repeat("a1", 32)
	c, err := ParseServe([]string{"--store", "postgres://u:pw-secret@h/db?password=pw-secret", "--key", key}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", c, "key", c.Key)
	for _, s := range []string{c.String(), fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%#v", c.Key), log.String()} {
		if strings.Contains(s, "pw-secret") || strings.Contains(s, key) {
			t.Errorf("shown: %s", s)
		}
	}
	if !strings.Contains(c.String(), "postgres://u@h/db") {
		t.Errorf("the store should be named: %s", c)
	}
}

func TestDemo(t *testing.T) {
	c, err := ParseDemo([]string{"--json", "--quiet", "--listen", "127.0.0.1:18080", "--data", "d"}, io.Discard, io.Discard)
	if err != nil || !c.JSON || !c.Quiet || c.Listen != "127.0.0.1:18080" || c.Data != "d" {
		t.Errorf("%+v %v", c, err)
	}
	var out strings.Builder
	if _, err := ParseDemo([]string{"--help"}, &out, io.Discard); !errors.Is(err, ErrHelp) || !strings.Contains(out.String(), "--quiet") {
		t.Errorf("help: %v %s", err, out.String())
	}
}
