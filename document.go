package muster

import (
	"fmt"
	"regexp"
	"strings"
)

// Kind names a kind of document, in the plural, as the API's paths do.
type Kind string

// The kinds of documents.
const (
	KindUsers       Kind = "users"
	KindTeams       Kind = "teams"
	KindServices    Kind = "services"
	KindRosters     Kind = "rosters"
	KindPolicies    Kind = "policies"
	KindRoutes      Kind = "routes"
	KindSilences    Kind = "silences"
	KindSources     Kind = "sources"
	KindRunbooks    Kind = "runbooks"
	KindConnectors  Kind = "connectors"
	KindStatusPages Kind = "statuspages"
)

// Kinds lists the kinds in the order in which documents can be written without dangling references.
func Kinds() []Kind {
	return []Kind{
		KindUsers, KindTeams, KindConnectors, KindRosters, KindPolicies, KindRunbooks, KindServices, KindStatusPages,
		KindSources, KindRoutes, KindSilences,
	}
}

// Singular is the kind's word in a file: "roster" for [KindRosters].
func (k Kind) Singular() string {
	switch k {
	case KindPolicies:
		return "policy"
	case KindStatusPages:
		return "statuspage"
	case KindUsers, KindTeams, KindServices, KindRosters, KindRoutes, KindSilences, KindSources, KindRunbooks, KindConnectors:
		return strings.TrimSuffix(string(k), "s")
	}
	return string(k)
}

// KindOf finds a kind by its singular or plural word.
func KindOf(word string) (Kind, bool) {
	for _, k := range Kinds() {
		if word == string(k) || word == k.Singular() {
			return k, true
		}
	}
	return "", false
}

// Document is one typed document of the catalog. Implementations are plain values; Check looks at the document alone,
// references between documents are checked by the catalog.
type Document interface {
	DocKind() Kind
	DocName() string
	// DocTeam is the team that owns the document, "" when only an admin may change it.
	DocTeam() TeamName
	// Check returns everything that is wrong with the document by itself.
	Check() []FieldError
}

// NewDocument returns an empty document of a kind to decode into, nil for an unknown kind.
func NewDocument(k Kind) Document {
	switch k {
	case KindUsers:
		return &User{}
	case KindTeams:
		return &Team{}
	case KindServices:
		return &Service{}
	case KindRosters:
		return &Roster{}
	case KindPolicies:
		return &Policy{}
	case KindRoutes:
		return &Route{}
	case KindSilences:
		return &Silence{}
	case KindSources:
		return &Source{}
	case KindRunbooks:
		return &Runbook{}
	case KindConnectors:
		return &Connector{}
	case KindStatusPages:
		return &StatusPage{}
	}
	return nil
}

var nameShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// CheckName says what is wrong with the name of a document: lower-case letters, digits and inner hyphens, 1–63 characters.
func CheckName(name string) []FieldError {
	if nameShape.MatchString(name) {
		return nil
	}
	return []FieldError{{Path: "name", Message: fmt.Sprintf("%q cannot be a name: use lower-case letters, digits and hyphens inside, at most 63 characters", Clip(name, 70))}}
}

var zoneShape = regexp.MustCompile(`^[A-Za-z0-9+_-]{1,40}(/[A-Za-z0-9+_-]{1,40}){1,3}$`)

const zoneHint = "write the name of a place, such as Europe/Berlin or America/Los_Angeles, or UTC"

// CheckZone says what is wrong with the form of a time zone's name. It must be that of a name of the IANA database with a
// place in it, or UTC: "", "Local" and abbreviations such as "EST" are refused, because they mean something else on each
// machine or ignore summer time. Whether there is such a zone is for the zone data to say, which package rota has.
func CheckZone(path, zone string) []FieldError {
	switch {
	case zone == "":
		return []FieldError{{Path: path, Message: "a time zone is missing: " + zoneHint}}
	case zone == "UTC":
		return nil
	case !strings.Contains(zone, "/"):
		return []FieldError{{Path: path, Message: fmt.Sprintf("%q is not the time zone of a place: %s", Clip(zone, 40), zoneHint)}}
	case !zoneShape.MatchString(zone):
		return []FieldError{UnknownZone(path, zone)}
	}
	return nil
}

// UnknownZone says that there is no such zone.
func UnknownZone(path, zone string) FieldError {
	return FieldError{Path: path, Message: fmt.Sprintf("%q is not a known time zone: %s", Clip(zone, 40), zoneHint)}
}

func need(path, value, what string) []FieldError {
	if strings.TrimSpace(value) == "" {
		return []FieldError{{Path: path, Message: what}}
	}
	return nil
}

func tooLong(path, value string, limit int) []FieldError {
	if len(value) > limit {
		return []FieldError{{Path: path, Message: fmt.Sprintf("has %d bytes; at most %d are allowed", len(value), limit)}}
	}
	return nil
}

func oneOf[T ~string](path string, v T, allowed ...T) []FieldError {
	words := make([]string, 0, len(allowed))
	for _, a := range allowed {
		if v == a {
			return nil
		}
		words = append(words, string(a))
	}
	return []FieldError{{Path: path, Message: fmt.Sprintf("%q is not one of %s", Clip(string(v), 40), strings.Join(words, ", "))}}
}
