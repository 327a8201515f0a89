package app

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

// A backup is a tar.gz: each table as parts of one row of JSON a line, files of the data directory that belong to no node
// alone, and at the end a manifest that names every part with its SHA-256. It is the same for SQLite and PostgreSQL.
const (
	archiveFormat   = 1
	archiveManifest = "manifest.json"
	archiveTables   = "tables/"
	archiveFiles    = "files/"
	archivePart     = 4 << 20 // bytes of one part, which is held in memory
	archiveMost     = 64 << 20
)

// manifest says what a backup holds.
type manifest struct {
	Format  int             `json:"format"`
	Muster  string          `json:"muster"` // the version that wrote it
	At      muster.Instant  `json:"at"`     // everything is as it was then
	Store   string          `json:"store"`  // sqlite or postgres
	Schema  int64           `json:"schema"`
	KeyMark string          `json:"key_mark,omitempty"` // which key seals what is in it
	Tables  []manifestTable `json:"tables"`
	Parts   []manifestPart  `json:"parts"`
}

type manifestTable struct {
	sqlstore.Table
	Rows int64 `json:"rows"`
}

type manifestPart struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// table finds a table of the manifest.
func (m *manifest) table(name string) *manifestTable {
	for i := range m.Tables {
		if m.Tables[i].Name == name {
			return &m.Tables[i]
		}
	}
	return nil
}

func (m *manifest) has(part string) bool {
	for _, p := range m.Parts {
		if p.Name == part {
			return true
		}
	}
	return false
}

// archiveWriter writes a backup.
type archiveWriter struct {
	manifest
	zip *gzip.Writer
	tar *tar.Writer
}

func newArchive(w io.Writer, m manifest) *archiveWriter {
	z := gzip.NewWriter(w)
	return &archiveWriter{manifest: m, zip: z, tar: tar.NewWriter(z)}
}

// part adds one file.
func (a *archiveWriter) part(name string, b []byte) error {
	if name != archiveManifest {
		sum := sha256.Sum256(b)
		a.Parts = append(a.Parts, manifestPart{name, int64(len(b)), hex.EncodeToString(sum[:])})
	}
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Size: int64(len(b)), Mode: 0o600, ModTime: time.UnixMicro(a.At.Micros()), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := a.tar.Write(b)
	return err
}

// dump adds a table.
func (a *archiveWriter) dump(ctx context.Context, d *sqlstore.Dump, t sqlstore.Table) error {
	var b []byte
	rows, parts := int64(0), 0
	flush := func() error {
		parts++
		err := a.part(fmt.Sprintf("%s%s/%06d.ndjson", archiveTables, t.Name, parts), b)
		b = b[:0]
		return err
	}
	err := d.Rows(ctx, t, func(r sqlstore.Row) (err error) {
		if b, err = sqlstore.MarshalRow(b, r); err != nil {
			return err
		}
		b = append(b, '\n')
		rows++
		if len(b) >= archivePart {
			return flush()
		}
		return nil
	})
	if err == nil && len(b) > 0 {
		err = flush()
	}
	a.Tables = append(a.Tables, manifestTable{t, rows})
	return err
}

// close writes the manifest and ends the archive.
func (a *archiveWriter) close() error {
	b, err := json.MarshalIndent(a.manifest, "", " ")
	if err != nil {
		return err
	}
	if err := a.part(archiveManifest, append(b, '\n')); err != nil {
		return err
	}
	return errors.Join(a.tar.Close(), a.zip.Close())
}

func notWhole(format string, args ...any) error {
	return muster.Errorf(muster.ErrInvalid, "The backup cannot be used: "+format+". Take another one.", args...)
}

// checkArchive reads a backup from one end to the other: it is whole, and nothing in it was changed.
func checkArchive(r io.Reader) (*manifest, error) {
	var found []manifestPart
	var m *manifest
	err := eachPart(r, func(name string, b []byte) error {
		if m != nil {
			return notWhole("something comes behind its manifest")
		}
		if name != archiveManifest {
			sum := sha256.Sum256(b)
			found = append(found, manifestPart{name, int64(len(b)), hex.EncodeToString(sum[:])})
			return nil
		}
		m = &manifest{}
		if err := json.Unmarshal(b, m); err != nil {
			return notWhole("its manifest cannot be read (%v)", err)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return nil, notWhole("its end is missing")
	case m.Format != archiveFormat:
		return nil, muster.Errorf(muster.ErrConflict, "The backup has the format %d and this Muster knows %d: take the version %s, which wrote it.", m.Format, archiveFormat, m.Muster)
	case len(found) != len(m.Parts):
		return nil, notWhole("it has %d parts and should have %d", len(found), len(m.Parts))
	}
	for i, p := range m.Parts {
		if found[i] != p {
			return nil, notWhole("the part %s is not what was written (SHA-256 %s, expected %s)", p.Name, found[i].SHA256, p.SHA256)
		}
	}
	return m, nil
}

// eachPart reads the parts of a backup in order.
func eachPart(r io.Reader, do func(name string, b []byte) error) error {
	zip, err := gzip.NewReader(bufio.NewReaderSize(r, 1<<20))
	if err != nil {
		return notWhole("it is no tar.gz (%v)", err)
	}
	for files := tar.NewReader(zip); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notWhole("it is damaged or cut off (%v)", err)
		}
		if h.Size > archiveMost {
			return notWhole("the part %s is too large", muster.Clip(h.Name, 80))
		}
		b, err := io.ReadAll(files)
		if err != nil {
			return notWhole("it is damaged or cut off (%v)", err)
		}
		if err := do(h.Name, b); err != nil {
			return err
		}
	}
}

// load fills a store with the tables of a backup that was checked. Files are handed on.
func (m *manifest) load(ctx context.Context, r io.Reader, l *sqlstore.Load, file func(name string, b []byte) error) error {
	loaded := map[string]int64{}
	for _, t := range m.Tables {
		if err := l.Insert(ctx, t.Table, nil); err != nil { // a table without rows ends up without rows
			return err
		}
	}
	err := eachPart(r, func(name string, b []byte) error {
		if name, ok := strings.CutPrefix(name, archiveFiles); ok {
			return file(name, b)
		}
		name, ok := strings.CutPrefix(path.Dir(name), archiveTables)
		if !ok {
			return nil // the manifest
		}
		t := m.table(name)
		if t == nil {
			return notWhole("the table %s is not in its manifest", muster.Clip(name, 40))
		}
		rows, err := unmarshalRows(b, t.Table)
		if err != nil {
			return notWhole("%v", err)
		}
		loaded[name] += int64(len(rows))
		return l.Insert(ctx, t.Table, rows)
	})
	if err != nil {
		return err
	}
	for _, t := range m.Tables {
		n, err := l.Count(ctx, t.Table)
		if err != nil {
			return err
		}
		if n != t.Rows || loaded[t.Name] != t.Rows {
			return notWhole("the table %s has %d rows and should have %d", t.Name, n, t.Rows)
		}
	}
	return nil
}

func unmarshalRows(b []byte, t sqlstore.Table) (rows []sqlstore.Row, err error) {
	for line := range bytes.Lines(b) {
		r, err := sqlstore.UnmarshalRow(bytes.TrimSpace(line), t)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}
