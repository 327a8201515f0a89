package app

import (
	"context"
	"crypto/subtle"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/connector"
	"github.com/muster-oncall/muster/internal/connector/dir"
	"github.com/muster-oncall/muster/internal/httpx"
	"github.com/muster-oncall/muster/internal/statuspage"
)

// renderStatus renders a status page; nil when the catalog has no such page any more.
func (a *App) renderStatus(ctx context.Context, page muster.StatusPageName) (map[string][]byte, error) {
	if a.Live.Current().Catalog.StatusPages[page] == nil {
		return nil, nil
	}
	data, err := a.Queries.StatusPageData(ctx, page)
	if err != nil {
		return nil, err
	}
	data.BaseURL = a.URL() + "/s/" + string(page) + "/"
	return statuspage.Render(data)
}

// mayRead lets everybody read public pages and people of the organisation the others. A page that is not in the catalog
// any more is not served, whatever lies in its directory.
func (a *App) mayRead(r *http.Request, page muster.StatusPageName) error {
	doc := a.Live.Current().Catalog.StatusPages[page]
	if doc == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no status page called %q.", muster.Clip(string(page), 60))
	}
	if doc.Audience == muster.AudiencePublic {
		return nil
	}
	token := httpx.Cookies{Secure: a.Secure()}.Token(r)
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	if token == "" {
		return muster.Errorf(muster.ErrUnauthenticated, "This status page is for people of the organisation. Sign in first.")
	}
	_, err := a.Commands.ByToken(r.Context(), token, muster.SurfaceWeb)
	return err
}

// publisher is where a page is written: the directory that is served below /s/.
func (a *App) publisher(page muster.StatusPageName) connector.Publisher {
	return dir.New(connector.Config{Name: "status", Settings: map[string]string{"path": filepath.Join(a.statusDir(), string(page))}})
}

// publishAll renders every page at the start, so that a page is there before the first incident.
func (a *App) publishAll(ctx context.Context) error {
	for name := range a.Live.Current().Catalog.StatusPages {
		if err := a.publishStatus(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// phonesToken reports whether a token opens the demo's phones.
func (a *App) phonesToken(token string) bool {
	return a.Phones != "" && subtle.ConstantTimeCompare([]byte(token), []byte(a.Phones)) == 1
}

// plainPath reports whether a path below /s/ says what it means: the file server would resolve "public/../internal",
// which slashes written as %2f bring past the router, to another page than the one that was asked about. Names that begin
// with a dot are our own.
func plainPath(name string) bool {
	name = strings.TrimSuffix(name, "/")
	return fs.ValidPath(name) && !strings.HasPrefix(name, ".") && !strings.Contains(name, "/.") && !strings.ContainsAny(name, "\\\x00")
}

// rooted is a directory as a file system that lists nothing.
func rooted(path string) fs.FS { return noListing{os.DirFS(path)} }

type noListing struct{ fs.FS }

// Open refuses directories without an index, so that the server does not list them.
func (n noListing) Open(name string) (fs.File, error) {
	f, err := n.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		if _, err := fs.Stat(n.FS, filepath.ToSlash(filepath.Join(name, "index.html"))); err != nil {
			_ = f.Close()
			return nil, fs.ErrNotExist
		}
	}
	return f, nil
}
