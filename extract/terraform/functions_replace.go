package terraform

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
)

func replaceFunc(c *call) *value {
	if err := c.arity(3, 3); err != nil {
		return err
	}
	s, err := c.str(0)
	if err != nil {
		return err
	}
	from, fromOK, err := c.literal(1)
	if err != nil {
		return err
	}
	to, err := c.str(2)
	if err != nil {
		return err
	}
	if !fromOK {
		return c.unknown(cty.String)
	}
	if len(from) > 1 && strings.HasPrefix(from, "/") && strings.HasSuffix(from, "/") {
		return c.replaceRegexp(s, from[1:len(from)-1], to)
	}
	if from == "" {
		full, _ := s.literal()
		inserted, _ := to.literal()
		if !c.e.spendBytes((len(full) + 1) * len(inserted)) {
			return failed(c.span, c.e.spent)
		}
		return c.viaCty(cty.String)
	}
	b := stringBuilder{e: c.e}
	for i, p := range partsOf(s) {
		if p.Hole != nil {
			if p.Hole.Kind == policy.Unknown && (i == 0 || !strings.Contains(from, "://")) {
				h := *p.Hole
				h.Expr = fmt.Sprintf("replace(%s, %q, %s)", p.Hole.Expr, from, describe(to))
				p = policy.HolePart(&h, c.span)
			}
			b.parts = append(b.parts, p)
			continue
		}
		rest, base := p.Literal, 0
		for {
			at := strings.Index(rest, from)
			if at < 0 {
				break
			}
			if at > 0 {
				b.parts = append(b.parts, p.Slice(base, base+at))
			}
			if err := b.add(to, to.span); err != nil {
				return err
			}
			base += at + len(from)
			rest = p.Literal[base:]
		}
		if rest != "" || p.Literal == "" {
			b.parts = append(b.parts, p.Slice(base, len(p.Literal)))
		}
	}
	b.count += 2
	v := b.value(c.span)
	v.via = s.via
	return v
}

func (c *call) replaceRegexp(s *value, pattern string, to *value) *value {
	size := 0
	for _, p := range partsOf(s) {
		size += max(len(p.Literal), 100) // a hole has three forms of 32 bytes at most
	}
	re, failure := c.compile(pattern, size)
	if failure != nil {
		return failure
	}
	if template, ok := to.literal(); ok && template == "" {
		// Everything up to some word goes, as in "/^(.*provider/)/": what is behind it need not be known.
		if m := upToWord().FindStringSubmatch(pattern); m != nil && s.kind == stringKind {
			if _, known := s.literal(); !known {
				if after, found := afterLast(s, m[1]); found {
					return after
				}
			}
		}
	}
	if v := c.replaceMatches(re, s, to); v != nil {
		return v
	}
	return c.unknown(cty.String)
}

var upToWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\^?\(?\.\*([A-Za-z/:_-]{4,})\)?$`) })

// afterLast returns what follows the last occurrence of word in the literals of s.
func afterLast(s *value, word string) (*value, bool) {
	found := false
	for {
		_, after, ok := cutString(s, word)
		if !ok {
			return s, found
		}
		s, found = after, true
	}
}
