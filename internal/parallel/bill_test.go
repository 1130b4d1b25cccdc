package parallel

import "testing"

// What is done out of order counts only once all before it is done.
func TestBillCountsInOrder(t *testing.T) {
	var b Bill
	b.Add(2, 100)
	b.Add(1, 5)
	if b.Exceeds(0) {
		t.Error("pieces count before the first is done")
	}
	b.Add(0, 1)
	if !b.Exceeds(105) || b.Exceeds(106) {
		t.Error("the total is not 106")
	}
}
