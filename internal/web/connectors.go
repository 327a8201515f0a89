package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/command"
	"github.com/muster-oncall/muster/internal/query"
	"github.com/muster-oncall/muster/internal/web/view"
)

// connectors is the list of ways out.
func connectors(v *visit) error {
	list, err := v.Queries.Connectors(v.ctx(), v.viewer())
	if err != nil {
		return err
	}
	p := view.Connectors{
		Shell: v.live("Connectors", view.PlaceSettings, "now"), Tabs: v.tabs(view.TabConnectors), NewURL: v.may(muster.AccessTeamOwner, "/settings/connectors/new"),
		Empty: view.Empty{Text: "There is no way out yet: nobody can be reached."},
	}
	for _, c := range list {
		p.Rows = append(p.Rows, v.connectorRow(c))
	}
	w := v.Queries.WatchNow()
	for _, c := range w.Circuits {
		p.Trouble = append(p.Trouble, v.circuit(c, w.Node))
	}
	return v.render(http.StatusOK, view.ConnectorsPage(p))
}

func (v *visit) connectorRow(c query.ConnectorRow) view.ConnectorRow {
	how := v.reach(c.Connector.Kind)
	row := view.ConnectorRow{
		Name: docTitle(c.Connector), Kind: c.Connector.Kind, URL: docURL(muster.KindConnectors, c.Connector.Name), Waiting: c.Waiting, Proves: how.Proves,
	}
	if how.Title != "" {
		row.Kind = how.Title
	}
	row.State, row.LastText = view.State{Word: "Never used"}, ""
	if c.Last != nil {
		row.State, row.LastText = delivered(c.Last)
		row.LastAt = c.Last.CreatedAt.Time
	}
	if t := c.Tried; t != nil && !t.At.Before(row.LastAt) {
		row.State, row.LastText, row.LastAt = triedState(t), "test: "+t.Detail, t.At.Time
	}
	circuits := v.Queries.WatchNow().Circuits
	if i := slices.IndexFunc(circuits, func(x query.WatchCircuit) bool { return x.Connector == c.Connector.Name }); i >= 0 {
		row.State = view.State{Tone: view.ToneMajor, Word: "In trouble since " + v.clock(circuits[i].Since)}
	}
	if b := c.Connector.Backup; b != "" {
		row.Backup = view.Link{Text: v.connectorTitle(b), URL: docURL(muster.KindConnectors, b)}
	}
	if c.MayTest {
		row.TestURL, row.TestHint = "/settings/connectors/"+string(c.Connector.Name)+"/test", "tries it out, and says what is known then"
	}
	return row
}

// delivered says how the last delivery of a connector went.
func delivered(d *query.Delivery) (view.State, string) {
	text := string(d.Kind)
	if d.Name != "" {
		text = "to " + d.Name
	}
	if d.Last != nil && d.Last.Detail != "" {
		text = joinDots(text, d.Last.Detail)
	}
	switch d.State {
	case muster.DeliveryDone:
		return view.State{Tone: view.ToneOK, Word: "Works"}, text
	case muster.DeliveryFailed:
		return view.State{Tone: view.ToneMajor, Word: "Failed"}, text
	case muster.DeliveryPlanned, muster.DeliveryStarted, muster.DeliveryCancelled:
	}
	return view.State{Tone: view.ToneMinor, Word: "Trying"}, text
}

func triedState(t *muster.Tried) view.State {
	switch {
	case t.OK:
		return view.State{Tone: view.ToneOK, Word: "Works"}
	case t.Again:
		return view.State{Tone: view.ToneMinor, Word: "Trying"}
	}
	return view.State{Tone: view.ToneMajor, Word: "Failed"}
}

// testConnector asks for a test; what it came to is shown as the connector's last delivery.
func testConnector(v *visit) error {
	_, err := run[muster.Nothing](v, "TestConnector", command.TestConnector{Connector: muster.ConnectorName(v.r.PathValue("name"))})
	if muster.CodeOf(err) == muster.ErrConflict {
		return v.done("/settings/connectors", muster.MessageOf(err), "")
	}
	if err != nil {
		return err
	}
	return v.done("/settings/connectors", "A test is on its way. The list shows what it came to.", "")
}

