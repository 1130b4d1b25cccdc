package terraform

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// instanceOf reports how truth, decoded JSON, is not an instance of the policy v: what v knows must be in truth, and what
// truth has beyond that must fit a hole of v. Order in lists of strings and of statements does not matter, nor does a list of
// one against its element. It is the oracle for everything that extraction leaves open.
func instanceOf(v *policy.Value, truth any) error {
	if !fits(v, truth) {
		b, _ := json.MarshalIndent(truth, "", " ")
		return fmt.Errorf("not an instance of the extracted policy:\n%s\nextracted:\n%s", b, v.JSON())
	}
	return nil
}

func fits(v *policy.Value, truth any) bool {
	switch v.Kind {
	case policy.Hidden:
		return true
	case policy.Null:
		return truth == nil
	case policy.Bool, policy.Number, policy.StringKind:
		if list, ok := truth.([]any); ok && len(list) == 1 {
			truth = list[0]
		}
		if h := v.Text.Hole(); h != nil && h.Many {
			if list, ok := truth.([]any); ok {
				return instanceList([]*policy.Value{v}, list)
			}
		}
		s, ok := scalar(truth)
		return ok && pattern(v.Text).MatchString(s)
	case policy.Array:
		list, ok := truth.([]any)
		if !ok {
			list = []any{truth}
		}
		return instanceList(v.Elements, list)
	case policy.Object:
		obj, ok := truth.(map[string]any)
		return ok && instanceObject(v.Members, obj)
	}
	return false
}

func scalar(truth any) (string, bool) {
	switch t := truth.(type) {
	case string:
		return t, true
	case bool:
		return fmt.Sprint(t), true
	case float64:
		return strconv.FormatFloat(t, 'f', -1, 64), true
	case json.Number:
		return t.String(), true
	}
	return "", false
}

// pattern returns what the strings that t stands for look like.
func pattern(t policy.Text) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s)^")
	for _, p := range t.Parts {
		switch {
		case p.Hole == nil:
			b.WriteString(regexp.QuoteMeta(p.Literal))
		case p.Hole.Kind == policy.OwnAccount:
			b.WriteString(`[0-9]{12}`)
		case p.Hole.Kind == policy.Partition:
			b.WriteString(`aws[a-z-]*`)
		case p.Hole.Kind == policy.Region:
			b.WriteString(`[a-z0-9-]+`)
		default:
			b.WriteString(`.*`)
		}
	}
	return regexp.MustCompile(b.String() + "$")
}

func repeats(v *policy.Value) bool {
	if v.Many {
		return true
	}
	if v.Kind == policy.Hidden {
		return v.Hole != nil && v.Hole.Many
	}
	if v.Kind == policy.StringKind {
		h := v.Text.Hole()
		return h != nil && h.Many
	}
	return false
}

// instanceList finds an element of vs for each element of truth, every one once but those that repeat.
func instanceList(vs []*policy.Value, truth []any) bool {
	if len(truth) == 0 {
		return !slices.ContainsFunc(vs, func(v *policy.Value) bool { return !repeats(v) })
	}
	for i, v := range vs {
		if !fits(v, truth[0]) {
			continue
		}
		rest := vs
		if !repeats(v) {
			rest = slices.Delete(slices.Clone(vs), i, i+1)
		}
		if instanceList(rest, truth[1:]) {
			return true
		}
	}
	return false
}

func instanceObject(ms []policy.Member, truth map[string]any) bool {
	if len(truth) == 0 {
		return !slices.ContainsFunc(ms, func(m policy.Member) bool {
			h := m.Key.Hole()
			return h == nil || !h.Many
		})
	}
	name := ""
	for n := range truth {
		if name == "" || n < name {
			name = n
		}
	}
	rest := map[string]any{}
	for n, v := range truth {
		if n != name {
			rest[n] = v
		}
	}
	for i, m := range ms {
		if !pattern(m.Key).MatchString(name) || !fits(m.Value, truth[name]) {
			continue
		}
		left := ms
		if h := m.Key.Hole(); h == nil || !h.Many {
			left = slices.Delete(slices.Clone(ms), i, i+1)
		}
		if instanceObject(left, rest) {
			return true
		}
	}
	return false
}

// unknownHoles returns the expressions of v that may stand for anything.
func unknownHoles(v *policy.Value) []string {
	var out []string
	text := func(t policy.Text) {
		for _, p := range t.Parts {
			if p.Hole != nil && p.Hole.Kind == policy.Unknown {
				out = append(out, p.Hole.Expr)
			}
		}
	}
	var walk func(v *policy.Value)
	walk = func(v *policy.Value) {
		if v.Kind == policy.Hidden {
			out = append(out, v.Hole.Expr)
		}
		text(v.Text)
		for _, e := range v.Elements {
			walk(e)
		}
		for _, m := range v.Members {
			text(m.Key)
			walk(m.Value)
		}
	}
	walk(v)
	return out
}
