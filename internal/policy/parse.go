package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
)

// Parse reads the trust policy v of a role. What is malformed becomes Faults, what is not known Unresolved; the rest is
// read all the same. v is an Object, a string that holds JSON, or Hidden.
func Parse(role string, v *Value) *Document {
	d := &Document{Role: role, Value: v, Span: v.Span}
	p := &parser{doc: d}
	if v.Kind == StringKind {
		v = p.text(v)
		if v == nil {
			return d
		}
		d.Value = v
	}
	switch v.Kind {
	case Hidden:
		p.unresolved("the policy", v)
	case Object:
		// To reason about a policy takes time and memory that grow faster than the policy does.
		var much string
		switch {
		case v.Count(MaxValues) > MaxValues:
			much = itoa(MaxValues) + " values"
		case v.size() > maxSize:
			much = itoa(maxSize) + " characters"
		}
		if much != "" {
			hole := &Hole{Expr: "the policy", Reason: "it has more than " + much + ", far more than the 8,192 characters that IAM takes", Limit: true}
			p.unresolved("the policy", &Value{Kind: Hidden, Hole: hole, Span: v.Span})
			return d
		}
		p.document(v)
	default:
		p.fault(NotAnObject, v.Span, "the policy is %s, not an object", v.Kind)
	}
	return d
}

// MaxValues bounds the values of a policy that is looked at. A value takes four characters at the least, and IAM does not take
// more than 8,192, white space aside.
const MaxValues = 4_000

// maxSize bounds the bytes of the names and strings of a policy that is looked at.
const maxSize = 128 << 10

type parser struct {
	doc *Document
	s   *Statement // the one being read, nil outside
}

