// Package api is Muster's door for programs: REST v1 under /api/v1 with its description at /api/openapi.json and a page to
// read at /api/docs, the intake door under /in/, the chat door under /chat/, and what an operator's tools ask: /livez,
// /readyz and /metrics.
//
// It translates and decides nothing: REST is made of the Op tables of command and query, intake calls a parser and then
// ReceiveSignals, chat hands text to chatop. It may import command, query, intake, chatop, connector and httpx; what it
// needs of the catalog or of the store is handed in.
package api
