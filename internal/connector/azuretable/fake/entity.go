package fake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Azure's limits.
const (
	maxKeyBytes    = 1 << 10
	maxText        = 64 << 10 // of UTF-16
	maxEntity      = 1 << 20
	maxProperties  = 252
	maxNameLetters = 255
)

// value is a typed property.
type value struct {
	edm string // Edm.String, Edm.Boolean, Edm.Int32, Edm.Int64, Edm.Double, Edm.DateTime, Edm.Guid, Edm.Binary
	any any    // string, bool, int64, float64 or time.Time
}

// row is a stored entity.
type row struct {
	partition, key string
	props          map[string]value
	at             time.Time
	etag           string
}

func rowID(partition, key string) string { return partition + "\x00" + key }

var (
	propName = regexp.MustCompile(`^[\p{L}_][\p{L}\p{Nd}_]*$`)
	guid     = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// entity is what a request's body says.
type entity struct {
	partition, key       string
	hasPartition, hasKey bool
	props                map[string]value
}

// parseEntity reads the JSON form of an entity as strictly as Azure does.
func parseEntity(body []byte) (*entity, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil || raw == nil {
		return nil, bad("InvalidInput", "The entity is not a JSON object.")
	}
	e := &entity{props: map[string]value{}}
	size := 0
	for name, v := range raw {
		if strings.HasPrefix(name, "odata.") || strings.HasSuffix(name, "@odata.type") || name == "Timestamp" || v == nil {
			continue
		}
		edm, _ := raw[name+"@odata.type"].(string)
		val, err := parseValue(edm, v)
		if err != nil {
			return nil, err
		}
		size += 2*len(name) + len(fmt.Sprint(val.any))
		switch name {
		case "PartitionKey", "RowKey":
			s, ok := val.any.(string)
			if !ok || val.edm != "Edm.String" {
				return nil, bad("InvalidValueType", name+" must be a string.")
			}
			if err := checkKey(s); err != nil {
				return nil, err
			}
			if name == "RowKey" {
				e.key, e.hasKey = s, true
			} else {
				e.partition, e.hasPartition = s, true
			}
			continue
		}
		if len([]rune(name)) > maxNameLetters {
			return nil, bad("PropertyNameTooLong", "The property name exceeds the maximum allowed length.")
		}
		if !propName.MatchString(name) {
			return nil, bad("PropertyNameInvalid", "The property name is invalid.")
		}
		e.props[name] = val
	}
	if len(e.props) > maxProperties {
		return nil, bad("TooManyProperties", "The entity contains more properties than allowed.")
	}
	if size > maxEntity {
		return nil, bad("EntityTooLarge", "The entity is larger than the maximum allowed size (1MB).")
	}
	return e, nil
}

func checkKey(s string) error {
	if len(utf16.Encode([]rune(s)))*2 > maxKeyBytes {
		return bad("KeyValueTooLarge", "The key is larger than 1 KiB.")
	}
	for _, c := range s {
		if strings.ContainsRune(`/\#?`, c) || c < ' ' || c >= 0x7f && c < 0xa0 {
			return bad("OutOfRangeInput", "One of the request inputs is out of range.")
		}
	}
	return nil
}

func parseValue(edm string, v any) (value, error) {
	wrong := bad("InvalidInput", "An error occurred while processing this request: a value is not of its type.")
	switch x := v.(type) {
	case bool:
		if edm != "" && edm != "Edm.Boolean" {
			return value{}, wrong
		}
		return value{"Edm.Boolean", x}, nil
	case json.Number:
		return parseNumber(edm, x, wrong)
	case string:
		return parseText(edm, x, wrong)
	}
	return value{}, bad("InvalidInput", "Properties are simple values: no lists, no objects.")
}

func parseNumber(edm string, x json.Number, wrong error) (value, error) {
	n, err := strconv.ParseInt(string(x), 10, 32)
	if err == nil && (edm == "" || edm == "Edm.Int32") {
		return value{"Edm.Int32", n}, nil
	}
	d, derr := x.Float64()
	if derr != nil || edm != "" && edm != "Edm.Double" || edm == "" && !strings.ContainsAny(string(x), ".eE") {
		return value{}, wrong // a whole number that does not fit must be sent as text with the type Edm.Int64
	}
	return value{"Edm.Double", d}, nil
}

func parseText(edm, x string, wrong error) (value, error) {
	if len(utf16.Encode([]rune(x)))*2 > maxText {
		return value{}, bad("PropertyValueTooLarge", "The property value exceeds the maximum allowed size (64KB).")
	}
	switch edm {
	case "", "Edm.String":
		return value{"Edm.String", x}, nil
	case "Edm.DateTime":
		t, err := time.Parse(time.RFC3339Nano, x)
		if err != nil {
			return value{}, wrong
		}
		if t.UTC().Year() < 1601 {
			return value{}, bad("OutOfRangeInput", "One of the request inputs is out of range.")
		}
		return value{edm, t.UTC().Truncate(100 * time.Nanosecond)}, nil
	case "Edm.Int64":
		n, err := strconv.ParseInt(x, 10, 64)
		if err != nil {
			return value{}, wrong
		}
		return value{edm, n}, nil
	case "Edm.Guid":
		if !guid.MatchString(x) {
			return value{}, wrong
		}
		return value{edm, strings.ToLower(x)}, nil
	case "Edm.Binary":
		if _, err := base64.StdEncoding.DecodeString(x); err != nil {
			return value{}, wrong
		}
		return value{edm, x}, nil
	}
	return value{}, bad("InvalidInput", "The type "+edm+" is not one of the table service's.")
}

// store writes a whole entity.
func (s *Service) store(t *table, e *entity) *row {
	s.clock++
	now := time.Now().UTC()
	r := &row{partition: e.partition, key: e.key, props: e.props, at: now}
	r.etag = `W/"datetime'` + url.QueryEscape(now.Format("2006-01-02T15:04:05.0000000Z")) + fmt.Sprintf(`-%d'"`, s.clock)
	t.rows[rowID(e.partition, e.key)] = r
	return r
}

// plain is the entity as JSON with types where JSON does not say them.
func (r *row) plain() map[string]any {
	out := map[string]any{"PartitionKey": r.partition, "RowKey": r.key}
	for name, v := range r.props {
		put(out, name, v)
	}
	return out
}

func put(out map[string]any, name string, v value) {
	switch x := v.any.(type) {
	case time.Time:
		out[name], out[name+"@odata.type"] = x.Format("2006-01-02T15:04:05.9999999Z"), v.edm
	case int64:
		out[name] = x
		if v.edm == "Edm.Int64" {
			out[name], out[name+"@odata.type"] = strconv.FormatInt(x, 10), v.edm
		}
	default:
		out[name] = x
		if v.edm == "Edm.Guid" || v.edm == "Edm.Binary" {
			out[name+"@odata.type"] = v.edm
		}
	}
}

// shown is the entity as an answer has it, with metadata and only the properties that were selected.
func (r *row) shown(columns []string) map[string]any {
	all := r.plain()
	all["Timestamp"] = r.at.Format("2006-01-02T15:04:05.9999999Z")
	out := map[string]any{"odata.etag": r.etag}
	if len(columns) == 0 {
		maps.Copy(out, all)
		out["Timestamp@odata.type"] = "Edm.DateTime"
		return out
	}
	for _, name := range columns {
		out[name] = all[name] // null when the entity does not have it
		if edm, ok := all[name+"@odata.type"]; ok {
			out[name+"@odata.type"] = edm
		}
	}
	return out
}
