package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// gcPercent lets the heap grow to four times of what is used, as long as that is little: a storm of signals spends a third
	// as much on collecting garbage as with Go's 100. GOGC in the environment wins.
	gcPercent = 300
	// memoryGoal is where the heap stops growing so freely: garbage is collected more often instead, and what is free is given
	// back. The program's own pages (some 40 MB) and what SQLite keeps (as much) come on top. GOMEMLIMIT in the environment
	// wins.
	memoryGoal = 96 << 20
)

// boundMemory sets how much memory garbage may take. What is in use is never limited: the goal moves up with it, so that
// a large installation does not spend its time on collecting garbage.
func boundMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(memoryGoal)
	afterEachGC(&goal{limit: memoryGoal, live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}})
}

type goal struct {
	limit int64
	live  []metrics.Sample
}

// move sets the goal to twice of what was found in use, with room for stacks, at least memoryGoal.
func (g *goal) move() {
	metrics.Read(g.live)
	if g.live[0].Value.Kind() != metrics.KindUint64 {
		return
	}
	limit := max(memoryGoal, int64(min(g.live[0].Value.Uint64(), math.MaxInt64/4))*2+memoryGoal/4)
	if moved := limit - g.limit; moved > g.limit/16 || -moved > g.limit/16 {
		g.limit = limit
		debug.SetMemoryLimit(limit)
	}
}

// afterEachGC moves the goal whenever garbage was collected.
func afterEachGC(g *goal) {
	runtime.SetFinalizer(&struct{ g *goal }{g}, func(s *struct{ g *goal }) {
		s.g.move()
		afterEachGC(s.g)
	})
}
