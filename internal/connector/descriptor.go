package connector

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-oncall/muster"
)

// Setting is one thing that a connector has to be told.
type Setting struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Help     string `json:"help,omitempty"`
	Required bool   `json:"required,omitempty"`
	Secret   bool   `json:"secret,omitempty"` // kept sealed; the document names the stored secret
	Default  string `json:"default,omitempty"`
}

// Descriptor tells everything about a kind of connector that forms, checks and documentation need, and makes one.
type Descriptor struct {
	Kind     string
	Title    string
	Help     string
	Address  string // what the contact method's address is: "a mail address"; "" when people cannot be reached by it
	Settings []Setting
	// Validate checks the values of settings that are present; nil: any value will do.
	Validate func(settings map[string]string) []muster.FieldError
	// Together checks what settings and secrets must be in company: one of two that is needed. Secrets are the values, or in
	// a document the names, so only their presence counts; nil: nothing is.
	Together func(settings, secrets map[string]string) []muster.FieldError
	// CheckAddress says what is wrong with the address of a contact method; nil: any address will do.
	CheckAddress func(address string) error
	// TidyAddress takes out of an address what people write for the eye, before it is checked and kept; nil: nothing.
	TidyAddress func(address string) string
	// HintAddress is enough of an address to recognise it, and not enough to use it; nil: as other addresses are hinted at.
	HintAddress func(address string) string
	// BrowserKey is the public key with which a browser subscribes to this installation, made from what it derives: then the
	// address is what the browser gives, and nobody writes it; nil: people write addresses.
	BrowserKey func(derive func(purpose string) []byte) string
	// Numbers are the telephone numbers that people see when this connector calls or texts: for a contact card that lets
	// them through; nil: none.
	Numbers func(settings map[string]string) []string
	New     func(Config) (Connector, error)

	// Proof is the best that the provider can tell of a page besides what a person does: nothing ([muster.ProofPerson]), or a
	// receipt. ProofWithin is how long to wait for a proof before the person's next contact method, or the connector's
	// backup, goes; 0: [muster.DefaultProofWithin].
	Proof       muster.Proof
	ProofWithin time.Duration
	// Surface is by what people answer the pages of this kind, for the timeline: a text message when the carrier proves, a
	// push message when a device does, the page's own screen otherwise; "" means this rule.
	Surface muster.Surface

	PagesOnly bool // it rings: it takes pages and the test of a contact method, and notices go by other ways

	// Room is the setting that says where messages without an address go: a room, a channel, another system. With it the
	// connector can be told by a step of a policy; "": it needs the address of a person.
	Room string
	// Checked says what is known when a [Checker] of this kind found nothing wrong: "Pushover knows the API token".
	Checked string
	Stops   bool // what New makes is a [Stopper]

	Table    bool // what New makes is a [RosterTable]
	Calendar bool // what New makes is a [CalendarFeed]
}

// ProvesWithin is how long to wait for a proof of a page of this kind.
func (d Descriptor) ProvesWithin() time.Duration {
	return cmp.Or(d.ProofWithin, muster.DefaultProofWithin)
}

// AnsweredBy is by what people answer pages of this kind.
func (d Descriptor) AnsweredBy() muster.Surface {
	switch {
	case d.Surface != "":
		return d.Surface
	case d.Proof == muster.ProofCarrier:
		return muster.SurfaceSMS
	case d.Proof == muster.ProofDevice:
		return muster.SurfacePush
	}
	return muster.SurfacePage
}

// Registry is an explicit list of kinds.
type Registry []Descriptor

// Find returns the descriptor of a kind.
func (r Registry) Find(kind string) (Descriptor, bool) {
	for _, d := range r {
		if d.Kind == kind {
			return d, true
		}
	}
	return Descriptor{}, false
}

// Kinds lists the kinds in the order of the list.
func (r Registry) Kinds() []string {
	out := make([]string, len(r))
	for i, d := range r {
		out[i] = d.Kind
	}
	return out
}

// New makes a connector of a kind after checking its configuration; everything that is wrong is told at once.
func (r Registry) New(kind string, cfg Config) (Connector, error) {
	d, ok := r.Find(kind)
	if !ok {
		return nil, muster.Invalid(fmt.Sprintf("The connector %q cannot be used", cfg.Name), []muster.FieldError{r.UnknownKind(kind)})
	}
	return d.Make(cfg)
}

// UnknownKind is the field error for a kind that is not in the list.
func (r Registry) UnknownKind(kind string) muster.FieldError {
	msg := fmt.Sprintf("%q is not a kind of connector: there are %s", muster.Clip(kind, 40), strings.Join(r.Kinds(), ", "))
	if near := muster.Nearest(kind, r.Kinds()); near != "" {
		msg += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return muster.FieldError{Path: "kind", Message: msg}
}

// Make fills in the defaults, checks the configuration and makes the connector.
func (d Descriptor) Make(cfg Config) (Connector, error) {
	if err := muster.Invalid(fmt.Sprintf("The connector %q cannot be used", cfg.Name), d.Check(cfg.Settings, cfg.Secrets)); err != nil {
		return nil, err
	}
	cfg.Settings = maps.Clone(cfg.Settings)
	if cfg.Settings == nil {
		cfg.Settings = map[string]string{}
	}
	for _, s := range d.Settings {
		if !s.Secret && s.Default != "" && cfg.Settings[s.Name] == "" {
			cfg.Settings[s.Name] = s.Default
		}
	}
	return d.New(cfg)
}

// Check says everything that is wrong with the settings and secrets of a connector: what is missing, what is unknown
// (with the nearest known word), what stands in the wrong place. The values of secrets are neither checked nor shown; a
// document has the names of stored secrets there.
func (d Descriptor) Check(settings, secrets map[string]string) (f []muster.FieldError) {
	var open, hidden []string
	for _, s := range d.Settings {
		if s.Secret {
			hidden = append(hidden, s.Name)
			if s.Required && secrets[s.Name] == "" {
				f = append(f, muster.FieldError{Path: "secrets." + s.Name, Message: "is missing: " + s.Title})
			}
			continue
		}
		open = append(open, s.Name)
		if s.Required && s.Default == "" && strings.TrimSpace(settings[s.Name]) == "" {
			f = append(f, muster.FieldError{Path: "settings." + s.Name, Message: "is missing: " + s.Title})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		switch {
		case slices.Contains(open, name) && strings.ContainsAny(settings[name], "\r\n\x00"):
			f = append(f, muster.FieldError{Path: "settings." + name, Message: "must be one line"})
		case slices.Contains(open, name): // an address may be open or secret: then both are known by one name
		case slices.Contains(hidden, name):
			f = append(f, muster.FieldError{Path: "settings." + name, Message: "is a secret: store it and name it under secrets"})
		default:
			f = append(f, unknownSetting("settings.", name, open, d.Kind))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if !slices.Contains(hidden, name) {
			f = append(f, unknownSetting("secrets.", name, hidden, d.Kind))
		}
	}
	if d.Validate != nil {
		f = append(f, d.Validate(settings)...)
	}
	if d.Together != nil {
		f = append(f, d.Together(settings, secrets)...)
	}
	return f
}

func unknownSetting(where, name string, known []string, kind string) muster.FieldError {
	msg := fmt.Sprintf("the kind %s does not know this", kind)
	if near := muster.Nearest(name, known); near != "" {
		msg += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return muster.FieldError{Path: where + muster.Clip(name, 40), Message: msg}
}
