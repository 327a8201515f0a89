package phone

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/muster-oncall/muster"
)

// Check says what is wrong with the address of a contact method that must be a phone number in international form (E.164).
func Check(address string) error {
	if !valid(address) {
		return fmt.Errorf("%q is not a phone number with its country: write it like +4915112345678", muster.Clip(address, 40))
	}
	return nil
}

// valid reports whether s is a number in the form of E.164: + and eight to fifteen digits, the first not 0.
func valid(s string) bool {
	rest, ok := strings.CutPrefix(s, "+")
	if !ok || len(rest) < 8 || len(rest) > 15 || rest[0] == '0' {
		return false
	}
	return digits(rest)
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// Tidy takes out of a number what people and carriers write into it: spaces, brackets and hyphens, the 0 in brackets, 00
// instead of +. It does not check; what is no number comes out as it may.
func Tidy(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "(0)", "")
	s = strings.Map(func(r rune) rune {
		if d, ok := digit(r); ok {
			return d
		}
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("-–./()‑", r) {
			return -1
		}
		return r
	}, s)
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	return s
}

// digit gives the ASCII digit of any script's decimal digit. Unicode keeps them in runs of ten.
func digit(r rune) (rune, bool) {
	if r >= '0' && r <= '9' {
		return r, true
	}
	if r < 0x80 {
		return 0, false
	}
	for _, t := range unicode.Nd.R16 {
		if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
			return '0' + (r-lo)%10, true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
			return '0' + (r-lo)%10, true
		}
	}
	return 0, false
}

// twoDigits are the country codes of two digits. 1 and 7 stand alone; all others have three.
var twoDigits = strings.Fields("20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98")

// Country is the country code of a number with its +, "" when it is no number.
func Country(number string) string {
	switch {
	case !valid(number):
		return ""
	case number[1] == '1' || number[1] == '7':
		return number[:2]
	case slices.Contains(twoDigits, number[1:3]):
		return number[:3]
	}
	return number[:4]
}

// Prefixes are the beginnings of numbers that may be called or texted.
type Prefixes []string

// ParsePrefixes reads a list with commas or spaces: "+49, +43". Empty, it is the country of the number from which we send;
// when that has none (a name, a short code, a pool of numbers), the list must be given.
func ParsePrefixes(list, from string) (Prefixes, error) {
	var out Prefixes
	for p := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) }) {
		rest, ok := strings.CutPrefix(p, "+")
		if !ok || len(rest) > 15 || !digits(rest) || rest[0] == '0' {
			return nil, fmt.Errorf("%q is not the beginning of a number: write it like +49", muster.Clip(p, 20))
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		if c := Country(from); c != "" {
			return Prefixes{c}, nil
		}
		return nil, fmt.Errorf("must say which numbers may be reached, such as +49, +43: the sender does not tell its country")
	}
	return out, nil
}

// Check says in a sentence why a number may not be reached, nil when it may.
func (p Prefixes) Check(number, connector string) error {
	if err := Check(number); err != nil {
		return err
	}
	if slices.ContainsFunc(p, func(prefix string) bool { return strings.HasPrefix(number, prefix) }) {
		return nil
	}
	return fmt.Errorf("numbers that begin with %s may not be reached: add it to the setting countries of the connector %q, which allows %s",
		Country(number), connector, strings.Join(p, ", "))
}