// connectorPanel is how a connector does, and who stands in for it, beside its document.
func (v *visit) connectorPanel(doc *muster.Connector) (*view.ConnectorPanel, error) {
	list, err := v.Queries.Connectors(v.ctx(), v.viewer())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(r query.ConnectorRow) bool { return r.Connector.Name == doc.Name })
	if i < 0 {
		return nil, nil //nolint:nilnil // it was removed: its history is shown alone
	}
	now := list[i].Connector
	how := v.reach(now.Kind)
	p := &view.ConnectorPanel{Row: v.connectorRow(list[i]), Help: how.Help, Backups: []view.Option{{Text: "nobody"}}}
	if how.Within > 0 {
		p.Within = length(how.Within)
	}
	w := v.Queries.WatchNow()
	for _, c := range w.Circuits {
		if c.Connector == doc.Name {
			n := v.circuit(c, w.Node)
			n.Link = view.Link{}
			p.Trouble = &n
		}
	}
	for _, r := range list {
		o := r.Connector
		if o.Backup == now.Name {
			p.For = append(p.For, view.Link{Text: docTitle(o), URL: docURL(muster.KindConnectors, o.Name)})
		}
		same := v.reach(o.Kind).Address
		if o.Name != now.Name && (o.Kind == now.Kind || same == how.Address && same != "") {
			p.Backups = append(p.Backups, view.Option{Value: string(o.Name), Text: docTitle(o), Selected: o.Name == now.Backup})
		}
	}
	if how.Proves != "" && v.actor.Owns(now.Team) {
		p.BackupURL = docURL(muster.KindConnectors, now.Name) + "/backup"
	}
	return p, nil
}

// setBackup says who stands in for a connector when it brings no proof.
func setBackup(v *visit) error {
	name := v.r.PathValue("name")
	cat := v.Queries.Catalog()
	doc := cat.Connectors[muster.ConnectorName(name)]
	if doc == nil {
		return muster.Errorf(muster.ErrNotFound, "There is no connector called %q.", muster.Clip(name, 40))
	}
	next := *doc
	next.Backup = muster.ConnectorName(v.field("backup"))
	why := "no backup"
	if next.Backup != "" {
		why = string(next.Backup) + " stands in for it"
	}
	body, err := json.Marshal(&next)
	if err != nil {
		return err
	}
	in := command.PutDocument{Kind: muster.KindConnectors, Name: name, Body: body, IfMatch: cat.RevisionOf(muster.DocRef(muster.KindConnectors, name)), Why: why}
	_, err = run[*command.Document](v, "PutDocument", in)
	if refused(err) {
		wrong := problems(err, nil)
		for i := range wrong {
			if strings.HasSuffix(wrong[i].Field, "backup") {
				wrong[i].Field = "backup"
			}
		}
		return v.document(http.StatusUnprocessableEntity, muster.KindConnectors, func(p *view.Document) {
			if p.Connector != nil {
				p.Connector.Problems = wrong
			}
		})
	}
	if err != nil {
		return err
	}
	text := "Nobody stands in for " + docTitle(doc) + " any more."
	if next.Backup != "" {
		text = v.connectorTitle(next.Backup) + " goes when " + docTitle(doc) + " brings no proof."
	}
	return v.done(docURL(muster.KindConnectors, name), text, "")
}

// connectorSkeleton begins a connector of a kind with everything that it has to be told.
func (v *visit) connectorSkeleton() string {
	kind := v.param("type")
	var kinds []string
	if v.ConnectorKinds != nil {
		for _, o := range v.ConnectorKinds() {
			kinds = append(kinds, o.Value)
		}
	}
	if !slices.Contains(kinds, kind) && len(kinds) > 0 {
		kind = kinds[0]
	}
	how := v.reach(kind)
	var open, sealed strings.Builder
	for _, s := range how.Settings {
		to, line := &open, "  "+s.Name+": "+s.Default
		if s.Secret {
			to, line = &sealed, "  "+s.Name+": " // the name of a stored secret
		}
		hint := s.Title
		if !s.Required {
			hint += ", optional"
		}
		to.WriteString(line + " # " + hint + "\n")
	}
	out := "kind: connector\nname: \ntitle: \ntype: " + kind + "\n"
	if open.Len() > 0 {
		out += "settings:\n" + open.String()
	} else {
		out += "settings: {}\n"
	}
	if sealed.Len() > 0 {
		out += "secrets: # names of stored secrets: PUT /api/v1/secrets/NAME\n" + sealed.String()
	}
	return out
}

// connectorHelp lets the writer of a new connector choose its kind, and says what that is.
func (v *visit) connectorHelp(p *view.Document) {
	if v.ConnectorKinds == nil {
		return
	}
	kinds := v.ConnectorKinds()
	for i, o := range kinds {
		p.Kinds = append(p.Kinds, view.Filter{Text: o.Text, URL: "/settings/connectors/new?type=" + o.Value, Current: v.param("type") == o.Value || v.param("type") == "" && i == 0})
		if !p.Kinds[i].Current {
			continue
		}
		how := v.reach(o.Value)
		p.Help = []view.Figure{{Label: o.Value, Value: how.Help}}
		if how.Proves != "" {
			p.Help = append(p.Help, view.Figure{Label: "proof", Value: "A page by it is proved by " + how.Proves + "."})
		}
		for _, s := range how.Settings {
			p.Help = append(p.Help, view.Figure{Label: s.Name, Value: s.Title})
		}
		p.Help = append(p.Help, view.Figure{Label: "backup", Value: "Another connector for the same addresses: it goes when this one brings no proof."})
	}
}
