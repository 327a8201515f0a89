// Package contracts holds what vendors publish about their own interfaces: API descriptions and example payloads,
// trimmed to the operations that Muster speaks. README.md here names the origin of each file.
//
// Fakes and tests check requests and answers against these files, so that a connector is measured by the vendor's
// description and not by our memory of it. It is imported by fakes, connectortest and tests only, imports nothing of
// Muster, and is data: a description that the vendor keeps wrong stays wrong here.
package contracts

import "embed"

// FS holds the files under the names that README.md lists, for example "slack-web.json" and
// "azure-monitor/metric-fired.json".
//
//go:embed *.json *.yaml azure-monitor/*.json azuredevops-examples/*.json
var FS embed.FS
