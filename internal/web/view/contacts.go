package view

// PushOffer is “Add this browser”: a form whose address the script fills in.
type PushOffer struct {
	Key       string // with which the browser subscribes
	Connector string // of the kind webpush; "" when there is none: then Missing says what to do
	Missing   string
	SetUp     Link // for an admin
}

// RuleRow is one line of a person's rules: which method, for what, when.
type RuleRow struct {
	Methods []Option
	Urgency []Option
	After   string // minutes
	Hours   OwnHours
}

// OwnHours asks for a stretch of the day on some days. From and To do not matter where the chosen days say so.
type OwnHours struct {
	Days     []Option
	From, To string // "22:00"
}

// Insist asks whether something dangerous is meant. Form: POST Word as accept.
type Insist struct {
	Text, URL, Word, Label string
}
