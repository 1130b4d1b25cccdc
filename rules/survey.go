package rules

import "github.com/trustvet/trustvet/internal/policy"

// A survey is what one look at every character of a policy as written shows. It answers for nearly all policies what rules ask about
// their characters; where it does not, they look for themselves.
type survey struct {
	size    int  // no fewer characters than the policy has as JSON, and little more
	foreign bool // a character that IAM may not take
}

// surveyed returns the survey of the document's policy, which must have a Value.
func (p *Pass) surveyed() survey {
	if p.shared.survey.size == 0 {
		p.shared.survey.value(p.Document.Value)
	}
	return p.shared.survey
}

func (y *survey) value(v *policy.Value) {
	y.text(v.Text)
	y.size += len(`{},`)
	if v.Hole != nil {
		y.size += len(`"${}"`)
		y.literal(v.Hole.Expr)
	}
	if v.Many {
		y.size += len(`"${any number of these}",`)
	}
	for _, e := range v.Elements {
		y.value(e)
	}
	for i := range v.Members {
		y.text(v.Members[i].Key)
		y.value(v.Members[i].Value)
	}
}

func (y *survey) text(t policy.Text) {
	y.size += len(`"":`)
	for i := range t.Parts {
		if h := t.Parts[i].Hole; h != nil {
			y.size += len(`${}`)
			y.literal(h.Expr)
			continue
		}
		y.literal(t.Parts[i].Literal)
	}
}

func (y *survey) literal(s string) {
	y.size += len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\' || c < ' ':
			y.size += len(`\u0000`)
			y.foreign = y.foreign || c < ' '
		case c >= 0x7f:
			y.foreign = true
		}
	}
}
