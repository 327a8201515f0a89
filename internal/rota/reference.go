package rota

import (
	"archive/zip"
	_ "embed"
	"maps"
)

// reference is made by scripts/zoneinfo.sh: the zones of the public vectors as they were when these were verified.
//
//go:embed zoneinfo/reference.zip
var reference []byte

// ReferenceZones are the zones with which cases are answered: for those that the public vectors name, the rules of the
// release that the vectors were verified with, else those that Muster carries. So a file of cases has the same answers in
// every installation, whatever zone data it runs with; what is true today may have changed since (Cuba did in 2026).
func ReferenceZones() *Zones {
	then, err := openZones(reference)
	now := BuiltInZones()
	if err != nil {
		return NewZonesFrom(now)
	}
	zones := make(map[string]*zip.File, len(now.zones))
	maps.Copy(zones, now.zones)
	maps.Copy(zones, then.zones)
	return NewZonesFrom(&ZoneData{version: then.version, released: then.released, source: "reference", zones: zones})
}
