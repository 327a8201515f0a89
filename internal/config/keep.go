package config

import (
	"io"
	"strings"

	"github.com/muster-oncall/muster"
)

// Backup is what `muster backup` is told.
type Backup struct {
	File  string `arg:"" name:"file" help:"Where to write the archive; - for standard output. A file that is there is not overwritten."`
	Data  string `name:"data" default:"muster-data" placeholder:"DIR" help:"The data directory of the server." env:"MUSTER_DATA"`
	Store Secret `name:"store" placeholder:"DSN" help:"Where the server keeps facts: nothing for SQLite in the data directory, or postgres://…" env:"MUSTER_STORE"`
	Key   Secret `name:"key" hidden:"" help:"The key that seals secrets, when it is not in the data directory." env:"MUSTER_KEY"`
	NoKey bool   `name:"no-key" help:"Leave the key out: without it nobody can read the secrets in the archive, nor be paged after a restore."`
}

// Restore is what `muster restore` is told.
type Restore struct {
	File  string `arg:"" name:"file" help:"The archive; - for standard input is not possible: it is read twice."`
	Data  string `name:"data" default:"muster-data" placeholder:"DIR" help:"A data directory without a database." env:"MUSTER_DATA"`
	Store Secret `name:"store" placeholder:"DSN" help:"An empty PostgreSQL database to restore to; nothing for SQLite in the data directory." env:"MUSTER_STORE"`
	Key   Secret `name:"key" hidden:"" help:"The key that seals secrets, for an archive without it." env:"MUSTER_KEY"`
	Check bool   `name:"check" help:"Only check that the archive is whole."`
}

// MigrateStore is what `muster migrate-store` is told.
type MigrateStore struct {
	From  Secret `arg:"" name:"from" help:"The data directory of an installation on SQLite, or postgres://…"`
	To    Secret `arg:"" name:"to" help:"A data directory without a database, or postgres://… of an empty database."`
	Force bool   `name:"force" help:"Go on although nodes are connected to the database that is left: what they write meanwhile is lost."`
}

// ParseBackup reads the arguments after "backup".
func ParseBackup(args []string, stdout, stderr io.Writer) (Backup, error) {
	var c Backup
	if err := parse("muster backup", "Write everything that Muster knows into one file, while it runs or not.", &c, args, stdout, stderr); err != nil {
		return c, err
	}
	return c, muster.Invalid("The settings are not right", checkStore("store", string(c.Store)))
}

// ParseRestore reads the arguments after "restore".
func ParseRestore(args []string, stdout, stderr io.Writer) (Restore, error) {
	var c Restore
	if err := parse("muster restore", "Make an installation of what a backup holds. Nothing is ever overwritten.", &c, args, stdout, stderr); err != nil {
		return c, err
	}
	return c, muster.Invalid("The settings are not right", checkStore("store", string(c.Store)))
}

// ParseMigrateStore reads the arguments after "migrate-store".
func ParseMigrateStore(args []string, stdout, stderr io.Writer) (MigrateStore, error) {
	var c MigrateStore
	if err := parse("muster migrate-store", "Carry an installation over to another database. End Muster first.", &c, args, stdout, stderr); err != nil {
		return c, err
	}
	return c, nil
}

// checkStore refuses an address that is no PostgreSQL's.
func checkStore(path, dsn string) []muster.FieldError {
	if dsn == "" || IsPostgres(dsn) {
		return nil
	}
	return []muster.FieldError{{Path: path, Message: "leave it out for SQLite in the data directory, or write postgres://user:password@host/database"}}
}

// IsPostgres reports whether a store's address is that of PostgreSQL.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}
