package route

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-oncall/muster"
)

// Fingerprint is the identity of the condition that a signal tells of, without a word about how it was found: a repetition
// needs none.
func Fingerprint(s *muster.Signal, src *muster.Source) muster.Fingerprint {
	fp, _ := identify(s, src, false)
	return fp
}

// FingerprintOf returns the identity of the condition that a signal tells of, and how it was found. In this order: the
// labels that the source document names; what the format says is the identity; the sender's own key; all labels and
// the title. The summary never takes part: it holds numbers that change. The source may be nil.
//
// An entry of Signal.Identity that is the name of one of its labels stands for that label's value; any other entry is
// a value itself.
func FingerprintOf(s *muster.Signal, src *muster.Source) (muster.Fingerprint, []muster.Reason) {
	return identify(s, src, true)
}

// identify gives no reasons when why is false.
func identify(s *muster.Signal, src *muster.Source, why bool) (muster.Fingerprint, []muster.Reason) {
	if src != nil && len(src.Fingerprint) > 0 {
		if fp, reason, ok := bySourceLabels(s, src); ok {
			return fp, []muster.Reason{reason}
		}
	}
	switch {
	case len(s.Identity) > 0:
		parts := make([]string, 0, 3*len(s.Identity))
		named := make([]string, 0, len(s.Identity))
		for _, id := range s.Identity {
			if v, ok := s.Labels[id]; ok {
				parts = append(parts, "label", id, v)
				named = append(named, id)
			} else {
				parts = append(parts, "value", id)
			}
		}
		if !why {
			return digest("identity", parts...), nil
		}
		text := "The format names what identifies the condition."
		if len(named) == len(s.Identity) {
			text = fmt.Sprintf("The format identifies the condition by %s.", list(named))
		}
		return digest("identity", parts...), fingerprintReason(text, "format")
	case s.Key != "":
		if !why {
			return digest("key", s.Key), nil
		}
		text := fmt.Sprintf("The sender calls the condition %q.", muster.Clip(s.Key, 80))
		return digest("key", s.Key), fingerprintReason(text, "key")
	}
	parts := []string{s.Title}
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		parts = append(parts, name, s.Labels[name])
	}
	if !why {
		return digest("all", parts...), nil
	}
	text := "The sender gave no key, so the title and all labels identify the condition."
	if len(s.Labels) == 0 {
		text = "The sender gave neither key nor labels, so the title identifies the condition."
	}
	return digest("all", parts...), fingerprintReason(text, "labels")
}

// bySourceLabels uses the labels that the source document names. A signal that has none of them is not identified by
// them: all such signals would be one alert.
func bySourceLabels(s *muster.Signal, src *muster.Source) (muster.Fingerprint, muster.Reason, bool) {
	names := slices.Sorted(slices.Values(src.Fingerprint))
	names = slices.Compact(names)
	var parts, missing []string
	for _, name := range names {
		v, ok := s.Labels[name]
		if !ok {
			missing = append(missing, name)
			parts = append(parts, "absent", name)
			continue
		}
		parts = append(parts, "label", name, v)
	}
	if len(missing) == len(names) {
		return "", muster.Reason{}, false
	}
	text := fmt.Sprintf("Source %s identifies a condition by %s.", src.Name, list(names))
	if len(missing) > 0 {
		text += fmt.Sprintf(" The signal has no %s.", list(missing))
	}
	r := muster.Reason{
		Kind: muster.ReasonFingerprint, Ref: muster.DocRef(muster.KindSources, src.Name), Text: text,
		Facts: map[string]string{"by": "source"},
	}
	return digest("source", parts...), r, true
}

func fingerprintReason(text, by string) []muster.Reason {
	return []muster.Reason{{Kind: muster.ReasonFingerprint, Text: text, Facts: map[string]string{"by": by}}}
}

func list(names []string) string {
	if len(names) > 6 {
		return strings.Join(names[:6], ", ") + fmt.Sprintf(" and %d more", len(names)-6)
	}
	return strings.Join(names, ", ")
}

// digest hashes the parts, each behind its length and all behind their number, so that no two lists of parts are the
// same bytes.
func digest(how string, parts ...string) muster.Fingerprint {
	size := 8 + 8 + len(how)
	for _, p := range parts {
		size += 8 + len(p)
	}
	buf := make([]byte, 0, size)
	buf = binary.BigEndian.AppendUint64(buf, uint64(len(parts)))
	buf = binary.BigEndian.AppendUint64(buf, uint64(len(how)))
	buf = append(buf, how...)
	for _, p := range parts {
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(p)))
		buf = append(buf, p...)
	}
	sum := sha256.Sum256(buf)
	return muster.Fingerprint(hex.EncodeToString(sum[:16]))
}
