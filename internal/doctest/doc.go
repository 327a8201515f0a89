// Package doctest runs the commands that README.md and docs tell people to run, so that they go on working.
//
// Every fenced block of language sh carries a mark, an HTML comment on the line before it:
//
//	<!-- run: demo -->         with a demo running; each value of its JSON line (url, admin_token, intake_key, …) is a variable
//	<!-- run: once -->         with nothing running
//	<!-- run: no REASON -->    not at all; the reason is for the next reader
//
// The blocks of one file that carry the same mark run in order in one bash, as they would for somebody who pastes them, in
// a folder that looks like a clone (writing new files at its top is fine), with muster in the PATH. A command that fails
// fails the test, and so does an HTTP answer of 400 or more to curl. What commands print is not compared.
//
// It has tests only, imports nothing of Muster, and nobody imports it.
package doctest
