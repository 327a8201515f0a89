package phone

import (
	"slices"
	"strings"
)

// VCard is a contact card (vCard 3.0) with the numbers from which Muster calls and texts. Who saves it can let this contact
// through while the phone is silent. What is no phone number is left out; without any number there is no card.
func VCard(name string, numbers []string) []byte {
	name = strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`).Replace(Plain(name, 60))
	var b strings.Builder
	b.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\nN:" + name + ";;;;\r\nFN:" + name + "\r\n")
	n := 0
	for _, number := range slices.Compact(slices.Sorted(slices.Values(numbers))) {
		if valid(number) {
			b.WriteString("TEL;TYPE=WORK,VOICE:" + number + "\r\n")
			n++
		}
	}
	if n == 0 {
		return nil
	}
	b.WriteString("NOTE:Calls and texts from Muster about alerts. Allow this contact to sound while the phone is silent.\r\nEND:VCARD\r\n")
	return []byte(b.String())
}
