package view

// Experts is the directory of subject matter experts.
type Experts struct {
	Shell  Shell
	Topics []ExpertTopic
	Empty  Empty
}

// ExpertTopic is a topic with its experts, and who would be asked now.
type ExpertTopic struct {
	Name     string
	Title    string
	Roster   Link
	Asked    string // "Chen"; "" when nobody can be asked
	Note     State  // how it comes that it is them: "Fallback", "Woken"; empty word: the first expert
	People   []ExpertRow
	Fallback string // "primary responder of Storefront"; "" when there is none
	Why      []WhyStep
}

// ExpertRow is one expert.
type ExpertRow struct {
	Person Person
	Local  string // "Berlin, 03:14"
	Quiet  string // "22:00 to 08:00"; "" when there are no quiet hours
	State  State  // Can be asked, Quiet hours, Away
	Words  string // why they are passed over
}

// AskExpert is the form that pages an expert.
type AskExpert struct {
	URL    string   // POST topic, text; "" draws no form
	Topics []Option // Hint says who would be paged
	AllURL string
}
