package view

// iconPath is the drawing of an icon on a 16 px grid, stroke only. One set for the whole product; an unknown name is a dot.
func iconPath(name string) string {
	switch name {
	case "alert":
		return `<path d="M8 1.8a4.2 4.2 0 0 0-4.2 4.2c0 3.8-1.6 5-1.6 5h11.6s-1.6-1.2-1.6-5A4.2 4.2 0 0 0 8 1.8ZM6.6 13.6a1.6 1.6 0 0 0 2.8 0"/>`
	case "bell-off":
		return `<path d="M11.9 8.3c-.1-.7-.1-1.5-.1-2.3A4.2 4.2 0 0 0 6 2.3M4 5.2C4 9.6 2.2 11 2.2 11h8.6M6.6 13.6a1.6 1.6 0 0 0 2.8 0M2 2l12 12"/>`
	case "book":
		return `<path d="M8 3.6C6.4 2.5 4.3 2.2 1.8 2.4v10.4c2.5-.2 4.6.1 6.2 1.2 1.6-1.1 3.7-1.4 6.2-1.2V2.4C11.7 2.2 9.6 2.5 8 3.6Zm0 0V14"/>`
	case "check":
		return `<path d="m3 8.5 3.3 3.3L13 4.8"/>`
	case "chev":
		return `<path d="m4 6 4 4 4-4"/>`
	case "clock":
		return `<circle cx="8" cy="8" r="6.5"/><path d="M8 4.4V8l2.4 1.8"/>`
	case "copy":
		return `<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"/>`
	case "critical":
		return `<path d="M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3zM8 4.8v3.7M8 11.1h.01"/>`
	case "decided":
		return `<path d="M8 14.5v-13M8 2.8h4.6l1.7 1.8-1.7 1.8H8M8 7.8H3.4L1.7 9.6l1.7 1.8H8"/>`
	case "did":
		return `<path d="M9.2 5.1a3.2 3.2 0 0 1 4.1-3.1L11.2 4l.8 1 1 .8 2-2.1a3.2 3.2 0 0 1-4.2 4l-5.6 5.7a1.6 1.6 0 0 1-2.3-2.3l5.6-5.5a3 3 0 0 1 .7-.5Z"/>`
	case "dot":
		return `<circle cx="8" cy="8" r="1.8"/>`
	case "edit":
		return `<path d="M10.8 2.6 13.4 5.2 5.6 13H3v-2.6zM9 4.4 11.6 7"/>`
	case "felt":
		return `<path d="M8 13.6S1.8 10 1.8 5.9A3.2 3.2 0 0 1 8 4.7a3.2 3.2 0 0 1 6.2 1.2C14.2 10 8 13.6 8 13.6Z"/>`
	case "flask":
		return `<path d="M6.2 1.8h3.6M6.8 1.8v4.4L2.9 12.8a1 1 0 0 0 .9 1.5h8.4a1 1 0 0 0 .9-1.5L9.2 6.2V1.8M4.6 10h6.8"/>`
	case "incident":
		return `<path d="M3.5 14.5v-13M3.5 2.5h9l-2.2 3.2 2.2 3.3h-9"/>`
	case "info":
		return `<circle cx="8" cy="8" r="6.5"/><path d="M8 7.4v3.7M8 4.9h.01"/>`
	case "key":
		return `<circle cx="5" cy="11" r="2.8"/><path d="m7.1 8.9 6-6M10.6 5.4l2 2"/>`
	case "left":
		return `<path d="M13.5 8h-11M6.7 3.8 2.5 8l4.2 4.2"/>`
	case "link":
		return `<path d="M6.6 9.4a2.8 2.8 0 0 0 4 0l2.6-2.6a2.8 2.8 0 0 0-4-4L8 4M9.4 6.6a2.8 2.8 0 0 0-4 0L2.8 9.2a2.8 2.8 0 0 0 4 4L8 12"/>`
	case "mail":
		return `<path d="M1.8 3.2h12.4v9.6H1.8zM2 3.6l6 5 6-5"/>`
	case "major":
		return `<path d="M8 1.9 14.8 13.8H1.2zM8 6.2v3.3M8 11.8h.01"/>`
	case "mark":
		return `<path d="M2.8 3v10M6.2 3v10M9.8 3v10M13.2 3v10"/><path class="tly" d="M.8 11.8 15.2 4.2"/>`
	case "mega":
		return `<path d="M2 6.2v3.4h2.3L11 13V2.8L4.3 6.2zM13.2 6a3 3 0 0 1 0 3.8M5 9.8l1 4h1.8"/>`
	case "minor":
		return `<path d="M8 1.3 14.7 8 8 14.7 1.3 8zM8 5v3.4M8 10.8h.01"/>`
	case "more":
		return `<path d="M3 8h.01M8 8h.01M13 8h.01" stroke-width="2.4"/>`
	case "now":
		return `<circle cx="8" cy="8" r="2"/><path d="M4.5 11.5a5 5 0 0 1 0-7M11.5 4.5a5 5 0 0 1 0 7M2.3 13.7a8 8 0 0 1 0-11.4M13.7 2.3a8 8 0 0 1 0 11.4"/>`
	case "ok":
		return `<circle cx="8" cy="8" r="6.5"/><path d="m5.2 8.2 2 2 3.7-4.1"/>`
	case "oncall":
		return `<path d="M1.5 4h6M9.5 4h5M1.5 8h3M6.5 8h8M1.5 12h8M11.5 12h3"/>`
	case "out":
		return `<path d="M6.5 3h-4v10.5H13v-4M9.5 2.5h4v4M13.3 2.7 7.5 8.5"/>`
	case "phone":
		return `<path d="M5.2 1.8 6.6 5 4.9 6.4a9 9 0 0 0 4.7 4.7l1.4-1.7 3.2 1.4v2.4a1.2 1.2 0 0 1-1.3 1.2A11.5 11.5 0 0 1 1.6 3.1 1.2 1.2 0 0 1 2.8 1.8z"/>`
	case "pin":
		return `<path d="M5.5 1.8h5l-.6 4.7 2.3 2.5H3.8l2.3-2.5zM8 9v5.2"/>`
	case "plug":
		return `<path d="M5.5 1.8v3.4M10.5 1.8v3.4M3.5 5.2h9v2.3a4.5 4.5 0 0 1-9 0zM8 12v2.5"/>`
	case "plus":
		return `<path d="M8 2.8v10.4M2.8 8h10.4"/>`
	case "print":
		return `<path d="M4.2 5.5V1.8h7.6v3.7M4.2 11.5H2v-6h12v6h-2.2M4.2 9.2h7.6v5H4.2z"/>`
	case "ready":
		return `<path d="M8 1.6 2.8 3.6v4c0 3.2 2.2 5.6 5.2 6.8 3-1.2 5.2-3.6 5.2-6.8v-4zM5.8 7.9l1.6 1.7 2.9-3.2"/>`
	case "review":
		return `<path d="M3.5 1.8h6l3 3v9.4h-9zM9.5 1.8v3h3M5.8 8h4.4M5.8 11h4.4"/>`
	case "said":
		return `<path d="M2 2.8h12v8.4H7.2L4 14v-2.8H2z"/>`
	case "saw":
		return `<path d="M1.3 8S3.8 3.5 8 3.5 14.7 8 14.7 8 12.2 12.5 8 12.5 1.3 8 1.3 8Z"/><circle cx="8" cy="8" r="2"/>`
	case "search":
		return `<circle cx="7" cy="7" r="4.7"/><path d="m10.5 10.5 3.7 3.7"/>`
	case "service":
		return `<path d="m8 1.8 6 3.1-6 3.1-6-3.1zM2 8.1l6 3.1 6-3.1M2 11.2l6 3.1 6-3.1"/>`
	case "settings":
		return `<path d="M1.8 4.5h6.7M12 4.5h2.2M1.8 11.5H4M7.5 11.5h6.7"/><circle cx="10.2" cy="4.5" r="1.8"/><circle cx="5.8" cy="11.5" r="1.8"/>`
	case "status":
		return `<path d="M2.5 13.5v-3M6.2 13.5v-6M9.8 13.5v-9M13.5 13.5v-11"/>`
	case "swap":
		return `<path d="M2 5.2h11M10.2 2.4 13 5.2l-2.8 2.8M14 10.8H3M5.8 8 3 10.8l2.8 2.8"/>`
	case "up":
		return `<path d="M8 13.5v-11M3.8 6.5 8 2.3l4.2 4.2"/>`
	case "user":
		return `<circle cx="8" cy="5.2" r="2.9"/><path d="M2.6 14a5.5 5.5 0 0 1 10.8 0"/>`
	case "x":
		return `<path d="m4 4 8 8M12 4l-8 8"/>`
	}
	return `<circle cx="8" cy="8" r="1.8"/>`
}

// toneIcon is the icon that a tone always bears.
func toneIcon(t Tone) string {
	switch t {
	case ToneCritical, ToneMajor, ToneMinor, ToneInfo, ToneOK:
		return string(t)
	case ToneNone:
		return ""
	}
	return ""
}

// kindIcon is the icon of a kind of timeline entry.
func kindIcon(kind string) string {
	switch kind {
	case "said", "saw", "did", "decided", "felt":
		return kind
	case "signal", "alert":
		return "alert"
	case "page":
		return "phone"
	case "escalate":
		return "up"
	case "ack":
		return "check"
	case "incident":
		return "incident"
	case "role":
		return "user"
	case "answer":
		return "info"
	case "action":
		return "did"
	case "theory":
		return "flask"
	case "update":
		return "mega"
	case "promise":
		return "clock"
	case "review":
		return "review"
	case "seen":
		return "saw"
	case "published":
		return "status"
	case "link":
		return "link"
	}
	return "dot"
}
