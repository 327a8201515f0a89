// Package view is the visible half of the web surface: plain structs that say what a screen shows, and the templ
// components that draw them.
//
// The structs are the contract between handlers and templates. They hold strings, numbers, instants and ready-made URLs;
// nothing of the domain, so that a template cannot decide anything. A handler fills a struct and calls the component of
// the same noun: view.NowPage(view.Now{…}).Render(ctx, w).
//
// Conventions that hold in every struct:
//
//   - A zero time.Time means "not known" or "has not happened". Instants may be in any zone; they are shown in Shell.Zone.
//   - An empty URL means "you may not" or "does not apply here": the link or button is not drawn.
//   - Texts from outside are plain text. templ escapes them; nothing here is ever treated as HTML.
//   - Lists are already filtered and sorted; the view adds day separators, silences, and geometry of charts.
//   - A form posts application/x-www-form-urlencoded to the URL given; its field names stand in the struct's comment.
//     A handler answers 303 to the page that shows the result, or 422 with the same page and the problems filled in.
//   - An element with data-part="x" can be refreshed by itself: the script fetches the page again with the header
//     HX-Request: true after the live event names part x. Part names stand in each page struct's comment.
//
// Allowed imports: the standard library and templ's runtime. The package does no I/O and reads no clock: the present
// comes in as Shell.Now.
package view

//go:generate go tool templ generate -path .
