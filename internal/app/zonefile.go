package app

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/rota"
)

// readZones reads a zip or a directory, and its state from before that.
func readZones(path string) (d *rota.ZoneData, state string, err error) {
	state, err = stateOf(path)
	if err == nil {
		var b []byte
		if b, err = zoneBytes(path); err == nil {
			d, err = rota.ReadZoneData(b)
		}
	}
	if err != nil {
		return nil, state, muster.WrapError(muster.ErrInvalid, err, "The time zone data at %s cannot be used: %s. Leave the setting tzdata out for the data that is built in.", path, plainError(err))
	}
	return d.From(path), state, nil
}

func plainError(err error) string {
	if muster.CodeOf(err) == muster.ErrInvalid {
		return muster.MessageOf(err)
	}
	return err.Error()
}

// Limits of what is read; package rota has stricter ones for what a zip holds.
const (
	maxZoneFile  = 5 << 20
	maxZoneFiles = 4000
)

func zoneBytes(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return packZones(path)
	}
	return readSome(path, maxZoneFile)
}

// readSome reads a file of at most limit bytes; of a longer one just enough to show that it is too long.
func readSome(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

// packZones makes of a directory the zip that it could be: the compiled zones, and what tells the version.
func packZones(dir string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	err := eachZoneFile(dir, func(name, path string, st fs.FileInfo) error {
		text := name == "+VERSION" || name == "tzdata.zi"
		if st.Size() > 64<<10 && !text {
			return nil
		}
		data, err := readSome(path, 512<<10)
		if err != nil {
			return err
		}
		if !text && !bytes.HasPrefix(data, []byte("TZif")) {
			return nil
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: st.ModTime()})
		if err == nil {
			_, err = f.Write(data)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// eachZoneFile walks the files that may be zones, in order: not those below posix/, which are the same again, nor those
// below right/, which count leap seconds, nor what the machine itself has chosen.
func eachZoneFile(dir string, fn func(name, path string, st fs.FileInfo) error) error {
	n := 0
	root, err := filepath.EvalSymlinks(dir) // a walk does not follow them, not even at its beginning
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if e.IsDir() {
			if name == "posix" || name == "right" {
				return fs.SkipDir
			}
			return nil
		}
		if name == "localtime" || name == "posixrules" {
			return nil
		}
		st, err := os.Stat(path)
		if err != nil || !st.Mode().IsRegular() {
			return nil //nolint:nilerr // a link that leads nowhere is no zone
		}
		if n++; n > maxZoneFiles {
			return fmt.Errorf("it has more than %d files", maxZoneFiles)
		}
		return fn(name, path, st)
	})
}

// stateOf is a word that changes when a file or directory does.
func stateOf(path string) (string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !st.IsDir() {
		return fmt.Sprintf("%d %d", st.Size(), st.ModTime().UnixNano()), nil
	}
	var files, size, newest int64
	err = eachZoneFile(path, func(_, _ string, st fs.FileInfo) error {
		files, size, newest = files+1, size+st.Size(), max(newest, st.ModTime().UnixNano())
		return nil
	})
	return fmt.Sprintf("%d %d %d", files, size, newest), err
}
