package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/config"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

const databaseFile = "muster.db"

// dsnOf is the address of a store: PostgreSQL's, or the file in a data directory.
func dsnOf(store, data string) string {
	if store != "" {
		return store
	}
	return "sqlite:" + filepath.Join(data, databaseFile)
}

// Backup writes one file with everything, as it was at one moment. Servers go on meanwhile.
func Backup(ctx context.Context, c config.Backup, stdout, stderr io.Writer) (err error) {
	d, err := sqlstore.OpenDump(ctx, dsnOf(string(c.Store), c.Data))
	if err != nil {
		return err
	}
	defer d.Close()
	m := manifest{Format: archiveFormat, Muster: version(), At: muster.At(time.Now()), Store: d.Kind, Schema: d.Schema}
	key, err := backupKey(&c, &m)
	if err != nil {
		return err
	}
	out, tell := stdout, stderr
	var file *os.File
	if c.File != "-" {
		if file, err = newFile(c.File); err != nil {
			return err
		}
		defer func() {
			_ = file.Close()
			_ = os.Remove(file.Name()) // it has its own name by then, if all went well
		}()
		out, tell = file, stdout
	}
	a := newArchive(out, m)
	rows := int64(0)
	for _, t := range d.Tables {
		if err := a.dump(ctx, d, t); err != nil {
			return fmt.Errorf("the backup cannot be written: %w", err)
		}
		rows += a.Tables[len(a.Tables)-1].Rows
	}
	if key != nil {
		err = a.part(archiveFiles+seal.KeyFile, key)
	}
	if zones, zerr := os.ReadFile(filepath.Join(c.Data, lastZones)); err == nil && zerr == nil {
		err = a.part(archiveFiles+lastZones, zones)
	}
	if err == nil {
		err = a.close()
	}
	if err == nil && file != nil {
		err = errors.Join(file.Sync(), os.Link(file.Name(), c.File), syncDir(filepath.Dir(c.File)))
	}
	if err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	with := "with the key: keep it as you keep passwords"
	if key == nil {
		with = "without the key: keep that somewhere else, nobody can be paged without it"
	}
	_, err = fmt.Fprintf(tell, "%s holds %d rows of %d tables as of %s, %s.\n", c.File, rows, len(d.Tables), m.At.UTC().Format(time.RFC3339), with)
	return err
}