func (p *parser) fault(code FaultCode, span source.Span, format string, args ...any) {
	if p.s != nil {
		p.s.Faulty = true
	}
	p.doc.Faults = append(p.doc.Faults, Fault{Code: code, Statement: p.s, Span: span, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) unresolved(what string, v *Value) {
	hole, span := v.Hole, v.Span
	if hole == nil {
		hole = v.Text.Hole()
	}
	if p.s != nil {
		p.s.Incomplete = true
	}
	p.doc.Unresolved = append(p.doc.Unresolved, Unresolved{What: what, Hole: hole, Span: span, Within: p.s})
}

// text reads the JSON that the string v holds, nil when it is not JSON.
func (p *parser) text(v *Value) *Value {
	if len(v.Text.Parts) == 1 && v.Text.Parts[0].Hole != nil {
		return hidden(v.Text.Parts[0])
	}
	parsed, err := ParseJSON(v.Text)
	switch {
	case err == nil:
		return parsed
	case v.Text.Hole() != nil:
		p.unresolved("the policy", v)
	case strings.TrimSpace(v.Text.String()) == "":
		p.fault(InvalidJSON, v.Span, "the policy is empty")
	default:
		span := err.Span
		if span.IsZero() {
			span = v.Span
		}
		p.fault(InvalidJSON, span, "the policy is not valid JSON: %s", err.Message)
	}
	return nil
}

// members calls f for each member of the object v that counts, with its name. Members whose name is not known are
// unresolved.
func (p *parser) members(what string, v *Value, f func(name string, m Member)) {
	hides := v.hiddenMembers()
	for i, m := range v.Members {
		if hides[i] {
			continue
		}
		if name, known := m.Key.Literal(); known {
			f(name, m)
			continue
		}
		p.unresolved(what, &Value{Kind: Hidden, Hole: m.Key.Hole(), Span: m.Key.Span})
	}
}

func (p *parser) document(v *Value) {
	var statement *Value
	p.members("an element of the policy", v, func(name string, m Member) {
		switch name {
		case "Version":
			p.doc.Version = p.scalar(name, m.Value)
		case "Id":
			p.doc.ID = p.scalar(name, m.Value)
		case "Statement":
			statement = m.Value
		default:
			p.unknownElement(name, m, "a policy", "Version", "Id", "Statement")
		}
	})
	switch {
	case statement == nil:
		if len(p.doc.Unresolved) == 0 {
			p.fault(MissingElement, v.Span, "the policy has no Statement")
		}
	case statement.Kind == Hidden:
		p.unresolved("Statement", statement)
	case statement.Kind == Object:
		p.statement(statement)
	case statement.Kind == Array:
		if len(statement.Elements) == 0 {
			p.fault(EmptyElement, statement.Span, "Statement is empty")
		}
		for _, e := range statement.Elements {
			switch e.Kind {
			case Object:
				p.statement(e)
			case Hidden:
				p.unresolved("a statement", e)
			default:
				p.fault(WrongType, e.Span, "a statement is %s, not an object", e.Kind)
			}
		}
	default:
		p.fault(WrongType, statement.Span, "Statement is %s, not a list of statements", statement.Kind)
	}
}

// unknownElement reports an element that the policy language does not have, with the one that was probably meant.
func (p *parser) unknownElement(name string, m Member, in string, elements ...string) {
	if p.s == nil && slices.Contains(statementElements, name) {
		p.fault(MisplacedElement, m.Key.Span, "%s has no element %q: it belongs in a statement", in, name)
		return
	}
	for _, e := range elements {
		if strings.EqualFold(name, e) {
			p.fault(UnknownElement, m.Key.Span, "%s has no element %q: it is spelled %q", in, name, e)
			return
		}
		if strings.EqualFold(strings.TrimSuffix(name, "s"), e) {
			p.fault(UnknownElement, m.Key.Span, "%s has no element %q: it is called %q", in, name, e)
			return
		}
	}
	p.fault(UnknownElement, m.Key.Span, "%s has no element %q", in, name)
}

// scalar returns the text of a string, number or boolean.
func (p *parser) scalar(name string, v *Value) Text {
	switch {
	case v.Scalar():
		return v.Text
	case v.Kind == Hidden:
		return NewText(HolePart(v.Hole, v.Span))
	}
	p.fault(WrongType, v.Span, "%s is %s, not a string", name, v.Kind)
	return Text{}
}

// list returns the texts of a scalar or of a list of scalars. An unknown value is one text that may stand for many.
func (p *parser) list(name string, v *Value) []Text {
	elements := []*Value{v}
	if v.Kind == Array {
		elements = v.Elements
	}
	texts := make([]Text, 0, len(elements))
	for _, e := range elements {
		switch {
		case e.Scalar():
			t := e.Text.formed()
			t.Via = e.Via
			texts = append(texts, t)
		case e.Kind == Hidden:
			hole := e.Hole
			if v.Kind == Hidden && !hole.Many && hole.Form == nil { // an unknown value may be a list
				many := *hole
				many.Many = true
				hole = &many
			}
			t := NewText(HolePart(hole, e.Span)).formed()
			t.Via = e.Via
			texts = append(texts, t)
		default:
			p.fault(WrongType, e.Span, "%s holds %s, not a string", name, e.Kind)
		}
	}
	return texts
}

var statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}

func (p *parser) statement(v *Value) {
	s := &Statement{Index: len(p.doc.Statements), Span: v.Span}
	p.doc.Statements = append(p.doc.Statements, s)
	p.s = s
	defer func() { p.s = nil }()

	elements := map[string]Member{}
	p.members("an element of the statement", v, func(name string, m Member) {
		switch name {
		case "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition":
			elements[name] = m
		case "Resource", "NotResource":
			p.fault(UnknownElement, m.Key.Span, "a trust policy must not contain %s: the role itself is the resource", name)
		default:
			p.unknownElement(name, m, "a statement", statementElements...)
		}
	})
	if m, ok := elements["Sid"]; ok {
		s.Sid = p.scalar("Sid", m.Value)
	}
	if m, ok := elements["Effect"]; ok {
		p.effect(m.Value)
	} else if !s.Incomplete {
		p.fault(MissingElement, v.Span, "the statement has no Effect")
	}
	p.principals(v, elements)
	p.actions(v, elements)
	if m, ok := elements["Condition"]; ok {
		p.conditions(m.Value)
	}
	s.identify()
	for i := range s.Principals {
		s.Principals[i].Issuer = IssuerOf(&s.Principals[i])
	}
}

func (p *parser) effect(v *Value) {
	t := p.scalar("Effect", v)
	if t.IsZero() {
		return
	}
	effect, known := t.Literal()
	switch {
	case !known:
		p.unresolved("Effect", &Value{Kind: Hidden, Hole: t.Hole(), Span: v.Span})
	case effect == "Allow":
		p.s.Effect = Allow
	case effect == "Deny":
		p.s.Effect = Deny
	case strings.EqualFold(effect, "Allow"):
		p.fault(WrongEffect, v.Span, "Effect is %q: IAM takes only \"Allow\", with this spelling", effect)
	case strings.EqualFold(effect, "Deny"):
		p.fault(WrongEffect, v.Span, "Effect is %q: IAM takes only \"Deny\", with this spelling", effect)
	default:
		p.fault(WrongEffect, v.Span, "Effect is %q: IAM takes only \"Allow\" and \"Deny\"", effect)
	}
}

func (p *parser) actions(statement *Value, elements map[string]Member) {
	action, hasAction := elements["Action"]
	not, hasNot := elements["NotAction"]
	switch {
	case hasAction && hasNot:
		p.fault(BothElements, not.Key.Span, "the statement has both Action and NotAction")
	case !hasAction && !hasNot && !p.s.Incomplete:
		p.fault(MissingElement, statement.Span, "the statement has no Action")
	}
	if hasAction {
		p.s.Actions = p.list("Action", action.Value)
		if action.Value.Kind == Array && len(action.Value.Elements) == 0 {
			p.fault(EmptyElement, action.Value.Span, "Action is empty")
		}
	}
	if hasNot {
		p.s.NotActions = p.list("NotAction", not.Value)
	}
}

func (p *parser) principals(statement *Value, elements map[string]Member) {
	principal, hasPrincipal := elements["Principal"]
	not, hasNot := elements["NotPrincipal"]
	switch {
	case hasPrincipal && hasNot:
		p.fault(BothElements, not.Key.Span, "the statement has both Principal and NotPrincipal")
	case !hasPrincipal && !hasNot && !p.s.Incomplete:
		p.fault(MissingElement, statement.Span, "the statement has no Principal")
	}
	if hasPrincipal {
		p.s.Principals = p.principal("Principal", principal.Value)
	}
	if hasNot {
		p.s.NotPrincipals = p.principal("NotPrincipal", not.Value)
	}
}

func (p *parser) principal(name string, v *Value) []Principal {
	switch {
	case v.Kind == Object:
		return p.principalObject(name, v)
	case v.Kind == Hidden:
		p.unresolved(name, v)
		return nil
	case v.Kind == StringKind && v.Text.Hole() != nil:
		p.unresolved(name, v)
		return nil
	case v.Kind == StringKind && v.Text.Is("*"):
		p.fault(WrongPrincipal, v.Span, "%s is the string \"*\": IAM takes only an object such as {\"AWS\": \"*\"} in a trust policy", name)
		return []Principal{{Type: Anyone, ID: v.Text, Span: v.Span}}
	}
	p.fault(WrongPrincipal, v.Span, "%s is %s, not an object such as {\"AWS\": …}", name, v.Kind)
	return nil
}

func (p *parser) principalObject(name string, v *Value) []Principal {
	if len(v.Members) == 0 {
		p.fault(EmptyElement, v.Span, "%s is empty", name)
	}
	var principals []Principal
	p.members(name, v, func(key string, m Member) {
		var t PrincipalType
		switch key {
		case "AWS":
			t = AWS
		case "Service":
			t = Service
		case "Federated":
			t = Federated
		case "CanonicalUser":
			t = CanonicalUser
		case "*":
			t = Anyone
			p.fault(WrongPrincipal, m.Key.Span, "%s has the key \"*\": IAM takes AWS, Service and Federated", name)
		default:
			p.fault(WrongPrincipal, m.Key.Span, "%s has the key %q: IAM takes AWS, Service and Federated", name, key)
		}
		for _, id := range p.list(name, m.Value) {
			principals = append(principals, Principal{Type: t, ID: id, Span: id.Span})
		}
	})
	return principals
}

func (p *parser) conditions(v *Value) {
	switch v.Kind {
	case Object:
	case Hidden:
		p.unresolved("Condition", v)
		return
	default:
		p.fault(WrongType, v.Span, "Condition is %s, not an object", v.Kind)
		return
	}
	p.members("Condition", v, func(name string, m Member) {
		op := ParseOperator(m.Key)
		switch m.Value.Kind {
		case Object:
		case Hidden:
			p.unresolved("Condition "+name, m.Value)
			return
		default:
			p.fault(WrongType, m.Value.Span, "the condition %s is %s, not an object", name, m.Value.Kind)
			return
		}
		hides := m.Value.hiddenMembers()
		for i, k := range m.Value.Members {
			if hides[i] {
				continue
			}
			if len(k.Key.Parts) == 1 && k.Key.Hole() != nil && k.Key.Hole().Many {
				p.unresolved("Condition "+name, &Value{Kind: Hidden, Hole: k.Key.Hole(), Span: k.Key.Span})
				continue
			}
			p.s.Conditions = append(p.s.Conditions, Condition{
				Operator: op,
				Key:      k.Key,
				Name:     KeyName(k.Key),
				Values:   p.list(name+" "+k.Key.String(), k.Value),
				Span:     k.Key.Span.To(k.Value.Span),
			})
		}
	})
}
