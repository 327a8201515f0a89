//go:build race

package sim

// watched says that the race detector is on: it costs a factor of ten or so, and the same goroutines run in every seed.
const watched = true
