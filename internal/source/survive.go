package source

import "fmt"

// Survive calls f and returns nil or, should f panic, an error that says so. Whoever reads what strangers wrote goes on with
// the next file or role then: the readers of HCL and YAML have panicked on hostile input before, and nobody may hide one role
// behind another.
func Survive(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	f()
	return nil
}
