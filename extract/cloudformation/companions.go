package cloudformation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

const (
	policyType         = "AWS::IAM::Policy"
	rolePolicyType     = "AWS::IAM::RolePolicy"
	managedPolicyType  = "AWS::IAM::ManagedPolicy"
	profileType        = "AWS::IAM::InstanceProfile"
	podAssociationType = "AWS::EKS::PodIdentityAssociation"
)

// maxCompanionTotal is how many nodes are evaluated for all companions of a file: a real one needs some thousand.
const maxCompanionTotal = 500_000

// companionKind returns what a resource of that type says about roles first of all; 0 for other types.
func companionKind(typ string) policy.CompanionKind {
	switch typ {
	case roleType, samFunctionType, samStateMachineType, policyType, rolePolicyType:
		return policy.InlinePolicy
	case managedPolicyType:
		return policy.ManagedPolicy
	case profileType:
		return policy.InstanceProfile
	case podAssociationType:
		return policy.PodIdentityAssociation
	case oidcType, cdkOIDCType:
		return policy.OIDCProvider
	case samlType:
		return policy.SAMLProvider
	}
	return 0
}

// companions returns what the templates say about their roles besides who may assume them. It is called when all roles are
// done, and reports no problem of a companion, so that nothing in one changes what is known of a role.
func (e *evaluator) companions() []*policy.Companion {
	if len(e.docs) == 0 {
		return nil
	}
	roles := map[string]string{}
	for _, t := range e.visited {
		e.roleNames(t, roles)
	}
	limit := e.total + maxCompanionTotal
	var all []*policy.Companion
	for _, t := range e.visited {
		for _, r := range t.resources {
			if companionKind(r.kind) == 0 {
				continue
			}
			if e.total > limit || e.total > maxTotal {
				e.problem(r.key.span(), "policies and identity providers beside the roles take more than %d steps to evaluate: those from here on are not looked at", maxCompanionTotal)
				return all
			}
			e.aside = true
			all = append(all, e.companionsOf(t, r, roles)...)
			e.aside = false
		}
	}
	policy.SortCompanions(all)
	return all
}

// roleNames adds what the roles of t are called in references: by name, and as Ref and Fn::GetAtt give them. A name that
// several roles have becomes "".
func (e *evaluator) roleNames(t *template, roles map[string]string) {
	add := func(name, address string) {
		if other, taken := roles[name]; taken && other != address {
			address = ""
		}
		roles[name] = address
	}
	e.aside = true
	defer func() { e.aside = false }()
	for _, r := range t.resources {
		address := t.prefix + r.id
		switch r.kind {
		case roleType:
			e.steps = 0
			n, s, _ := e.find(r.node.get("Properties"), scope{t, r.loops}, "RoleName")
			if call := n.call(); n != nil && (call == nil || call.text != "Fn::If") {
				if name, ok := asText(e.eval(n, s)); ok {
					add(name.String(), address)
				}
			}
		case samFunctionType, samStateMachineType:
			address += "Role"
		default:
			continue
		}
		add("${"+address+"}", address)
		add("${"+address+".Arn}", address)
	}
}

// companionsOf returns the companions that the resource r is or holds, in every world in which it exists.
func (e *evaluator) companionsOf(t *template, r *resource, roles map[string]string) []*policy.Companion {
	given, labels, exists := e.existence(t, r)
	if !exists {
		return nil
	}
	found, complete := outcomes(e, given, labels, func() []*policy.Companion {
		e.steps = 0
		j := &joiner{e: e, r: r, s: scope{t, r.loops}, roles: roles}
		j.resource()
		return j.found
	})
	always := strings.Join(labels, " and ")
	var cases []policy.Case
	for _, o := range found {
		when := strings.TrimPrefix(strings.TrimPrefix(o.when, always), " and ")
		cases = append(cases, policy.Case{When: when, Companions: o.value})
	}
	if !complete {
		span := r.key.span()
		hole := &policy.Hole{Expr: t.prefix + r.id, Many: true, Reason: fmt.Sprintf("conditions make it more than %d different things: the rest is not shown", maxAlternatives)}
		rest := &policy.Companion{Kind: companionKind(r.kind), Address: t.prefix + r.id, Span: span}
		rest.RoleRef = policy.NewText(policy.HolePart(hole, span))
		cases = append(cases, policy.Case{When: "none of the other cases holds", Companions: []*policy.Companion{rest}})
	}
	return policy.MergeCases(cases, always)
}

