// Package statuspage renders a status page to a tree of files: a page that a browser shows without script, the same as
// JSON, and feeds. Publishers push the tree out; this package decides what stands on it.
//
// It is pure: it imports the root package and the standard library, reads no clock, and gives the same bytes for the same
// [Page]. All text from people is escaped, and characters that change the direction of text or cannot be seen are removed.
//
// The tree, by fixed names:
//
//	index.html, style.css, icon.svg    the page; it loads nothing from elsewhere
//	status.json                        the page's content in Muster's words
//	api/v2/summary.json, status.json, components.json, incidents.json
//	                                   the shape that readers of Atlassian Statuspage's public API understand
//	history.atom, feed.json            one entry for each update
//
// A static page does not get older by itself: it tells times, never "two minutes ago". Whoever renders it does so again
// when something changes and when a promised update becomes overdue, because then the page has to say so. Limits: planned
// maintenance and subscriptions other than feeds are not on it yet, and there is no figure for availability, because
// incidents are no measurement.
package statuspage
