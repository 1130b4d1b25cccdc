package rules

import (
	"regexp"
	"strings"
	"sync"
)

// lazily returns the regular expression when it is first asked for: to compile all of them takes longer than a scan of one
// file.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// spellOut returns pattern with star in place of each * and one in place of each ?.
func spellOut(pattern, star, one string) string {
	return strings.ReplaceAll(strings.ReplaceAll(pattern, "*", star), "?", one)
}

// squeezed returns name in lower case without what separates its words.
func squeezed(name string) string { return separators.Replace(strings.ToLower(name)) }

var separators = strings.NewReplacer("-", "", "_", "", " ", "")
