package parallel

import "sync"

// A Bill adds up what pieces of work cost that are done at the same time. The first pieces in order count, however many are
// done at once, so that work which is given up for its cost is the same on every machine. The zero Bill is one of nothing.
type Bill struct {
	mu    sync.Mutex
	costs map[int]int // of the pieces after the first that is not done
	done  int         // pieces from the first on
	total int         // their cost
}

// Add records that piece i, from 0, is done, and what it cost.
func (b *Bill) Add(i, cost int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.costs == nil {
		b.costs = map[int]int{}
	}
	b.costs[i] = cost
	for {
		cost, ok := b.costs[b.done]
		if !ok {
			return
		}
		delete(b.costs, b.done)
		b.done++
		b.total += cost
	}
}

// Exceeds reports whether the first pieces, all those before one that is not done, cost more than most.
func (b *Bill) Exceeds(most int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total > most
}
