package terraform

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/trustvet/trustvet/internal/policy"
)

func matchFunction(name string) builtin {
	switch name {
	case "regex", "regexall":
		return regexFunc
	case "substr":
		return substrFunc
	case "timecmp":
		return timecmpFunc
	case "provider::aws::arn_parse":
		return arnParseFunc
	case "provider::aws::arn_build":
		return arnBuildFunc
	case "provider::aws::trim_iam_role_path":
		return trimRolePathFunc
	}
	return nil
}

// compile returns the regular expression of that pattern, for a text of size bytes. To match takes as long as the text times
// the program that the pattern makes.
func (c *call) compile(pattern string, size int) (*regexp.Regexp, *value) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, c.fail("malformed regular expression")
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, c.fail("malformed regular expression")
	}
	if !c.e.spend(1 + len(program.Inst) + size*(1+len(program.Inst)/64)/16) {
		return nil, failed(c.span, c.e.spent)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, c.fail("malformed regular expression")
	}
	return re, nil
}

// regexFunc keeps the places of what it finds.
func regexFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	pattern, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	s, err := c.str(1)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.NilType)
	}
	parts, size := partsOf(s), 0
	for _, p := range parts {
		size += max(len(p.Literal), 100) // a hole has three forms of 32 bytes at most
	}
	re, err := c.compile(pattern, size)
	if err != nil {
		return err
	}
	if _, typeErr := stdlib.RegexFunc.ReturnTypeForValues([]cty.Value{cty.StringVal(pattern), cty.StringVal("")}); typeErr != nil {
		return c.fail("%s", firstLine(typeErr.Error()))
	}
	limit := 1
	if c.name == "regexall" {
		limit = maxElements + 1
	}
	must := c.name == "regex" && c.e.trying == 0 // then Terraform stops where there is no match
	if slices.ContainsFunc(parts, func(p policy.Part) bool { return p.Hole != nil }) {
		c.e.consulted++ // so that nobody within try takes what holds outside of it
	}
	matches, ok := cuts(re, parts, limit, must)
	if !ok {
		return c.unknown(cty.NilType)
	}
	if len(matches) > maxElements {
		return limited(c.span, fmt.Sprintf("more than %d matches", maxElements))
	}
	capture := func(m []cut) *value {
		piece := func(i int) *value {
			if m[2*i] == noCut {
				return null(s.span)
			}
			v := text("", s.span)
			if found := between(parts, m[2*i], m[2*i+1]); len(found) > 0 {
				v = stringOf(found, s.span)
			}
			v.via = s.via
			return v
		}
		names := re.SubexpNames()
		switch {
		case len(names) == 1:
			return piece(0)
		case names[1] != "":
			o := object(nil, s.span)
			for i, name := range names[1:] {
				o.members = setMember(o.members, member{text(name, s.span), piece(i + 1)})
			}
			return o
		}
		l := list(nil, s.span)
		for i := range names[1:] {
			l.elems = append(l.elems, piece(i+1))
		}
		return l
	}
	if c.name == "regex" {
		if len(matches) == 0 {
			return c.fail("the pattern does not match")
		}
		return capture(matches[0])
	}
	out := list(nil, c.span)
	for _, m := range matches {
		out.elems = append(out.elems, capture(m))
	}
	return out
}

func substrFunc(c *call) *value {
	if err := c.arity(3, 3); err != nil {
		return err
	}
	s, err := c.str(0)
	if err != nil {
		return err
	}
	lit, ok := s.literal()
	from, oki := toNumber(c.args[1]).asInt()
	length, okj := toNumber(c.args[2]).asInt()
	if !ok {
		// The beginning may be known all the same.
		if p := partsOf(s)[0]; p.Hole == nil && oki && okj && from >= 0 && length >= 0 && from+length <= len(p.Literal) && ascii(p.Literal) {
			return stringOf([]policy.Part{p.Slice(from, from+length)}, s.span)
		} else if p.Hole == nil && oki && okj && from >= 0 && length < 0 && from < len(p.Literal) && ascii(p.Literal) {
			rest := append([]policy.Part{p.Slice(from, len(p.Literal))}, partsOf(s)[1:]...)
			return &value{kind: stringKind, parts: rest, span: s.span, via: s.via}
		}
		return c.unknown(cty.String)
	}
	if !ascii(lit) || len(s.parts) != 1 || !oki || !okj {
		return c.viaCty(cty.String)
	}
	if from < 0 {
		from = max(0, from+len(lit))
	}
	from = min(from, len(lit))
	end := len(lit)
	if length >= 0 {
		end = min(end, from+length)
	}
	v := stringOf([]policy.Part{s.parts[0].Slice(from, end)}, s.span)
	v.via = s.via
	return v
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == '\r' {
			return false
		}
	}
	return true
}

func timecmpFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	var times [2]time.Time
	for i := range times {
		s, ok, err := c.literal(i)
		if err != nil {
			return err
		}
		if !ok {
			return c.unknown(cty.Number)
		}
		t, parseErr := time.Parse(time.RFC3339, s)
		if parseErr != nil {
			return c.fail("not a timestamp")
		}
		times[i] = t
	}
	return integer(times[0].Compare(times[1]), c.span)
}

// arnFields are the parts of an ARN, in order.
var arnFields = [...]string{"partition", "service", "region", "account_id", "resource"}

// splitARN returns the fields of an ARN. It reports false for what is none as far as is known.
func splitARN(v *value) ([]*value, bool) {
	if v.kind != stringKind || len(v.parts) == 0 || v.parts[0].Hole != nil || !strings.HasPrefix(v.parts[0].Literal, "arn:") {
		return nil, false
	}
	_, rest, _ := cutString(v, ":")
	fields := make([]*value, 0, len(arnFields))
	for len(fields) < len(arnFields)-1 {
		before, after, ok := cutString(rest, ":")
		if !ok {
			return nil, false
		}
		fields, rest = append(fields, before), after
	}
	return append(fields, rest), true
}

func arnParseFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	fields, ok := splitARN(c.args[0])
	if !ok {
		return c.unknown(cty.NilType)
	}
	o := object(nil, c.span)
	for i, name := range arnFields {
		o.members = append(o.members, member{text(name, c.span), fields[i]})
	}
	return o
}

func arnBuildFunc(c *call) *value {
	if err := c.arity(5, 5); err != nil {
		return err
	}
	b := stringBuilder{e: c.e}
	if err := b.add(text("arn", c.span), c.span); err != nil {
		return err
	}
	for i, arg := range c.args {
		_ = b.add(text(":", c.span), c.span)
		if err := b.add(arg.asString(), c.args[i].span); err != nil {
			return err
		}
	}
	return b.value(c.span)
}

// trimRolePathFunc turns arn:…:role/path/name into arn:…:role/name.
func trimRolePathFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	before, after, ok := cutString(c.args[0], ":role/")
	if !ok {
		return c.unknown(cty.String)
	}
	last := after.parts[len(after.parts)-1]
	i := strings.LastIndexByte(last.Literal, '/')
	if last.Hole != nil || i < 0 && len(after.parts) > 1 {
		return c.unknown(cty.String)
	}
	parts := append(before.parts[:len(before.parts):len(before.parts)], policy.Literal(":role/", c.span), last.Slice(i+1, len(last.Literal)))
	return stringOf(parts, c.span)
}
