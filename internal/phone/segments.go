package phone

import "strings"

// MaxSegments is how many parts a message has at most: more cost more, and arrive out of order on some networks.
const MaxSegments = 3

// gsmBasic are the characters that take one place in GSM 03.38, gsmExtended those that take two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// Segments counts the parts that a text takes, and reports whether it can be written in the alphabet of GSM. One
// character outside of that alphabet makes the whole text UCS-2, of which a part holds 70 places instead of 160. A
// character of two places never lies in two parts.
func Segments(s string) (n int, gsm bool) {
	gsm = true
	for _, r := range s {
		if gsmWidth(r) == 0 {
			gsm = false
			break
		}
	}
	width, alone, part := gsmWidth, 160, 153
	if !gsm {
		width, alone, part = ucsWidth, 70, 67
	}
	total, used := 0, 0
	n = 1
	for _, r := range s {
		w := width(r)
		total += w
		if used+w > part {
			n, used = n+1, 0
		}
		used += w
	}
	if total <= alone {
		return 1, gsm
	}
	return n, gsm
}

func gsmWidth(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

func ucsWidth(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}
