package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// The heap grows to what lives and 8 MB, or by three quarters.
func TestGrowth(t *testing.T) {
	for _, live := range []int{0, 1 << 20, 4 << 20, 10 << 20, 11 << 20, 100 << 20} {
		percent := growth(live)
		goal := max(4<<20*percent/100, live+live*percent/100) // as the runtime has it
		want := max(live+8<<20, live+live*3/4)
		if goal < want-want/50 || goal > want {
			t.Errorf("%d bytes live: the heap may grow to %d, want %d", live, goal, want)
		}
	}
}

// The pace follows what lives, up and down.
func TestCollectionIsPaced(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	paceCollection()
	paced := func(want func(percent uint64) bool) bool {
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			runtime.GC()
			percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
			if metrics.Read(percent); want(percent[0].Value.Uint64()) {
				return true
			}
		}
		return false
	}
	held := make([]byte, 64<<20)
	if !paced(func(percent uint64) bool { return percent == growthPercent }) {
		t.Errorf("the heap may not grow by %d percent while much lives", growthPercent)
	}
	runtime.KeepAlive(held)
	held = nil
	if !paced(func(percent uint64) bool { return percent > growthPercent }) {
		t.Errorf("the heap may grow by %d percent only while little lives", growthPercent)
	}
}