// backupKey gives the file with the key, nil when it is to be left out, and notes in the manifest which key it is.
func backupKey(c *config.Backup, m *manifest) ([]byte, error) {
	key, err := os.ReadFile(filepath.Join(c.Data, seal.KeyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, muster.WrapError(muster.ErrForbidden, err, "The key cannot be read: %v.", err)
	}
	text := cmp.Or(string(c.Key), string(key))
	if text == "" {
		if c.NoKey {
			return nil, nil
		}
		return nil, muster.Errorf(muster.ErrInvalid, "There is no key in %s, and MUSTER_KEY is not set: without it nobody can be paged after a restore. Name the right directory with --data, set MUSTER_KEY, or leave the key out with --no-key.", c.Data)
	}
	box, err := seal.FromText(text)
	if err != nil {
		return nil, err
	}
	m.KeyMark = box.Mark()
	if c.NoKey {
		return nil, nil
	}
	return []byte(text), nil
}

// newFile begins a file that gets its name when it is whole, and refuses a name that is taken.
func newFile(name string) (*os.File, error) {
	if _, err := os.Lstat(name); err == nil {
		return nil, muster.Errorf(muster.ErrConflict, "There is a file %s already: nothing is overwritten.", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return nil, muster.WrapError(muster.ErrInvalid, err, "The backup cannot be written there: %v.", err)
	}
	return f, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Restore makes an installation of a backup, in an empty data directory and, if so told, an empty PostgreSQL database.
func Restore(ctx context.Context, c config.Restore, stdout io.Writer) error {
	f, err := os.Open(c.File)
	if err != nil {
		return muster.WrapError(muster.ErrNotFound, err, "The backup cannot be read: %v.", err)
	}
	defer f.Close()
	m, err := checkArchive(f)
	if err != nil {
		return err
	}
	if c.Check {
		_, err = fmt.Fprintf(stdout, "%s is whole: %d tables as of %s, schema %d, written by Muster %s.\n", c.File, len(m.Tables), m.At.UTC().Format(time.RFC3339), m.Schema, m.Muster)
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("the backup cannot be read twice: %w", err)
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return muster.WrapError(muster.ErrInvalid, err, "The data directory cannot be made: %v.", err)
	}
	lock, err := lockDir(c.Data)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := restoreKey(&c, m); err != nil {
		return err
	}
	place, err := newPlace(string(c.Store), c.Data)
	if err != nil {
		return err
	}
	l, err := sqlstore.OpenLoad(ctx, place.dsn, m.Schema)
	if err != nil {
		return err
	}
	defer l.Close()
	err = m.load(ctx, f, l, func(name string, b []byte) error { return restoreFile(c.Data, name, b) })
	if err != nil {
		return err
	}
	mark, err := json.Marshal(command.Restored{To: m.At, At: muster.At(time.Now())})
	if err != nil {
		return err
	}
	if err := l.SetMeta(ctx, command.MetaRestored, string(mark)); err != nil {
		return err
	}
	if err := errors.Join(l.Commit(ctx), place.done(l)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "Everything is as it was at %s. Start Muster on it: open alerts are paged once more, with a word about the restore.\n", m.At.UTC().Format(time.RFC3339))
	return err
}

// restoreKey makes sure that the key which seals what is in the backup will be there.
func restoreKey(c *config.Restore, m *manifest) error {
	there, err := os.ReadFile(filepath.Join(c.Data, seal.KeyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return muster.WrapError(muster.ErrForbidden, err, "The key cannot be read: %v.", err)
	}
	text := cmp.Or(string(c.Key), string(there))
	if text == "" {
		if m.has(archiveFiles + seal.KeyFile) {
			return nil
		}
		return muster.Errorf(muster.ErrInvalid, "The backup holds no key, and without it nobody can be paged. Put %s into %s with mode 0600, or set MUSTER_KEY, and restore again.", seal.KeyFile, c.Data)
	}
	box, err := seal.FromText(text)
	if err != nil {
		return err
	}
	if m.KeyMark != "" && m.KeyMark != box.Mark() {
		return muster.Errorf(muster.ErrConflict, "The key in %s or in MUSTER_KEY is not the one that seals this backup: nobody could be paged. Take that one away, or bring the right one.", c.Data)
	}
	return nil
}

// restoreFile writes a file of the backup, unless one is there: the key was compared already. It gets its name when it is
// whole, so that none that a kill left half written is taken for one that was there.
func restoreFile(dir, name string, b []byte) error {
	if name != seal.KeyFile && name != lastZones {
		return nil // of a later version, which may do without
	}
	f, err := os.CreateTemp(dir, "."+name+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has its own name by then, if all went well
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), filepath.Join(dir, name)); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// place is where a store is made: under another name until it is whole, where it is a file.
type place struct {
	dsn, file, final string
}

func newPlace(store, data string) (p place, err error) {
	if store != "" {
		return place{dsn: store}, nil
	}
	p.final = filepath.Join(data, databaseFile)
	if _, err := os.Lstat(p.final); err == nil {
		return p, muster.Errorf(muster.ErrConflict, "There is a database in %s already: nothing is overwritten. Name an empty directory with --data.", data)
	}
	p.file = p.final + ".new"
	if err := os.Remove(p.file); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an attempt that was killed: the directory is locked
		return p, fmt.Errorf("the database cannot be made: %w", err)
	}
	p.dsn = "sqlite:" + p.file
	return p, nil
}

// done gives the store its name.
func (p place) done(l *sqlstore.Load) error {
	l.Close()
	if p.file == "" {
		return nil
	}
	return errors.Join(os.Rename(p.file, p.final), syncDir(filepath.Dir(p.final)))
}

// MigrateStore carries an installation over to another database: every row or none.
func MigrateStore(ctx context.Context, c config.MigrateStore, stdout io.Writer) error {
	from, fromLock, err := endpoint(string(c.From), false)
	if err != nil {
		return err
	}
	defer fromLock.Close()
	to, toLock, err := endpoint(string(c.To), true)
	if err != nil {
		return err
	}
	defer toLock.Close()
	d, err := sqlstore.OpenDump(ctx, from)
	if err != nil {
		return err
	}
	defer d.Close()
	if n, err := d.Others(ctx); err != nil || n > 0 && !c.Force {
		if err == nil {
			err = muster.Errorf(muster.ErrConflict, "Muster runs on the database that is to be left: what it writes from now on would be lost. End it on every node first.")
		}
		return err
	}
	p := place{dsn: to}
	if !config.IsPostgres(to) {
		if p, err = newPlace("", to); err != nil {
			return err
		}
	}
	l, err := sqlstore.OpenLoad(ctx, p.dsn, d.Schema)
	if err != nil {
		return err
	}
	defer l.Close()
	rows, err := carry(ctx, d, l)
	if err == nil {
		err = errors.Join(l.Commit(ctx), p.done(l))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d rows of %d tables were carried over and counted. Start Muster there with the same key (%s or MUSTER_KEY), and keep the old database until you are content.\n", rows, len(d.Tables), seal.KeyFile)
	return err
}

// endpoint gives the store of a side: an address of PostgreSQL, or a data directory, which is locked meanwhile.
func endpoint(where string, create bool) (dsn string, lock io.Closer, err error) {
	if config.IsPostgres(where) {
		return where, io.NopCloser(nil), nil
	}
	if create {
		if err := os.MkdirAll(where, 0o700); err != nil {
			return "", nil, muster.WrapError(muster.ErrInvalid, err, "The data directory cannot be made: %v.", err)
		}
	} else if _, err := os.Stat(filepath.Join(where, databaseFile)); err != nil {
		return "", nil, muster.Errorf(muster.ErrNotFound, "There is no database in the directory %s. Name the data directory of an installation, or postgres://….", muster.Clip(where, 200))
	}
	f, err := lockDir(where)
	if err != nil {
		return "", nil, err
	}
	if create {
		return where, f, nil
	}
	return dsnOf("", where), f, nil
}

// carry copies every table and compares the counts.
func carry(ctx context.Context, d *sqlstore.Dump, l *sqlstore.Load) (total int64, err error) {
	const atOnce = 1000
	for _, t := range d.Tables {
		var rows []sqlstore.Row
		n := int64(0)
		flush := func() error {
			err := l.Insert(ctx, t, rows)
			rows = rows[:0]
			return err
		}
		err := d.Rows(ctx, t, func(r sqlstore.Row) error {
			rows = append(rows, r)
			if n++; len(rows) == atOnce {
				return flush()
			}
			return nil
		})
		if err == nil {
			err = flush()
		}
		if err != nil {
			return total, err
		}
		there, err := l.Count(ctx, t)
		if err != nil {
			return total, err
		}
		if there != n {
			return total, fmt.Errorf("the table %s has %d rows and arrived with %d: nothing was changed", t.Name, n, there)
		}
		total += n
	}
	return total, nil
}
