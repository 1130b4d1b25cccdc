// Package parallel spreads work over the processors. What it runs must come to the same result in any order.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Each calls f for each i below n, on as many goroutines as there are processors, and returns when all calls have.
func Each(n int, f func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var wg sync.WaitGroup
	var next atomic.Int64
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		}()
	}
	wg.Wait()
}
