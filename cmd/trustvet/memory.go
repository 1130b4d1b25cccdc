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
	percent := growthBytes * 100 / (4 << 20) // of the 4 MB that the runtime takes the heap to be before the first collection
	debug.SetGCPercent(percent)
	type collected struct{ _ *byte }
	var next func(*collected) // runs after each collection
	next = func(c *collected) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		live := max(1<<16, int(sample[0].Value.Uint64()))
		if p := max(growthPercent, growthBytes*100/live); p != percent {
			percent = p
			debug.SetGCPercent(p)
		}
		runtime.SetFinalizer(c, next)
	}
	runtime.SetFinalizer(&collected{}, next)
}
