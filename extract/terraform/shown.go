package terraform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// maxShown bounds the bytes of the expression that people see for what is not known.
const maxShown = 80

// shown returns how people see the expression of hole h, which is written at span and came, whole, through via. With all variables
// resolved an expression may be longer than a policy; what is written in the code, local.account, then says more. Holes of
// one role that differ are shown differently.
func (e *evaluator) shown(h *policy.Hole, span source.Span, via []source.Span) string {
	if h.Kind != policy.Unknown {
		return h.Expr
	}
	if s, ok := e.shownAs[h.Expr]; ok {
		return s
	}
	if e.shownAs == nil {
		e.shownAs, e.taken = map[string]string{}, map[string]bool{}
	}
	var choices []string
	short := h.Expr
	if len(short) > maxShown || hasObject(short) {
		for _, at := range append([]source.Span{span}, via...) {
			if s, ok := written(at); ok {
				choices = append(choices, s)
			}
		}
		if len(short) > maxShown {
			// Either end says something: what it begins with, and which part of that it is.
			const half = maxShown/2 - 2
			short = strings.ToValidUTF8(short[:half], "") + "…" + strings.ToValidUTF8(short[len(short)-half:], "")
		}
	}
	choices = append(choices, short)
	i := slices.IndexFunc(choices, func(s string) bool { return !e.taken[s] })
	if i < 0 {
		i = len(choices)
		choices = append(choices, fmt.Sprintf("%s #%d", short, len(e.taken)))
	}
	e.taken[choices[i]] = true
	e.shownAs[h.Expr] = choices[i]
	return choices[i]
}

// hasObject reports whether an expression has an object written out in it, as opposed to "${…}".
func hasObject(expr string) bool {
	for i := range len(expr) {
		if expr[i] == '{' && (i == 0 || expr[i-1] != '$' && expr[i-1] != '%') {
			return true
		}
	}
	return false
}

// blockHeader matches the type and labels of a block, the place of what it declares.
var blockHeader = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z_]+( +"[^"]*")+$`) })

// written returns the expression at span when it is short enough to show.
func written(span source.Span) (string, bool) {
	if span.IsZero() || span.End-span.Start > 4*maxShown {
		return "", false
	}
	s := strings.Join(strings.Fields(span.Text()), " ")
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, "${"), "}"))
	return s, s != "" && len(s) <= maxShown && !hasObject(s) && !blockHeader().MatchString(s) && strings.Count(s, "${") == strings.Count(s, "}")
}
