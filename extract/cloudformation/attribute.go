package cloudformation

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

const (
	roleType     = "AWS::IAM::Role"
	userType     = "AWS::IAM::User"
	oidcType     = "AWS::IAM::OIDCProvider"
	samlType     = "AWS::IAM::SAMLProvider"
	cdkOIDCType  = "Custom::AWSCDKOpenIdConnectProvider"
	cdkJSONType  = "Custom::AWSCDKCfnJson"
	cdkTextType  = "Custom::AWSCDKCfnJsonStringify"
	stackType    = "AWS::CloudFormation::Stack"
	stackSetType = "AWS::CloudFormation::StackSet"
	samStackType = "AWS::Serverless::Application"
)

// maxReferences is how many resources may be named by one another in turn.
const maxReferences = 6

// getAtt evaluates Fn::GetAtt, whose argument is a list or, in YAML, a text with a dot.
func (e *evaluator) getAtt(n *node, s scope) *policy.Value {
	arg := n.members[0].value
	span := n.span()
	switch {
	case arg.scalar():
		text := e.text(arg, s)
		lit := text.String()
		id, attribute, ok := strings.Cut(lit, ".")
		if !ok || id == "" || attribute == "" {
			return e.arity(n, "Fn::GetAtt", "a resource and an attribute")
		}
		return e.attribute(id, attribute, s, span)
	case arg.kind == listNode && len(arg.elements) >= 2:
		names := make([]string, len(arg.elements))
		for i, el := range arg.elements {
			t, ok := asText(e.eval(el, s))
			if !ok {
				return e.arity(n, "Fn::GetAtt", "a resource and an attribute")
			}
			names[i] = t.String()
		}
		return e.attribute(names[0], strings.Join(names[1:], "."), s, span)
	}
	return e.arity(n, "Fn::GetAtt", "a resource and an attribute")
}

// attribute returns an attribute of a resource, referred to at span.
func (e *evaluator) attribute(id, attribute string, s scope, span source.Span) *policy.Value {
	id, attribute = strings.TrimSpace(id), strings.TrimSpace(attribute)
	expr := s.t.prefix + id + "." + attribute
	unknown := func() *policy.Value {
		hole := &policy.Hole{Expr: expr}
		if strings.HasSuffix(attribute, "Arn") {
			return stringValue(policy.NewText(policy.HolePart(hole, span)), span)
		}
		return &policy.Value{Kind: policy.Hidden, Hole: hole, Span: span}
	}
	r := s.t.byID[id]
	switch {
	case r == nil && attribute == "Arn" && s.t.samRole(id):
		return e.formed(expr, e.iamARN("role/", holeText(s.t.prefix+id, span), span), span)
	case r == nil || e.active[expr] || len(e.active) >= maxReferences:
		return unknown()
	}
	e.active[expr] = true
	defer delete(e.active, expr)
	var v *policy.Value
	switch r.kind {
	case roleType:
		if attribute == "Arn" {
			v = e.arn(r, s.t, "role", "RoleName", expr, span)
		}
	case userType:
		if attribute == "Arn" {
			v = e.arn(r, s.t, "user", "UserName", expr, span)
		}
	case oidcType, samlType:
		if attribute == "Arn" {
			v = e.resourceRef(id, s, span)
		}
	case cdkJSONType, cdkTextType:
		if attribute == "Value" {
			v = e.cdkJSON(r, s.t, span)
		}
	case stackType, samStackType:
		if output, ok := strings.CutPrefix(attribute, "Outputs."); ok {
			v = e.output(r, s.t, output, span)
			if v == nil {
				return stringValue(policy.NewText(policy.HolePart(&policy.Hole{Expr: expr}, span)), span)
			}
		}
	}
	if v == nil {
		return unknown()
	}
	return v
}

// property returns the value of a property of a resource; nil when it has none or it is AWS::NoValue.
func (e *evaluator) property(r *resource, t *template, name string) *policy.Value {
	n, s, _ := e.find(r.node.get("Properties"), scope{t, r.loops}, name)
	if n == nil {
		return nil
	}
	return e.eval(n, s)
}

// find returns the member of that name of the mapping n, with the scope to evaluate it in, and what n has in members that
// are not known.
func (e *evaluator) find(n *node, s scope, name string) (found *node, in scope, unknown *policy.Hole) {
	e.members(n, s, func(key policy.Text, m member, mscope scope) {
		switch {
		case m.value == nil:
			unknown = key.Hole()
		case key.Is(name):
			found, in = m.value, mscope
		}
	})
	return found, in, unknown
}

