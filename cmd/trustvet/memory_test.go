package main

import "testing"

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
