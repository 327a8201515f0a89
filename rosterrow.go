package muster

// RosterRow is one entity of an on-call table kept outside, as in Azure Table Storage. The plain form says who is on call
// now: Email and OnCall, with Name and Service where they are kept. The extended form adds which Roster and Role, and the
// shift From–Until; in the plain form these four are empty.
type RosterRow struct {
	PartitionKey, RowKey string // the entity's key: '1' and a number in the plain form
	Email                string
	OnCall               bool
	Name, Service        string
	Roster, Role         string
	From, Until          Instant
}
