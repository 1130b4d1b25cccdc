package cloudformation

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Verify evaluates the roles of a file for the deployment that opts describe, or with all defaults, by both engines and
// returns a problem for each role on which they disagree, and how many roles were compared. Roles that the second engine
// cannot follow are left out: those of loops, includes and nested stacks, and those that SAM makes.
func Verify(tree *source.Tree, file *source.File, opts Options) (problems []source.Problem, compared int) {
	given := map[string]string{"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com"}
	maps.Copy(given, opts.Parameters)
	opts.Parameters = given
	e := newEvaluator(tree, opts)
	roots, _ := e.read(newPage(file), file.Name)
	for _, root := range roots {
		for _, t := range e.templates(root, file.Name) {
			for _, r := range t.resources {
				if r.kind != roleType || r.loops != nil {
					continue
				}
				e.docs = nil
				e.role(t, r)
				if len(e.docs) != 1 || e.docs[0].Value == nil {
					continue
				}
				second, err := concrete(t, r, given)
				if err != nil {
					continue
				}
				compared++
				if path := difference(e.docs[0].Value, second.AssumeRolePolicyDocument, ""); path != "" {
					problems = append(problems, source.Problem{Span: r.key.span(),
						Message: fmt.Sprintf("the two engines disagree on the policy of %s at %s", r.id, path)})
				}
			}
		}
	}
	return problems, compared
}

// difference returns where v and what goformation has for it differ, "" when they say the same. Members that are null do not
// count, and neither does whether a scalar is a string.
func difference(v *policy.Value, second any, path string) string {
	differs := path
	if differs == "" {
		differs = "the policy itself"
	}
	if s, ok := second.(string); ok && !v.Scalar() && v.Kind != policy.Hidden { // a policy that is written as JSON text
		if json.Unmarshal([]byte(s), &second) != nil {
			return differs
		}
	}
	switch v.Kind {
	case policy.Array:
		l, ok := second.([]any)
		if !ok || len(l) != len(v.Elements) {
			return differs
		}
		for i, el := range v.Elements {
			if d := difference(el, l[i], fmt.Sprintf("%s[%d]", path, i)); d != "" {
				return d
			}
		}
		return ""
	case policy.Object:
		object, ok := second.(map[string]any)
		if !ok {
			return differs
		}
		left := 0
		for _, value := range object {
			if value != nil {
				left++
			}
		}
		for i, m := range v.Members {
			name := m.Key.String()
			if m.Value.Kind == policy.Null || v.Member(name) != m.Value && m.Key.Hole() == nil {
				continue // hidden by a later member of that name
			}
			value, ok := object[name]
			if !ok {
				return fmt.Sprintf("%s.%s", path, name)
			}
			left--
			if d := difference(v.Members[i].Value, value, path+"."+name); d != "" {
				return d
			}
		}
		if left != 0 {
			return differs
		}
		return ""
	case policy.Hidden:
		if second == v.Hole.String() {
			return ""
		}
	case policy.Null:
		if second == nil {
			return ""
		}
	default:
		if second != nil && fmt.Sprint(second) == v.Text.String() {
			return ""
		}
	}
	return differs
}
