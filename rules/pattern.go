package rules

import (
	"regexp"
	"sync"
)

// lazily returns the regular expression when it is first asked for: to compile all of them takes longer than a scan of one
// file.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