// A joiner collects the companions that one resource is or holds in one world.
type joiner struct {
	e     *evaluator
	r     *resource
	s     scope
	roles map[string]string // see evaluator.roleNames
	found []*policy.Companion
}

func (j *joiner) resource() {
	switch j.r.kind {
	case roleType:
		j.role()
	case samFunctionType, samStateMachineType:
		j.samRole()
	case policyType, rolePolicyType:
		n, s := j.property("PolicyDocument")
		c := j.companion(policy.InlinePolicy, n)
		c.Name, c.Policy = j.text("PolicyName"), j.policy(n, s)
		j.join(c, "Roles", "RoleName")
	case managedPolicyType:
		n, s := j.property("PolicyDocument")
		c := j.companion(policy.ManagedPolicy, n)
		c.ARN, c.Policy = j.own(), j.policy(n, s)
		c.Name = j.text("ManagedPolicyName")
		j.join(c, "Roles")
	case profileType:
		n, _ := j.property("Roles")
		c := j.companion(policy.InstanceProfile, n)
		c.Name = j.text("InstanceProfileName")
		j.join(c, "Roles")
	case podAssociationType:
		n, _ := j.property("RoleArn")
		c := j.companion(policy.PodIdentityAssociation, n)
		namespace, account := j.text("Namespace"), j.text("ServiceAccount")
		if !namespace.IsZero() && !account.IsZero() {
			parts := append(slices.Clone(namespace.Parts), policy.Literal("/", account.Span))
			c.Name = policy.Text{Parts: append(parts, account.Parts...), Span: account.Span, Via: account.Via}
		}
		j.join(c, "RoleArn")
	case oidcType, cdkOIDCType:
		n, _ := j.property("Url", "url")
		c := j.companion(policy.OIDCProvider, n)
		c.URL, c.ARN = j.text("Url", "url"), j.own()
		list, s := j.property("ClientIdList", "ClientIDList", "clientIDList")
		for _, ref := range j.references(list, s, 0) {
			c.Audiences = append(c.Audiences, stringOf(ref.value))
		}
		j.found = append(j.found, c)
	case samlType:
		n, _ := j.property("Name")
		c := j.companion(policy.SAMLProvider, n)
		c.Name, c.ARN = j.text("Name"), j.own()
		j.found = append(j.found, c)
	}
}

// role adds what a role itself holds.
func (j *joiner) role() {
	own := func(kind policy.CompanionKind, n *node) *policy.Companion {
		c := j.companion(kind, n)
		c.Role = c.Address
		j.found = append(j.found, c)
		return c
	}
	n, s := j.property("Policies")
	for _, ref := range j.references(n, s, 0) {
		if ref.n.get("PolicyDocument") == nil {
			c := own(policy.InlinePolicy, ref.n)
			c.Span = ref.value.Span
			if c.Policy = ref.value.Member("PolicyDocument"); ref.value.Kind == policy.Hidden {
				c.Policy = ref.value
			}
			continue
		}
		document, in, _ := j.e.find(ref.n, ref.s, "PolicyDocument")
		c := own(policy.InlinePolicy, document)
		c.Policy = j.policy(document, in)
		if name, in, _ := j.e.find(ref.n, ref.s, "PolicyName"); name != nil {
			c.Name = stringOf(j.e.eval(name, in))
		}
	}
	n, s = j.property("ManagedPolicyArns")
	for _, ref := range j.references(n, s, 0) {
		j.managed(own(policy.ManagedPolicy, ref.n), ref)
	}
	n, s = j.property("PermissionsBoundary")
	for _, ref := range j.references(n, s, 0) {
		j.managed(own(policy.PermissionsBoundary, ref.n), ref)
	}
}

