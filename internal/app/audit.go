package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/ledger"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/seal"
	"github.com/muster-oncall/muster/internal/store/sqlstore"
)

// AuditStore verifies or exports the ledger of a database directly, without a server: `audit verify --data DIR`,
// `audit export --store DSN FILE`. It only reads, so the server may run. direct is false when the arguments name no
// database: then the command line asks the server.
func AuditStore(ctx context.Context, args []string, env func(string) string, out io.Writer) (direct bool, err error) {
	flags := map[string]string{}
	var words []string
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(args[i], "=")
		switch name {
		case "--data", "--store", "--key", "--head":
			if !has {
				if i++; i >= len(args) {
					return true, muster.Errorf(muster.ErrInvalid, "%s needs a value.", name)
				}
				value = args[i]
			}
			flags[name] = value
		default:
			words = append(words, args[i])
		}
	}
	if len(words) == 0 || flags["--data"] == "" && flags["--store"] == "" {
		return false, nil
	}
	key := flags["--key"]
	if key == "" {
		if key, err = knownKey(flags["--data"], env("MUSTER_KEY")); err != nil {
			return true, err
		}
	}
	r, err := sqlstore.OpenReader(ctx, dsnOf(flags["--store"], flags["--data"]), sqlstore.Options{Timeout: verifyWait})
	if err != nil {
		return true, err
	}
	defer func() { _ = r.Close() }() // it was read only
	switch {
	case words[0] == "verify" && len(words) == 1:
		report, err := query.VerifyStore(ctx, r, key, flags["--head"])
		if err != nil {
			return true, err
		}
		return true, tellReport(out, &report)
	case words[0] == "export" && len(words) == 2:
		f, err := os.OpenFile(words[1], os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return true, fmt.Errorf("the export cannot be written: %w", err)
		}
		err = query.ExportStore(ctx, r, key, f)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		return true, err
	}
	return true, muster.Errorf(muster.ErrInvalid, "With --data or --store comes: muster audit verify, or muster audit export FILE.")
}

// knownKey is the public key of an installation whose sealing key is at hand, else "": then checkpoints are compared with
// each other alone.
func knownKey(dir, text string) (string, error) {
	var box *seal.Box
	var err error
	switch {
	case text != "":
		box, err = seal.FromText(text)
	case dir == "":
		return "", nil
	default:
		if _, serr := os.Stat(filepath.Join(dir, seal.KeyFile)); serr != nil {
			return "", nil //nolint:nilerr // without the key the database can be verified, too
		}
		box, err = seal.Open(dir)
	}
	if err != nil {
		return "", err
	}
	return ledger.PublicKey(box.LedgerKey()), nil
}

func tellReport(out io.Writer, report *ledger.Report) error {
	for _, line := range report.Lines() {
		if _, err := fmt.Fprintln(out, muster.CleanLine(line, 500)); err != nil {
			return err
		}
	}
	if !report.OK() {
		return muster.Errorf(muster.ErrConflict, "%s", report.Wrong)
	}
	return nil
}
