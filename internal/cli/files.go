package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/apiclient"
	"github.com/muster-oncall/muster/internal/catalog"
	"github.com/muster-oncall/muster/internal/rota"
)

// files reads documents from files, from the files of a directory, or from standard input ("-").
func (r *run) files(names []string) (all []catalog.Parsed, err error) {
	if len(names) == 0 {
		return nil, usage("Name a file: muster apply catalog.yaml")
	}
	var wrong []muster.FieldError
	for _, name := range names {
		paths, err := expand(name)
		if err != nil {
			return nil, muster.Errorf(muster.ErrInvalid, "%s", err)
		}
		for _, p := range paths {
			data, err := r.readFile(p)
			if err != nil {
				return nil, muster.Errorf(muster.ErrInvalid, "%s", err)
			}
			docs, f := catalog.Parse(p, data)
			all, wrong = append(all, docs...), append(wrong, f...)
		}
	}
	wrong = append(wrong, catalog.Duplicates(all)...)
	return all, muster.Invalid(count(len(wrong), "mistake"), wrong)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (r *run) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(r.Stdin)
	}
	return os.ReadFile(name)
}

// expand lists the YAML and JSON files of a directory, in order.
func expand(name string) ([]string, error) {
	st, err := os.Stat(name)
	if name == "-" || (err == nil && !st.IsDir()) {
		return []string{name}, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	err = filepath.WalkDir(name, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(p))) {
			out = append(out, p)
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s holds no .yaml, .yml or .json file", name)
	}
	return out, err
}

// validate checks files as one whole catalog. Connectors' own settings are checked by the server alone.
func (r *run) validate(_ context.Context, args []string) error {
	all, err := r.files(args)
	var e *muster.Error
	if err != nil && (!errors.As(err, &e) || len(e.Fields) == 0) {
		return err
	}
	docs := make([]muster.Document, len(all))
	for i, p := range all {
		docs[i] = p.Doc
	}
	var wrong []muster.FieldError
	if e != nil {
		wrong = slices.Clone(e.Fields)
	}
	// Everything at once: a document that cannot be read may make references to it seem broken, too.
	wrong = append(wrong, catalog.Locate(all, catalog.Check(muster.NewCatalog(0, docs, nil), nil, rota.NewZones()))...)
	slices.SortStableFunc(wrong, func(a, b muster.FieldError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	wrong = slices.CompactFunc(wrong, func(a, b muster.FieldError) bool {
		return a.File == b.File && a.Line == b.Line && a.Path == b.Path && a.Line > 0
	})
	if len(wrong) > 0 {
		return muster.Invalid(count(len(wrong), "mistake"), wrong)
	}
	fmt.Fprintf(r.Stdout, "%s, all right.\n", count(len(all), "document"))
	return nil
}

// located gives the server's field errors the lines of the files that were read here.
func located(all []catalog.Parsed, err error) error {
	var e *muster.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Fields = slices.Clone(e.Fields)
	for i := range out.Fields {
		out.Fields[i].File, out.Fields[i].Line = "", 0 // those of the text that was sent
	}
	out.Fields = catalog.Locate(all, out.Fields)
	return &out
}

// export prints the catalog.
func (r *run) export(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usage("muster export takes nothing: write its output to a file")
	}
	req := apiclient.Request{Method: http.MethodGet, Path: "/export", Header: http.Header{"Accept": {"application/yaml"}}}
	if r.json {
		req.Header.Set("Accept", "application/json")
	}
	ans, err := r.client().Do(ctx, req)
	if err != nil {
		return err
	}
	_, err = r.Stdout.Write(ans.Body)
	return err
}
