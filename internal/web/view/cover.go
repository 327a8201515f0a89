package view

import "time"

// CoverPage asks for cover of a shift, or, for owners of a team, gives it to somebody else at once.
//
// Form fields (POST): role, rotation, at, person (whose shift it is, when arranging), from, until (in the viewer's zone), to,
// back (a shift in exchange), why. The same fields by GET look again who could take that part.
//
// Parts: none; the page stands still.
type CoverPage struct {
	Shell    Shell
	Title    string // "Ask for cover", "Arrange a swap"
	Back     Link   // the roster
	Arrange  bool
	URL      string        // POST, and GET to look again
	Choose   []OptionGroup // shifts to choose from when arranging, by person
	Shift    string        // "Your shift as primary of Storefront"; "" until one is chosen
	From, To time.Time     // of the whole shift
	Length   string
	Fields   []Field // that name the shift
	Part     CoverPart
	Whom     []CoverWhom // could take it, least loaded first
	Others   []CoverWhom // cannot, with the reason
	Anybody  bool        // everybody on the roster is asked
	Returns  []OptionGroup
	Why      string
	Problems []Problem
	Nothing  string // why there is nothing to ask for
}

// CoverPart is the part of a shift, as the fields of the form have it.
type CoverPart struct{ From, To, Min, Max string }

// CoverWhom is somebody who could take a shift, with the reason for the place in the list.
type CoverWhom struct {
	Name, Value string
	Why         string
	Chosen      bool
}

func chosenIn(list []CoverWhom) bool {
	for _, w := range list {
		if w.Chosen {
			return true
		}
	}
	return false
}

// OptionGroup is options under a head.
type OptionGroup struct {
	Title   string
	Options []Option
}
