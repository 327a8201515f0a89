//go:build !race

package sim

const watched = false
