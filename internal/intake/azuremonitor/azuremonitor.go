// Package azuremonitor reads alerts of Azure Monitor: the common alert schema, and the older log-alert shape that has
// an alertContext without essentials. It imports intake and the root package only.
//
// The older shape says neither who fired it nor when it ends: a resolved one is recognised by monitorCondition or status
// beside or in the context.
package azuremonitor

import (
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
	"github.com/muster-oncall/muster/internal/intake"
)

// Parse implements [intake.Parser].
func Parse(src *muster.Source, body []byte, received muster.Instant) ([]muster.Signal, error) {
	root, err := intake.ReadJSON(body)
	if err != nil {
		return nil, err
	}
	data := root.Get("data")
	switch {
	case data.Get("essentials").Type == intake.Object:
		return []muster.Signal{common(src, data, "data.", received)}, nil
	case root.Get("essentials").Type == intake.Object:
		return []muster.Signal{common(src, root, "", received)}, nil
	case root.Get("alertContext").Type == intake.Object:
		return []muster.Signal{older(src, root, "", received)}, nil
	case data.Get("alertContext").Type == intake.Object:
		return []muster.Signal{older(src, data, "data.", received)}, nil
	}
	return nil, muster.Invalid("This is not an alert of Azure Monitor", []muster.FieldError{{
		Path:    "data.essentials",
		Message: "is missing: switch the common alert schema on in the action group, or use the format generic",
	}})
}

// common reads the common alert schema. base is the path of at, for the explanation.
func common(src *muster.Source, at intake.Value, base string, received muster.Instant) muster.Signal {
	ess, ctx := at.Get("essentials"), at.Get("alertContext")
	s := intake.New(src, received)
	s.Title = ess.Get("alertRule").Text()
	s.Mapped = append(s.Mapped, "title from "+base+"essentials.alertRule")
	if strings.TrimSpace(s.Title) == "" {
		s.Title = ess.Get("description").Text()
		s.Mapped[0] = "title from " + base + "essentials.description"
	}
	s.Summary = ess.Get("description").Text()
	if strings.TrimSpace(s.Summary) == "" {
		s.Summary = measured(ctx)
	}
	s.Severity = sev(ess.Get("severity").Text())
	s.Mapped = append(s.Mapped, "severity from "+base+"essentials.severity")
	for _, name := range []string{"alertId", "originAlertId"} {
		if s.Key = ess.Get(name).Text(); s.Key != "" {
			s.Mapped = append(s.Mapped, "key from "+base+"essentials."+name)
			break
		}
	}
	timed := "firedDateTime"
	if strings.EqualFold(ess.Get("monitorCondition").Text(), "Resolved") {
		s.State = muster.SignalResolved
		timed = "resolvedDateTime"
	}
	s.Mapped = append(s.Mapped, "state from "+base+"essentials.monitorCondition")
	if t := ess.Get(timed).Text(); t != "" {
		intake.SetTime(&s, t, received)
	}
	label(&s, ess, "alertRule", "severity", "signalType", "monitoringService")
	label(&s, ess, "configurationItems", "targetResourceType")
	if t := ess.Get("alertTargetIDs").Joined(); t != "" {
		s.Labels["target"] = t
	}
	dimensions(&s, ctx.Get("Dimensions"))
	dimensions(&s, ctx.Path("condition.allOf[0].dimensions"))
	link(&s, "Investigation in Azure", ess.Get("investigationLink"))
	searchLinks(&s, ctx)
	custom(&s, at, ctx, base)
	intake.Finish(&s, src, "Azure Monitor alert")
	return s
}

// older reads the log-alert shape without essentials.
func older(src *muster.Source, at intake.Value, base string, received muster.Instant) muster.Signal {
	ctx := at.Get("alertContext")
	s := intake.New(src, received)
	s.Title = ctx.Get("AlertType").Text()
	s.Mapped = append(s.Mapped, "title from "+base+"alertContext.AlertType", "severity from "+base+"alertContext.SeverityDescription")
	s.Summary = measured(ctx)
	s.Severity = described(ctx.Get("SeverityDescription").Text())
	for _, where := range []intake.Value{at, ctx} {
		for _, name := range []string{"monitorCondition", "MonitorCondition", "status", "Status"} {
			if over(where.Get(name).Text()) {
				s.State = muster.SignalResolved
			}
		}
	}
	if t := ctx.Get("SearchIntervalEndtimeUtc").Text(); t != "" {
		intake.SetUTC(&s, "1/2/2006 3:04:05 PM", t, received) // the field's name is its zone
	}
	label(&s, ctx, "AlertType", "WorkspaceId", "SeverityDescription")
	identify(&s, ctx)
	dimensions(&s, ctx.Get("Dimensions"))
	searchLinks(&s, ctx)
	custom(&s, at, ctx, base)
	intake.Finish(&s, src, "Azure Monitor log alert")
	return s
}

