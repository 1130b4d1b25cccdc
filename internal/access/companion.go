package access

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// companionOf returns the permission that a call which sets the key needs besides its own action, "" when it needs none.
func companionOf(lower string) string {
	switch {
	case strings.HasPrefix(lower, "aws:requesttag/"), lower == "aws:tagkeys", lower == "sts:transitivetagkeys":
		return TagSession
	case lower == "sts:sourceidentity":
		return SetSourceIdentity
	case strings.HasPrefix(lower, "sts:requestcontext"):
		return SetContext
	}
	return ""
}

// isMain reports whether the action asks for the role, rather than being a permission besides that.
func isMain(action string) bool {
	return action == AssumeRole || action == AssumeRoleWithSAML || action == AssumeRoleWithWebIdentity
}

// companioned returns what is left of the boxes of callers of class c when the calls in which session tags, a source identity
// or a context cannot be missing must have the permission to pass them. What a call may pass or not does not matter here: it
// can be made without.
func (q *question) companioned(boxes []*box, c *class, d *policy.Document) []*box {
	for _, action := range [...]string{TagSession, SetSourceIdentity, SetContext} {
		boxes = q.permitted(boxes, c, d, action)
	}
	return boxes
}

func (q *question) permitted(boxes []*box, c *class, d *policy.Document, action string) []*box {
	if !slices.ContainsFunc(boxes, func(b *box) bool { return q.forces(b, action) }) {
		return boxes
	}
	var left []*box
	for _, b := range boxes {
		if !q.forces(b, action) {
			left = append(left, b)
			continue
		}
		if q.budget.left < 0 {
			b.hazy = true
			left = append(left, b)
			continue
		}
		var permitted []*box
		for _, s := range q.statements {
			if s.effect == policy.Allow && s.document == d && s.allows(action) && s.about(c) {
				if n, ok := q.both(b, s); ok {
					permitted = append(permitted, n)
				}
			}
		}
		for _, s := range q.statements {
			if s.effect == policy.Deny && s.document == d && s.allows(action) {
				permitted = q.minus(permitted, s)
			}
		}
		left = append(left, permitted...)
	}
	return left
}

// both returns the requests of b that s matches too.
func (q *question) both(b *box, s *statement) (*box, bool) {
	ok := true
	for _, a := range s.atoms {
		if b, ok = q.with(b, clause{a, false}); !ok {
			return nil, false
		}
	}
	return b, true
}

// forces reports whether every request of b has a key that needs the permission.
func (q *question) forces(b *box, action string) bool {
	for i := range q.keys {
		if companionOf(q.keys[i].lower) != action {
			continue
		}
		var room [8]clause
		if clauses := q.about(room[:0], b, i); len(clauses) > 0 && !every(clauses, clause.lacking) {
			return true
		}
	}
	return false
}
