package store

import (
	"encoding/json"

	"github.com/muster-oncall/muster"
)

// Who had the last turn of a policy's steps with turns is a single value of the installation, under this name and the
// policy's.
const turnsKey = "turns/"

// Turns reads who had the last turn of each step of a policy whose people take turns. What cannot be read counts as nobody:
// whoever begins, somebody is paged.
func Turns(r MetaReader, p muster.PolicyName) (map[int]muster.UserName, error) {
	text, err := r.Meta(turnsKey + string(p))
	if err != nil || text == "" {
		return nil, err
	}
	var out map[int]muster.UserName
	if json.Unmarshal([]byte(text), &out) != nil {
		out = nil
	}
	return out, nil
}

// KeepTurns writes it.
func KeepTurns(w MetaWriter, p muster.PolicyName, turns map[int]muster.UserName) error {
	b, err := json.Marshal(turns)
	if err != nil {
		return err
	}
	return w.SetMeta(turnsKey+string(p), string(b))
}
