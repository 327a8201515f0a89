package web

import (
	"net/http"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// keys is the list of API keys.
func keys(v *visit) error { return v.keys(http.StatusOK, "", nil) }

func (v *visit) keys(status int, fresh string, wrong []view.Problem) error {
	list, err := query.Run[query.ListKeys, muster.Listing[*muster.APIKey]](v.ctx(), v.Queries, "ListKeys", v.actor, query.ListKeys{Revoked: true, Limit: 200})
	if err != nil {
		return err
	}
	p := view.Keys{Shell: v.shell("API keys", view.PlaceSettings), Tabs: v.tabs(view.TabKeys), URL: v.may(muster.AccessResponder, "/settings/keys"), Fresh: fresh, Problems: wrong}
	p.Access = append(p.Access, view.Option{Value: "me", Text: "acts as you"})
	for _, d := range v.Queries.Catalog().Documents(muster.KindSources) {
		if v.actor.Owns(d.DocTeam()) {
			p.Access = append(p.Access, view.Option{Value: d.DocName(), Text: "sends signals as " + docTitle(d)})
		}
	}
	for _, k := range list.Items {
		row := view.KeyRow{Name: k.Name + " (" + k.Prefix + "…)", By: k.CreatedBy.Name, MadeAt: k.CreatedAt.Time, UsedAt: k.LastUsed.Time, Revoked: !k.RevokedAt.IsZero()}
		if k.Source != "" {
			row.Access = "sends as " + v.sourceTitle(k.Source)
		} else {
			row.Access = "acts as " + v.Queries.Catalog().DisplayName(k.User)
		}
		if !row.Revoked {
			row.RevokeURL = v.may(muster.AccessResponder, "/settings/keys/"+string(k.ID)+"/revoke")
		}
		p.Rows = append(p.Rows, row)
	}
	return v.render(status, view.KeysPage(p))
}

// createKey makes a key and shows its secret in the answer itself: it is kept nowhere, so there is nothing to redirect to.
func createKey(v *visit) error {
	in := command.CreateKey{Name: v.field("name")}
	if to := v.field("access"); to != "me" && to != "" {
		in.Source = muster.SourceName(to)
	}
	k, err := run[*command.NewKey](v, "CreateKey", in)
	if refused(err) {
		return v.keys(http.StatusUnprocessableEntity, "", problems(err, nil))
	}
	if err != nil {
		return err
	}
	fresh := k.Token
	if in.Source != "" {
		fresh = v.seenURL() + "/in/" + k.Token + "/generic"
	}
	return v.keys(http.StatusOK, fresh, nil)
}

func revokeKey(v *visit) error {
	if _, err := run[muster.Nothing](v, "RevokeKey", command.RevokeKey{Key: muster.APIKeyID(v.r.PathValue("id"))}); err != nil {
		return err
	}
	return v.done("/settings/keys", "Revoked: it opens nothing any more.", "")
}

// audit is the security log.
func audit(v *visit) error { return v.auditPage(nil, "") }

func (v *visit) auditPage(result *view.Note, known string) error {
	list, err := query.Run[query.ListAudit, muster.Listing[*muster.AuditEntry]](v.ctx(), v.Queries, "ListAudit", v.actor, query.ListAudit{Cursor: v.param("cursor")})
	if err != nil {
		return err
	}
	p := view.Audit{Shell: v.shell("Audit", view.PlaceSettings), Tabs: v.tabs(view.TabAudit), Search: v.search("Who, what or about"), Pager: v.pager(list.Next)}
	if p.Sealed, err = v.sealed(); err != nil {
		return err
	}
	p.Sealed.Result, p.Sealed.Known = result, known
	want := strings.ToLower(v.param("q"))
	for _, e := range list.Items {
		row := view.AuditRow{At: e.At.Time, Who: e.By.Name, Surface: string(e.By.Surface), What: capital(e.Op), About: e.Ref, URL: refLink(e.Ref), State: view.State{Tone: view.ToneOK, Word: "Done"}}
		if strings.Contains(e.Op, "refused") {
			row.State = view.State{Tone: view.ToneMajor, Word: "Refused"}
		}
		if e.Facts["remote"] != "" {
			row.About = joinDots(row.About, "from "+e.Facts["remote"])
		}
		if strings.Contains(strings.ToLower(row.Who+" "+row.What+" "+row.About), want) {
			p.Rows = append(p.Rows, row)
		}
	}
	return v.render(http.StatusOK, view.AuditPage(p))
}