// samRole adds the policies of the role that the SAM transform makes.
func (j *joiner) samRole() {
	globals := j.s.t.root.get("Globals").get(strings.TrimPrefix(j.r.kind, "AWS::Serverless::"))
	if n, s := j.property("Role"); n != nil && j.e.eval(n, s) != nil || n == nil && globals.get("Role") != nil {
		return // it has a role of its own
	}
	n, s := j.property("Policies")
	if n == nil {
		n, s = globals.get("Policies"), j.s
	}
	for _, ref := range j.references(n, s, 0) {
		c := j.companion(policy.ManagedPolicy, ref.n)
		c.Role = c.Address + "Role"
		c.Span = ref.value.Span
		switch {
		case ref.value.Kind == policy.Object && ref.value.Member("Statement") != nil:
			c.Kind, c.Policy = policy.InlinePolicy, ref.value
		case ref.value.Kind == policy.Object && len(ref.value.Members) > 0:
			// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html
			hole := &policy.Hole{Expr: ref.value.Members[0].Key.String(), Reason: "a policy template of SAM"}
			c.Kind, c.Name = policy.InlinePolicy, ref.value.Members[0].Key
			c.Policy = &policy.Value{Kind: policy.Hidden, Hole: hole, Span: ref.value.Span}
		default:
			j.managed(c, ref)
			if !strings.Contains(c.ARN.String(), ":") && c.ARN.Hole() == nil {
				c.Name, c.ARN = c.ARN, policy.Text{} // SAM takes the names of AWS's own policies too
			}
		}
		j.found = append(j.found, c)
	}
}

// companion returns a companion that stands at n, at the resource when n is nil.
func (j *joiner) companion(kind policy.CompanionKind, n *node) *policy.Companion {
	c := &policy.Companion{Kind: kind, Address: j.s.t.prefix + j.r.id, Span: j.r.key.span(), Calls: j.s.t.calls}
	if n != nil {
		c.Span = n.span()
	}
	return c
}

// property returns the first of the named properties that the resource has.
func (j *joiner) property(names ...string) (*node, scope) {
	for _, name := range names {
		if n, s, _ := j.e.find(j.r.node.get("Properties"), j.s, name); n != nil {
			return n, s
		}
	}
	return nil, j.s
}

func (j *joiner) text(names ...string) policy.Text {
	n, s := j.property(names...)
	if n == nil {
		return policy.Text{}
	}
	return stringOf(j.e.eval(n, s))
}

// own returns what Ref gives for the resource itself: of a provider or a managed policy its ARN.
func (j *joiner) own() policy.Text { return stringOf(j.e.named(j.r.id, j.s, j.r.key.span())) }

// stringOf returns v as a text: what is no string is a hole. AWS::NoValue gives the zero Text.
func stringOf(v *policy.Value) policy.Text {
	if t, ok := asText(v); ok || v == nil {
		return t
	}
	return policy.NewText(policy.HolePart(&policy.Hole{Expr: firstLine(v.Span.Text()), Reason: "no text but " + v.Kind.String()}, v.Span))
}

func firstLine(s string) string {
	s, _, more := strings.Cut(s, "\n")
	if more {
		s += "…"
	}
	return strings.TrimSpace(s)
}

