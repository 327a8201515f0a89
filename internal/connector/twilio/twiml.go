package twilio

import (
	"encoding/xml"
	"fmt"
	"net/http"
)

// response is a document in Twilio's markup. All text goes through the encoder of encoding/xml.
type response struct {
	XMLName xml.Name `xml:"Response"`
	Verbs   []any
}

type say struct {
	XMLName xml.Name `xml:"Say"`
	Loop    int      `xml:"loop,attr,omitempty"`
	Text    string   `xml:",chardata"`
}

type gather struct {
	XMLName   xml.Name `xml:"Gather"`
	Input     string   `xml:"input,attr"`
	NumDigits int      `xml:"numDigits,attr"`
	Timeout   int      `xml:"timeout,attr"`
	Action    string   `xml:"action,attr,omitempty"` // empty: where this document came from
	Method    string   `xml:"method,attr"`
	Say       say
}

type message struct {
	XMLName xml.Name `xml:"Message"`
	Text    string   `xml:",chardata"`
}

type hangup struct {
	XMLName xml.Name `xml:"Hangup"`
}

func (d response) text() (string, error) {
	b, err := xml.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("twilio: the document for the call: %w", err)
	}
	return xml.Header + string(b), nil
}

func (d response) write(w http.ResponseWriter) error {
	text, err := d.text()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, err = w.Write([]byte(text))
	return err
}
