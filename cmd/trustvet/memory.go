package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Garbage is collected when the heap has grown by so many percent, and by so many bytes. A scan keeps most of what it allocates
// long, so that a collection frees little: with Go's usual 100 percent, memory is twice what lives. Go's usual 4 MB make it
// collect again and again while little lives, which takes a third of the time for a thousand files.
const growthPercent, growthBytes = 75, 8 << 20

// paceCollection has garbage collected as said above.
func paceCollection() {
	percent := growth(0)
	debug.SetGCPercent(percent)
	type collected struct{ _ *byte }
	var next func(*collected) // runs after each collection
	next = func(c *collected) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if p := growth(int(live[0].Value.Uint64())); p != percent {
			percent = p
			debug.SetGCPercent(p)
		}
		runtime.SetFinalizer(c, next)
	}
	runtime.SetFinalizer(&collected{}, next)
}

// growth returns by how many percent the heap may grow when so many bytes live. The runtime lets it grow to that part of 4 MB
// in any case: https://go.dev/doc/gc-guide#GOGC.
func growth(live int) int {
	percent := (live + growthBytes) * 100 / (4 << 20)
	if live > 0 {
		percent = min(percent, growthBytes*100/live)
	}
	return max(growthPercent, percent)
}
