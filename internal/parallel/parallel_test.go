package parallel

import (
	"runtime"
	"sync/atomic"
	"testing"
)

func TestEachCallsOncePerIndex(t *testing.T) {
	for _, processors := range []int{1, 2, 16} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		for _, n := range []int{0, 1, 2, 100} {
			calls := make([]atomic.Int32, n)
			Each(n, func(i int) { calls[i].Add(1) })
			for i := range calls {
				if got := calls[i].Load(); got != 1 {
					t.Errorf("%d processors, %d items: %d calls for item %d", processors, n, got, i)
				}
			}
		}
	}
}
