package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/apiclient"
	"github.com/muster-oncall/muster/internal/ledger"
)

// auditWait is how long a server may take to read its whole ledger.
const auditWait = 15 * time.Minute

// auditVerify verifies what the server has, or a file without any server.
func (r *run) auditVerify(ctx context.Context, args []string) error {
	words, given, err := flags(args, []string{"key", "head"}, nil)
	if err != nil {
		return err
	}
	key, head := given["key"], given["head"]
	if len(words) > 1 {
		return usage("muster audit verify takes one file, or none to ask the server")
	}
	var report ledger.Report
	if len(words) == 1 {
		f, err := os.Open(words[0])
		if errors.Is(err, fs.ErrNotExist) {
			return muster.Errorf(muster.ErrNotFound, "There is no file %s.", words[0])
		}
		if err != nil {
			return err
		}
		defer f.Close()
		if report, err = ledger.VerifyExport(f, key, head); err != nil {
			return muster.WrapError(muster.ErrInvalid, err, "%s: %s", words[0], err)
		}
	} else {
		c := r.client()
		c.HTTP = &http.Client{Timeout: auditWait}
		ans, err := c.Do(ctx, apiclient.Request{Method: http.MethodGet, Path: "/ledger/verify", Query: url.Values{"known": {head}}})
		if err != nil {
			return err
		}
		if err := json.Unmarshal(ans.Body, &report); err != nil {
			return fmt.Errorf("the answer of the server cannot be read: %w", err)
		}
		if key != "" && report.Key != key && report.Wrong == "" {
			report.Wrong = "The server's checkpoints are signed with another key than the one that you know."
		}
	}
	return r.auditReport(&report)
}

// auditReport tells a report; one that found something is an error.
func (r *run) auditReport(report *ledger.Report) error {
	if r.json {
		if err := json.NewEncoder(r.Stdout).Encode(report); err != nil {
			return err
		}
	} else {
		for _, line := range report.Lines() {
			fmt.Fprintln(r.Stdout, muster.CleanLine(line, 500))
		}
	}
	if !report.OK() {
		return muster.Errorf(muster.ErrConflict, "%s", report.Wrong)
	}
	return nil
}

// auditExport writes the export into a file, which appears whole or not at all.
func (r *run) auditExport(ctx context.Context, args []string) error {
	force := slices.Contains(args, "--force")
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--force" })
	if len(args) != 1 || strings.HasPrefix(args[0], "--") {
		return usage("muster audit export takes the name of the file to write, and --force to replace one that is there")
	}
	if _, err := os.Lstat(args[0]); err == nil && !force {
		return muster.Errorf(muster.ErrConflict, "%s is there already, and may be the only export of its time: choose another name, or say --force to replace it.", args[0])
	}
	f, err := os.OpenFile(args[0]+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return muster.Errorf(muster.ErrInvalid, "%s cannot be written: %s", args[0], err)
	}
	defer os.Remove(f.Name())
	c := r.client()
	c.HTTP = &http.Client{Timeout: auditWait}
	_, err = c.Do(ctx, apiclient.Request{Method: http.MethodGet, Path: "/ledger/export", Header: http.Header{"Accept": {"application/x-ndjson"}}, To: f})
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), args[0])
	}
	if err != nil {
		return err
	}
	return r.auditVerify(ctx, args)
}
