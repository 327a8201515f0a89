// Package callsheet makes the sheet of paper for the drawer: who is on call in the next days, and how to reach them when
// Muster itself cannot be asked. It is built from values, and written as text and as one HTML file that needs nothing else.
//
// It imports plan, rota, the standard library and the root package. It is pure. A sheet is as old as its date says: whoever
// prints it prints it anew after changes.
package callsheet
