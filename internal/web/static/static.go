// Package static holds the web surface's style sheets, scripts and icon: their sources (css/, js/, vendor/) and what is
// built from them (dist/, committed, so that a stranger needs nothing but Go). It serves the built files under names that
// carry a hash of their content, so that browsers may keep them for ever.
//
// Allowed imports: the standard library.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:generate go tool esbuild js/app.js --bundle --minify --format=iife --target=es2022 --charset=utf8 --legal-comments=none --outfile=dist/app.js
//go:generate go tool esbuild js/phone.js --bundle --minify --format=iife --target=es2022 --charset=utf8 --legal-comments=none --outfile=dist/phone.js
//go:generate go tool esbuild js/sw.js --bundle --minify --format=iife --target=es2022 --charset=utf8 --legal-comments=none --outfile=dist/sw.js
//go:generate go tool esbuild css/app.css --bundle --minify --charset=utf8 --legal-comments=none --outfile=dist/app.css
//go:generate go tool esbuild css/phone.css --bundle --minify --charset=utf8 --legal-comments=none --outfile=dist/phone.css

//go:embed dist/app.js dist/app.css dist/phone.js dist/phone.css dist/sw.js icon.svg icon192.png icon512.png
var files embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// Assets serves the built files and knows their names.
type Assets struct {
	paths map[string]string // app.css → /static/app.0a1b2c3d4e5f.css
	files map[string]file   // by the served path
}

type file struct {
	kind  string
	plain []byte
	gzip  []byte // nil when it is not smaller
}

// New reads the embedded files, names them by their content and compresses them once.
func New() (*Assets, error) {
	a := &Assets{paths: map[string]string{}, files: map[string]file{}}
	for _, name := range []string{"dist/app.js", "dist/app.css", "dist/phone.js", "dist/phone.css", "dist/sw.js", "icon.svg", "icon192.png", "icon512.png"} {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("static: %s is not embedded: %w", name, err)
		}
		base, ext := path.Base(name), path.Ext(name)
		sum := sha256.Sum256(data)
		served := Prefix + strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		f := file{kind: kindOf(ext), plain: data}
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return nil, fmt.Errorf("static: %w", err)
		}
		if _, err := w.Write(data); err != nil {
			return nil, fmt.Errorf("static: compressing %s: %w", name, err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("static: compressing %s: %w", name, err)
		}
		if packed.Len() < len(data) {
			f.gzip = packed.Bytes()
		}
		a.paths[base] = served
		a.files[served] = f
	}
	return a, nil
}

// Path is the URL of a file: Path("app.css") is "/static/app.0a1b2c3d4e5f.css". An unknown name gives "".
func (a *Assets) Path(name string) string { return a.paths[name] }

// File is a file's content by its plain name, for previews and pages that must stand alone; nil when there is none.
func (a *Assets) File(name string) []byte { return a.files[a.paths[name]].plain }

// ServeHTTP answers GET and HEAD below Prefix. Only names with the present hash exist; they may be kept for ever.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD are possible here.", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.gzip != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = f.gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the client has gone: nobody is left to tell
}

// acceptsGzip reads Accept-Encoding as far as it matters here.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") && strings.TrimSpace(params) != "q=0" {
			return true
		}
	}
	return false
}

func kindOf(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".png":
		return "image/png"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}
