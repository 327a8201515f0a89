// Package dir publishes status pages into a directory, from which any web server can serve them. Each file appears whole:
// it is written beside its place and renamed. Files that are no longer part of the page are removed last.
//
// It imports connector, the standard library and the root package. It pages nobody.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
)

// Kind is the kind's word in documents.
const Kind = "directory"

// manifest lists what the last publication wrote, so that only our own files are ever removed.
const manifest = ".muster-files"

// Descriptor describes the kind.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		Kind: Kind, Title: "Directory", Help: "Writes status pages as static files into a directory.",
		Settings: []connector.Setting{{Name: "path", Title: "Directory", Help: "An absolute path. It is made when it is missing.", Required: true}},
		Validate: func(s map[string]string) (f []muster.FieldError) {
			if p := s["path"]; p != "" && (!filepath.IsAbs(p) || filepath.Clean(p) == string(filepath.Separator)) {
				f = append(f, muster.FieldError{Path: "settings.path", Message: "must be an absolute path below the root directory"})
			}
			return f
		},
		New: func(c connector.Config) (connector.Connector, error) { return New(c), nil },
	}
}

// Connector publishes into one directory.
type Connector struct{ name, path string }

// New makes the connector.
func New(c connector.Config) *Connector {
	return &Connector{name: string(c.Name), path: filepath.Clean(c.Settings["path"])}
}

// Kind implements [connector.Connector].
func (p *Connector) Kind() string { return Kind }

// String names the connector.
func (p *Connector) String() string { return "directory " + p.name }

// LogValue is [Connector.String].
func (p *Connector) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Deliver implements [connector.Connector]: a directory takes publications only, through [Connector.Publish].
func (p *Connector) Deliver(context.Context, connector.Delivery) (connector.Receipt, error) {
	return connector.Receipt{}, connector.Permanent(errors.New("a directory takes status pages only"))
}

// Check implements [connector.Checker]: it writes a file and removes it.
func (p *Connector) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return connector.CallError(err, false)
	}
	if err := os.MkdirAll(p.path, 0o755); err != nil { //nolint:gosec // a web server must be able to read it
		return connector.Permanent(fmt.Errorf("the directory cannot be made: %w", err))
	}
	f, err := os.CreateTemp(p.path, ".muster-check-*")
	if err != nil {
		return connector.Permanent(fmt.Errorf("the directory cannot be written to: %w", err))
	}
	f.Close()
	return os.Remove(f.Name())
}

// Publish implements [connector.Publisher]. Several publications into one directory must not run at once; the engine
// sends one after the other.
func (p *Connector) Publish(ctx context.Context, files map[string][]byte) error {
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		if !fs.ValidPath(name) || name == "." || path.Base(name) == manifest || strings.ContainsAny(name, "\\\x00") {
			return connector.Permanent(fmt.Errorf("%q cannot be the name of a published file", muster.Clip(name, 100)))
		}
	}
	if err := os.MkdirAll(p.path, 0o755); err != nil { //nolint:gosec // a web server must be able to read it
		return connector.Temporary(fmt.Errorf("the directory cannot be made: %w", err), 0)
	}
	root, err := os.OpenRoot(p.path) // nothing outside is touched, whatever links lie inside
	if err != nil {
		return connector.Temporary(fmt.Errorf("the directory cannot be opened: %w", err), 0)
	}
	defer func() { _ = root.Close() }() // it was only a way in
	old, err := root.ReadFile(manifest)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return connector.Temporary(fmt.Errorf("the list of published files cannot be read: %w", err), 0)
	}
	// What lies there after a crash is listed before it is written.
	all := slices.Compact(slices.Sorted(slices.Values(append(lines(old), escape(names)...))))
	if err := write(root, manifest, []byte(strings.Join(all, "\n")+"\n")); err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return connector.CallError(err, false)
		}
		if err := write(root, name, files[name]); err != nil {
			return err
		}
	}
	for _, line := range lines(old) {
		name := unescape(line)
		if _, kept := files[name]; kept || !fs.ValidPath(name) || name == "." || name == manifest {
			continue
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return connector.Temporary(fmt.Errorf("%s cannot be removed: %w", name, err), 0)
		}
	}
	return write(root, manifest, []byte(strings.Join(escape(names), "\n")+"\n"))
}

// write puts a file into its place at once. A file that has not changed is left alone.
func write(root *os.Root, name string, content []byte) error {
	if old, err := root.ReadFile(name); err == nil && string(old) == string(content) {
		return nil
	}
	if d := path.Dir(name); d != "." {
		if err := root.MkdirAll(d, 0o755); err != nil {
			return connector.Temporary(fmt.Errorf("a directory for %s cannot be made: %w", name, err), 0)
		}
	}
	tmp := path.Join(path.Dir(name), ".muster-new-"+path.Base(name))
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return connector.Temporary(fmt.Errorf("%s cannot be written: %w", name, err), 0)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = root.Rename(tmp, name)
	}
	if err != nil {
		_ = root.Remove(tmp) // what is wrong is told below
		return connector.Temporary(fmt.Errorf("%s cannot be written: %w", name, err), 0)
	}
	return nil
}

func lines(b []byte) []string {
	return strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' })
}

// escape keeps each name on one line of the manifest.
func escape(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.NewReplacer("%", "%25", "\n", "%0A").Replace(n)
	}
	return out
}

func unescape(s string) string { return strings.NewReplacer("%0A", "\n", "%25", "%").Replace(s) }