// policy returns the policy document that n is: as an object, or as a text in JSON.
func (j *joiner) policy(n *node, s scope) *policy.Value {
	if n == nil {
		return nil
	}
	v := j.e.eval(n, s)
	if v == nil || v.Kind != policy.StringKind {
		return v
	}
	if h := v.Text.Hole(); h != nil && len(v.Text.Parts) == 1 {
		return &policy.Value{Kind: policy.Hidden, Hole: h, Span: v.Span, Via: v.Via}
	}
	parsed, err := policy.ParseJSON(v.Text)
	if err != nil {
		return &policy.Value{Kind: policy.Hidden, Hole: &policy.Hole{Expr: firstLine(v.Span.Text()), Reason: "no JSON: " + err.Message}, Span: v.Span}
	}
	steps := len(parsed.Leaves()) // the text was one
	j.e.steps += steps
	j.e.total += steps
	return parsed
}

// join adds c for each role that the first of the named properties that there is names.
func (j *joiner) join(c *policy.Companion, names ...string) {
	n, s := j.property(names...)
	for _, ref := range j.references(n, s, 0) {
		one := *c
		one.RoleRef = stringOf(ref.value)
		one.Role = j.roles[policy.RoleName(one.RoleRef)]
		if ref.target != nil && ref.target.kind == roleType {
			one.Role = ref.in.prefix + ref.target.id
		}
		if one.Kind == policy.InstanceProfile {
			one.Span = ref.value.Span
		}
		j.found = append(j.found, &one)
	}
}

// managed sets what c says of the managed policy that ref names.
func (j *joiner) managed(c *policy.Companion, ref reference) {
	c.ARN, c.Span = stringOf(ref.value), ref.value.Span
	if ref.target != nil && ref.target.kind == managedPolicyType {
		n, s, _ := j.e.find(ref.target.node.get("Properties"), scope{ref.in, ref.target.loops}, "PolicyDocument")
		c.Policy = j.policy(n, s)
	}
}

// A reference is one value of a property, and the resource that it is the Ref or an attribute of.
type reference struct {
	value  *policy.Value
	n      *node // as it is written; nil when it is an element of a list that is computed
	s      scope
	target *resource // nil when it is of none in the templates
	in     *template // that target is in
}

// references returns what n lists, or n itself when it is no list.
func (j *joiner) references(n *node, s scope, depth int) []reference {
	if n == nil || depth > maxDepth || !j.e.step() {
		return nil
	}
	if n.kind == listNode {
		var all []reference
		for _, el := range n.elements {
			all = append(all, j.references(el, s, depth+1)...)
		}
		return all
	}
	if call := n.call(); call != nil {
		arg := n.members[0].value
		switch {
		case call.text == "Fn::If" && len(arg.elements) == 3 && arg.elements[0].scalar():
			if j.e.decide(j.e.text(arg.elements[0], s).String(), s) {
				return j.references(arg.elements[1], s, depth+1)
			}
			return j.references(arg.elements[2], s, depth+1)
		case call.text == "Ref" && arg.scalar():
			name := strings.TrimSpace(j.e.text(arg, s).String())
			if a, ok := s.t.arguments[name]; ok && s.t.parameters[name] != nil {
				return j.references(a.node, a.scope, depth+1)
			}
		}
	}
	v := j.e.eval(n, s)
	switch {
	case v == nil:
		return nil
	case v.Kind == policy.Null:
		return nil
	case v.Kind == policy.Array:
		var all []reference
		for _, el := range v.Elements {
			all = append(all, reference{value: el, s: s})
		}
		return all
	}
	ref := reference{value: v, n: n, s: s, in: s.t}
	if call := n.call(); call != nil {
		arg := n.members[0].value
		switch {
		case call.text == "Ref" && arg.scalar(), call.text == "Fn::GetAtt" && arg.scalar():
			id, _, _ := strings.Cut(strings.TrimSpace(j.e.text(arg, s).String()), ".")
			ref.target = s.t.byID[id]
		case call.text == "Fn::GetAtt" && len(arg.elements) > 0 && arg.elements[0].scalar():
			ref.target = s.t.byID[j.e.text(arg.elements[0], s).String()]
		}
	}
	return []reference{ref}
}