// resourceRef returns what Ref gives for a resource where something is known of that: the name of a role or user, the
// ARN of an identity provider. It returns nil otherwise.
func (e *evaluator) resourceRef(id string, s scope, span source.Span) *policy.Value {
	r := s.t.byID[id]
	key := s.t.prefix + id
	if r == nil || e.active[key] || len(e.active) >= maxReferences {
		return nil
	}
	e.active[key] = true
	defer delete(e.active, key)
	switch r.kind {
	case roleType, userType:
		v := e.property(r, s.t, strings.TrimPrefix(r.kind, "AWS::IAM::")+"Name")
		if t, ok := asText(v); ok && v.Kind == policy.StringKind {
			return stringValue(relocated(t, span), span)
		}
	case samlType:
		v := e.property(r, s.t, "Name")
		if t, ok := asText(v); ok && v.Scalar() {
			return e.iamARN("saml-provider/", relocated(t, span), span)
		}
		return e.formed(key, e.iamARN("saml-provider/", holeText(key+" name", span), span), span)
	case oidcType, cdkOIDCType:
		name := "Url"
		v := e.property(r, s.t, name)
		if v == nil {
			v = e.property(r, s.t, "url")
		}
		t, ok := asText(v)
		if ok && v.Scalar() && len(t.Parts) > 0 && t.Parts[0].Hole == nil {
			first := t.Parts[0].Literal
			host := strings.TrimPrefix(first, "https://")
			parts := append([]policy.Part{t.Parts[0].Slice(len(first)-len(host), len(first))}, t.Parts[1:]...)
			return e.iamARN("oidc-provider/", relocated(policy.Text{Parts: parts, Span: t.Span, Via: t.Via}, span), span)
		}
		return e.formed(key, e.iamARN("oidc-provider/", holeText(key+" issuer", span), span), span)
	}
	return nil
}

// arn returns the ARN of a role or user: in parts when the template fixes its name, and otherwise as a hole with that form,
// since CloudFormation makes up a name.
func (e *evaluator) arn(r *resource, t *template, kind, nameProperty, expr string, span source.Span) *policy.Value {
	prefix := policy.String("/", span)
	if path := e.property(r, t, "Path"); path != nil {
		text, ok := asText(path)
		if !ok {
			return nil
		}
		prefix = text
	}
	prefix = relocated(prefix, span)
	text, ok := asText(e.property(r, t, nameProperty))
	if !ok {
		whole := policy.Text{Parts: append(slices.Clone(prefix.Parts), holeText(t.prefix+r.id, span).Parts...)}
		return e.formed(expr, e.iamARN(kind, whole, span), span)
	}
	name := relocated(text, span)
	whole := policy.Text{Parts: append(slices.Clone(prefix.Parts), name.Parts...), Via: append(slices.Clone(prefix.Via), name.Via...), Span: span}
	return e.iamARN(kind, whole, span)
}

// holeText returns the text that is one hole.
func holeText(expr string, span source.Span) policy.Text {
	return policy.NewText(policy.HolePart(&policy.Hole{Expr: expr}, span))
}

// formed returns a string that is not known but for its form.
func (e *evaluator) formed(expr string, form *policy.Value, span source.Span) *policy.Value {
	return stringValue(policy.NewText(policy.HolePart(&policy.Hole{Expr: expr, Form: form.Text.Parts}, span)), span)
}

// iamARN returns the ARN of an IAM resource of the stack's own account, referred to at span.
func (e *evaluator) iamARN(kind string, name policy.Text, span source.Span) *policy.Value {
	parts := []policy.Part{{Literal: "arn:", Span: span}}
	parts = append(parts, e.pseudo("AWS::Partition", span).Text.Parts...)
	parts = append(parts, policy.Part{Literal: ":iam::", Span: span})
	parts = append(parts, e.pseudo("AWS::AccountId", span).Text.Parts...)
	parts = append(parts, policy.Part{Literal: ":" + kind, Span: span})
	parts = append(parts, name.Parts...)
	v := stringValue(policy.Text{Parts: merge(parts), Span: span, Via: name.Via}, span)
	return v
}

// merge joins literals that follow each other. They are all at the place of the same reference.
func merge(parts []policy.Part) []policy.Part {
	var out []policy.Part
	for _, p := range parts {
		if n := len(out) - 1; n >= 0 && p.Hole == nil && out[n].Hole == nil {
			out[n].Literal += p.Literal
			continue
		}
		out = append(out, policy.Part{Literal: p.Literal, Hole: p.Hole, Span: p.Span})
	}
	return out
}

// cdkJSON returns the Value attribute of the CDK's JSON custom resource: its handler parses the text that the property
// Value is. Condition keys that are not known at synthesis come this way.
// https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.CfnJson.html
func (e *evaluator) cdkJSON(r *resource, t *template, span source.Span) *policy.Value {
	v := e.property(r, t, "Value")
	if v == nil {
		return nil
	}
	if v.Kind == policy.StringKind && r.kind == cdkJSONType {
		parsed, err := policy.ParseJSON(v.Text)
		if err != nil {
			return nil
		}
		v = parsed
	}
	return through(v, span)
}