// identify names what makes two of the older alerts one condition: the kind, the workspace, what is affected and the
// query. Numbers and times take no part. A query that a label cannot hold as it is goes in by its digest.
func identify(s *muster.Signal, ctx intake.Value) {
	items := make([]string, 0, len(ctx.Get("AffectedConfigurationItems").List()))
	for _, v := range ctx.Get("AffectedConfigurationItems").List() {
		items = append(items, v.Text())
	}
	slices.Sort(items)
	for _, part := range []struct{ name, value string }{
		{"AlertType", ctx.Get("AlertType").Text()},
		{"WorkspaceId", ctx.Get("WorkspaceId").Text()},
		{"AffectedConfigurationItems", strings.Join(items, ", ")},
		{"SearchQuery", strings.Join(strings.Fields(ctx.Get("SearchQuery").Text()), " ")},
	} {
		switch {
		case part.value == "":
		case intake.LabelKept(part.name, part.value):
			s.Labels[part.name] = part.value
			s.Identity = append(s.Identity, part.name)
		default:
			s.Labels[part.name] = part.value // cut, to be read
			s.Identity = append(s.Identity, part.name+" "+intake.Digest(part.value))
		}
	}
	if len(s.Identity) > 0 {
		s.Mapped = append(s.Mapped, "identity from AlertType, WorkspaceId, AffectedConfigurationItems and SearchQuery")
	}
}

func over(condition string) bool {
	switch strings.ToLower(strings.TrimSpace(condition)) {
	case "resolved", "deactivated":
		return true
	}
	return false
}

// sev reads Azure's scale: Sev0 is the worst.
func sev(s string) muster.AlertSeverity {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "sev0", "0", "sev1", "1":
		return muster.SeverityCritical
	case "sev2", "2":
		return muster.SeverityMajor
	case "sev3", "3":
		return muster.SeverityMinor
	case "sev4", "4":
		return muster.SeverityInfo
	}
	return muster.SeverityUnknown
}

// described reads the words of the older shape.
func described(s string) muster.AlertSeverity {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "critical":
		return muster.SeverityCritical
	case "error":
		return muster.SeverityMajor
	case "warning":
		return muster.SeverityMinor
	case "informational", "information", "verbose":
		return muster.SeverityInfo
	}
	return sev(s)
}

// measured tells in a sentence what was measured and against what.
func measured(ctx intake.Value) string {
	var b strings.Builder
	if n := ctx.Get("ResultCount").Text(); n != "" {
		b.WriteString(n + " results")
		if t := ctx.Get("Threshold").Text(); t != "" {
			b.WriteString("; alerts when " + strings.TrimSpace(strings.ToLower(ctx.Get("Operator").Text())+" "+t))
		}
		for _, name := range []string{"SearchIntervalInMinutes", "SearchIntervalDurationMin"} {
			if m := ctx.Get(name).Text(); m != "" {
				b.WriteString("; over " + m + " minutes")
				break
			}
		}
		b.WriteByte('.')
		return b.String()
	}
	for i, c := range ctx.Path("condition.allOf").List() {
		if i == 5 {
			break
		}
		name := c.Get("metricName").Text()
		if name == "" {
			name = "The query"
		}
		value := c.Get("metricValue").Text()
		if value == "" {
			value = "not known"
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(name + " is " + value)
		if t := c.Get("threshold").Text(); t != "" {
			b.WriteString("; alerts when " + strings.TrimSpace(words(c.Get("operator").Text())+" "+t))
		}
		if w := ctx.Path("condition.windowSize").Text(); w != "" {
			b.WriteString("; window " + w)
		}
		b.WriteByte('.')
	}
	return b.String()
}

// words writes "GreaterThan" as "greater than".
func words(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte(' ')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func label(s *muster.Signal, from intake.Value, names ...string) {
	for _, n := range names {
		if t := from.Get(n).Joined(); t != "" {
			s.Labels[n] = t
		}
	}
}

func dimensions(s *muster.Signal, list intake.Value) {
	for _, d := range list.List() {
		name, value := d.Get("name").Text(), d.Get("value").Text()
		if _, taken := s.Labels[name]; name != "" && value != "" && !taken {
			s.Labels[name] = value
		}
	}
}

func link(s *muster.Signal, title string, v intake.Value) {
	if v.Text() != "" {
		s.Links = append(s.Links, muster.ContextLink{Title: title, URL: v.Text()})
	}
}

func searchLinks(s *muster.Signal, ctx intake.Value) {
	for _, from := range []intake.Value{ctx, ctx.Path("condition.allOf[0]")} {
		for _, name := range []string{"LinkToSearchResults", "linkToSearchResultsUI", "linkToFilteredSearchResultsUI"} {
			link(s, "Search results", from.Get(name))
		}
	}
}

// custom reads what the alert rule's author added: everything is a label; service, impact, action and runbook are more.
func custom(s *muster.Signal, at, ctx intake.Value, base string) {
	for _, from := range []struct {
		path string
		v    intake.Value
	}{{base + "customProperties", at.Get("customProperties")}, {base + "alertContext.properties", ctx.Get("properties")}} {
		for _, f := range from.v.Fields() {
			text := f.Value.Joined()
			if strings.TrimSpace(text) == "" {
				continue
			}
			mapped := strings.ToLower(f.Name)
			switch mapped {
			case "service":
				s.Service = muster.ServiceName(text)
			case "impact":
				s.Impact = text
			case "action":
				s.Action = text
			case "runbook", "runbook_url", "runbookurl":
				link(s, "Runbook", f.Value)
				mapped = "link"
			default:
				mapped = ""
			}
			if mapped != "" {
				s.Mapped = append(s.Mapped, mapped+" from "+from.path+"."+f.Name)
			}
			if _, taken := s.Labels[f.Name]; !taken {
				s.Labels[f.Name] = text
			}
		}
	}
}
