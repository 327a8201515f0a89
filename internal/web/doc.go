// Package web is the surface that people see: handlers that decode a request, ask a query or run a command, fill a view
// struct and render it. One file per page. It decides nothing: rights are the commands' affair, sentences and times the
// queries', looks the views'.
//
// Rules that hold for every handler:
//
//   - GET changes nothing, whoever asks and however often. What acts is a form POST that answers 303 back to the page that
//     shows the result, with a toast in a short-lived cookie; or 422 with the same page and what is wrong beside the field.
//   - Everything works without script. The script fetches pages again with HX-Request: true and merges their parts.
//   - Only signed-in people see anything but /p, /phones/{token}, /report, /s, /signin, /setup and /static.
//   - Text from outside goes through templ, which escapes it. Markdown is rendered without raw HTML and then cleaned.
//
// It may import command, query, event, statuspage, chatop, httpx and view.
package web
