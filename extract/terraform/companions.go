package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Companions are what the configuration says about its roles besides who may assume them. They are looked at after the roles
// and with what is left of the budget, so that nothing in them changes what is known of a role.

// maxCompanionSteps bounds the steps for all companions of a root module. Real ones stay two orders of magnitude below.
const maxCompanionSteps = 2_000_000

// companionKind returns what a resource of that type says about roles; 0 for other types and for roles themselves.
func companionKind(typ string) policy.CompanionKind {
	switch typ {
	case "aws_iam_role_policy", "aws_iam_role_policies_exclusive":
		return policy.InlinePolicy
	case "aws_iam_role_policy_attachment", "aws_iam_policy_attachment", "aws_iam_role_policy_attachments_exclusive":
		return policy.ManagedPolicy
	case "aws_iam_instance_profile":
		return policy.InstanceProfile
	case "aws_eks_pod_identity_association":
		return policy.PodIdentityAssociation
	case "aws_iam_openid_connect_provider":
		return policy.OIDCProvider
	case "aws_iam_saml_provider":
		return policy.SAMLProvider
	}
	return 0
}

// wants reports whether companions of that kind are looked for.
func (o *Options) wants(kind policy.CompanionKind) bool {
	return kind != 0 && (len(o.Companions) == 0 || slices.Contains(o.Companions, kind))
}

// aboutRoles reports whether companions are looked for that roles hold or that name one.
func (o *Options) aboutRoles() bool {
	return len(o.Companions) == 0 || slices.ContainsFunc(o.Companions, func(k policy.CompanionKind) bool {
		return k != policy.OIDCProvider && k != policy.SAMLProvider
	})
}

// A joiner collects the companions of a root module.
type joiner struct {
	e     *evaluator
	limit int               // the value of e.total at which it stops
	roles map[string]string // the addresses of roles by their name as far as it is known, "" for a name that several have
	found []*policy.Companion
}

// companionsOf returns the companions in the root module and in the modules it calls.
func (e *evaluator) companionsOf(root *instance) []*policy.Companion {
	defer e.l.survive(root.mod.dir)
	e.aside = true
	j := &joiner{e: e, limit: e.total + maxCompanionSteps, roles: map[string]string{}, found: e.companions}
	if at := j.module(root); !at.IsZero() {
		message := fmt.Sprintf("policies and identity providers beside the roles take more than %d steps to evaluate: those from here on are not looked at", maxCompanionSteps)
		e.l.problem(source.Problem{Span: at, Message: message})
	}
	for _, c := range j.found {
		if c.Role == "" && !c.RoleRef.IsZero() {
			c.Role = j.roles[policy.RoleName(c.RoleRef)]
		}
	}
	return withoutListed(j.found)
}

// module collects the companions of inst and of the modules it calls. It returns the block at which the budget is used up.
//
// A module that is there in a short form of our own has none: that form knows only the trust policy.
func (j *joiner) module(inst *instance) (stopped source.Span) {
	if inst.mod == nil || inst.mod.stub {
		return source.Span{}
	}
	for _, b := range inst.mod.blocks {
		if j.e.total > j.limit || j.e.total > maxRootSteps {
			return b.header()
		}
		typ := b.label(0)
		switch {
		case b.typ == "module":
			j.e.renew()
			for _, child := range j.e.moduleInstances(inst, b) {
				if at := j.module(child); !at.IsZero() {
					return at
				}
			}
		case b.typ == "resource" && sinkAttribute(typ) != "":
			if j.e.opts.aboutRoles() {
				j.resource(inst, b, policy.InlinePolicy, j.role)
			}
		case b.typ == "resource" && j.e.opts.wants(companionKind(typ)):
			j.resource(inst, b, companionKind(typ), j.companion)
		}
	}
	return source.Span{}
}

// resource collects what of gives for each instance of b and each outcome of the conditions that the code does not decide.
func (j *joiner) resource(inst *instance, b *block, kind policy.CompanionKind, of func(*resource) []*policy.Companion) {
	e := j.e
	e.renew()
	e.spend(1)
	x := e.expand(inst, b)
	if x.err != nil {
		if companionKind(b.label(0)) != 0 {
			address := inst.address(strings.Join(b.labels, "."))
			j.found = append(j.found, unknownCompanion(kind, address, inst, b, "its instances are not known: "+x.err.more().reason))
		}
		return
	}
	for i := range x.scopes {
		given := x.existence(inst, i)
		e.renew()
		r := e.newResource(inst, b, x, i)
		outcomes, complete := alternatives(e, given, func() []*policy.Companion { return of(r) })
		var cases []policy.Case
		for _, o := range outcomes {
			cases = append(cases, policy.Case{When: e.describeAssumptions(o.assumptions), Companions: o.result})
		}
		if !complete {
			const reason = "more than the number of alternatives that are looked at depend on conditions that the code does not decide"
			cases = append(cases, policy.Case{When: "otherwise", Companions: []*policy.Companion{unknownCompanion(kind, r.addr, inst, b, reason)}})
		}
		j.found = append(j.found, policy.MergeCases(cases, e.describeAssumptions(given))...)
	}
}

// unknownCompanion returns the companion that is there but of which nothing is known.
func unknownCompanion(kind policy.CompanionKind, address string, inst *instance, b *block, reason string) *policy.Companion {
	c := &policy.Companion{Kind: kind, Address: address, Span: b.header(), Calls: inst.calls}
	unknown := policy.NewText(policy.HolePart(&policy.Hole{Expr: address, Many: true, Reason: reason}, b.header()))
	switch kind {
	case policy.OIDCProvider, policy.SAMLProvider:
		c.ARN = unknown
	default:
		c.RoleRef = unknown
	}
	return c
}

// role returns what the role r itself holds, and remembers its name.
func (j *joiner) role(r *resource) []*policy.Companion {
	attributes := roleAttributes{"name", "inline_policy", "name", "policy"}
	if r.typ == "awscc_iam_role" {
		attributes = roleAttributes{"role_name", "policies", "policy_name", "policy_document"}
	}
	if name := r.attribute(attributes.name); name.kind != failedKind {
		key := j.text(r, name).String()
		if other, taken := j.roles[key]; taken && other != r.addr {
			j.roles[key] = ""
		} else {
			j.roles[key] = r.addr
		}
	}
	var cs []*policy.Companion
	own := func(kind policy.CompanionKind, span source.Span) *policy.Companion {
		c := j.new(r, kind, span)
		c.Role = r.addr
		cs = append(cs, c)
		return c
	}
	for _, el := range j.list(r, attributes.policies) {
		switch el.val.kind {
		case objectKind:
			doc := el.val.get(attributes.policyDocument)
			if !isSet(doc) || len(el.val.members) == 0 && el.val.more().fetch != nil {
				continue // an empty block says that there are no others
			}
			c := own(policy.InlinePolicy, within(el.val.span, doc))
			c.Policy = j.policy(r, doc)
			if name := el.val.get(attributes.policyName); name != nil {
				c.Name = j.text(r, name)
			}
		default:
			own(policy.InlinePolicy, el.span).Policy = j.policy(r, el.val)
		}
	}
	for _, el := range j.list(r, "managed_policy_arns") {
		j.managed(r, own(policy.ManagedPolicy, el.span), el.val)
	}
	if v := r.configured("permissions_boundary"); isSet(v) {
		j.managed(r, own(policy.PermissionsBoundary, r.place("permissions_boundary")), v)
	}
	return cs
}

// within returns where the part of the code at span has v: v itself, the reference to it, or span when it is not there.
func within(span source.Span, v *value) source.Span {
	if span.Contains(v.span) {
		return v.span
	}
	for i := len(v.via) - 1; i >= 0; i-- {
		if span.Contains(v.via[i]) {
			return v.via[i]
		}
	}
	return span
}

// roleAttributes are the attributes of a role for what the role itself holds.
type roleAttributes struct{ name, policies, policyName, policyDocument string }

// companion returns what r, which is no role, says about roles.
func (j *joiner) companion(r *resource) []*policy.Companion {
	kind := companionKind(r.typ)
	text := func(name string) policy.Text {
		if v := r.configured(name); isSet(v) {
			return j.text(r, v)
		}
		return policy.Text{}
	}
	switch r.typ {
	case "aws_iam_role_policy":
		c := j.new(r, kind, r.place("policy"))
		c.Name = j.text(r, r.nameOf("name"))
		if v := r.configured("policy"); isSet(v) {
			c.Policy = j.policy(r, v)
		}
		return j.join(r, "role", c)
	case "aws_iam_role_policies_exclusive":
		var cs []*policy.Companion
		for _, el := range j.list(r, "policy_names") {
			c := j.new(r, kind, el.span)
			c.Name = j.text(r, el.val)
			cs = append(cs, j.join(r, "role_name", c)...)
		}
		return cs
	case "aws_iam_role_policy_attachment", "aws_iam_policy_attachment":
		c := j.new(r, kind, r.place("policy_arn"))
		if v := r.configured("policy_arn"); isSet(v) {
			j.managed(r, c, v)
		}
		if r.typ == "aws_iam_policy_attachment" {
			return j.join(r, "roles", c)
		}
		return j.join(r, "role", c)
	case "aws_iam_role_policy_attachments_exclusive":
		var cs []*policy.Companion
		for _, el := range j.list(r, "policy_arns") {
			c := j.new(r, kind, el.span)
			j.managed(r, c, el.val)
			cs = append(cs, j.join(r, "role_name", c)...)
		}
		return cs
	case "aws_iam_instance_profile":
		attribute := "role"
		if r.b.load(j.e.l).Attributes["role"] == nil {
			attribute = "roles" // provider versions before 3.0
		}
		c := j.new(r, kind, r.place(attribute))
		c.Name = j.text(r, r.nameOf("name"))
		return j.join(r, attribute, c)
	case "aws_eks_pod_identity_association":
		c := j.new(r, kind, r.place("role_arn"))
		namespace, account := text("namespace"), text("service_account")
		if !namespace.IsZero() && !account.IsZero() {
			parts := append(slices.Clone(namespace.Parts), policy.Literal("/", account.Span))
			c.Name = policy.Text{Parts: append(parts, account.Parts...), Span: account.Span, Via: account.Via}
		}
		return j.join(r, "role_arn", c)
	case "aws_iam_openid_connect_provider":
		c := j.new(r, kind, r.place("url"))
		c.URL, c.ARN = text("url"), j.text(r, r.attribute("arn"))
		for _, el := range j.list(r, "client_id_list") {
			c.Audiences = append(c.Audiences, j.element(r, el.val))
		}
		return []*policy.Companion{c}
	case "aws_iam_saml_provider":
		c := j.new(r, kind, r.place("name"))
		c.Name, c.ARN = text("name"), j.text(r, r.attribute("arn"))
		return []*policy.Companion{c}
	}
	return nil
}

func (j *joiner) new(r *resource, kind policy.CompanionKind, span source.Span) *policy.Companion {
	return &policy.Companion{Kind: kind, Address: r.addr, Span: span, Calls: r.inst.calls}
}

// join returns c once for each role that the attribute of r names.
func (j *joiner) join(r *resource, attribute string, c *policy.Companion) []*policy.Companion {
	v := r.configured(attribute)
	if !isSet(v) {
		return nil // a profile may have no role, an attachment only users
	}
	refs := []element{{v, c.Span}}
	if v.listTyped() || attribute == "roles" {
		refs = j.list(r, attribute)
	}
	var cs []*policy.Companion
	for _, ref := range refs {
		one := *c
		one.RoleRef = j.element(r, ref.val)
		if of := ref.val.more().of; of != nil && sinkAttribute(of.typ) != "" {
			one.Role = of.addr
		}
		cs = append(cs, &one)
	}
	return cs
}

// managed sets what c says of the managed policy with the ARN v.
func (j *joiner) managed(r *resource, c *policy.Companion, v *value) {
	c.ARN = j.element(r, v)
	if of := v.more().of; of != nil && of.typ == "aws_iam_policy" {
		if doc := of.configured("policy"); isSet(doc) {
			c.Policy = j.policy(of, doc)
		}
	}
}

// policy returns the policy that an attribute of r holds, as JSON text or as an object. A policy costs as much as a trust
// policy, also when several roles have the same.
func (j *joiner) policy(r *resource, v *value) *policy.Value {
	if j.e.total > j.limit {
		reason := fmt.Sprintf("companions take more than %d steps", maxCompanionSteps)
		return &policy.Value{Kind: policy.Hidden, Hole: &policy.Hole{Expr: describe(v), Reason: reason}, Span: v.span}
	}
	p := j.json(r, v)
	j.e.total += documentCost + valueCost*len(p.Leaves())
	return p
}

func (j *joiner) json(r *resource, v *value) *policy.Value {
	provider := j.e.provider(r.inst, r.b)
	if v.kind == nullKind && v.hole != nil {
		return &policy.Value{Kind: policy.Hidden, Hole: v.hole, Span: v.span}
	}
	if v.more().decoded != nil {
		return j.e.toPolicy(v.more().decoded, v.via, provider)
	}
	p := j.e.toPolicy(v, nil, provider)
	if p.Kind != policy.StringKind {
		return p
	}
	if len(p.Text.Parts) == 1 && p.Text.Parts[0].Hole != nil {
		return &policy.Value{Kind: policy.Hidden, Hole: p.Text.Parts[0].Hole, Span: p.Span, Via: p.Via}
	}
	parsed, err := policy.ParseJSON(p.Text)
	if err != nil {
		return &policy.Value{Kind: policy.Hidden, Hole: &policy.Hole{Expr: firstLine(p.Span.Text()), Reason: "no JSON: " + err.Message}, Span: p.Span}
	}
	return parsed
}

// text returns v as r sees it: a string, or a hole that says why there is none. Null gives the zero Text.
func (j *joiner) text(r *resource, v *value) policy.Text {
	switch {
	case v.kind == nullKind && v.hole != nil:
		return policy.NewText(policy.HolePart(v.hole, v.span))
	case v.kind == nullKind:
		return policy.Text{}
	}
	p := j.e.toPolicy(v.asString(), nil, j.e.provider(r.inst, r.b))
	if p.Kind == policy.Hidden {
		t := policy.NewText(policy.HolePart(p.Hole, p.Span))
		t.Via = p.Via
		return t
	}
	return p.Text
}

// element is text for an element of a list: one that stands for any number of elements becomes a hole that does.
func (j *joiner) element(r *resource, v *value) policy.Text {
	t := j.text(r, v.single())
	if !v.many {
		return t
	}
	h := &policy.Hole{Expr: describe(v), Many: true}
	if s, known := t.Literal(); known {
		h.Choices = []string{s}
	}
	return policy.Text{Parts: []policy.Part{policy.HolePart(h, t.Span)}, Span: t.Span, Via: t.Via}
}

// An element is one of the values that an attribute lists, and the place where the attribute does.
type element struct {
	val  *value
	span source.Span
}

// list returns the elements of an attribute of r. One that is not known, or not set although it must be, has one that stands
// for any number of them.
func (j *joiner) list(r *resource, attribute string) []element {
	v := r.configured(attribute)
	if !isSet(v) {
		return nil
	}
	span := r.place(attribute)
	if v.kind != listKind {
		if v.kind == nullKind {
			v = unknown(v.hole.Expr, v.typ, v.span)
		}
		if v.kind == unknownKind {
			v = v.asMany()
		}
		return []element{{v, span}}
	}
	elems := make([]element, len(v.elems))
	for i, el := range v.elems {
		elems[i] = element{el.through(v.via...), span}
	}
	if a := r.b.load(j.e.l).Attributes[attribute]; a != nil {
		if cons, ok := a.Expr.(*hclsyntax.TupleConsExpr); ok && len(cons.Exprs) == len(elems) {
			for i, x := range cons.Exprs {
				elems[i].span = r.s.span(x.Range())
			}
		}
	}
	return elems
}

// isSet reports whether a configured attribute is there and not null.
func isSet(v *value) bool { return v != nil && (v.kind != nullKind || v.hole != nil) }

// place returns where the attribute of r is set, r's header when it is not.
func (r *resource) place(attribute string) source.Span {
	if a := r.b.load(r.e.l).Attributes[attribute]; a != nil {
		if span := r.s.span(a.Expr.Range()); !span.IsZero() {
			return span
		}
	}
	return r.b.header()
}

// identifies reports whether the attribute of that name identifies r to a companion: the string that it is remembers r.
func (r *resource) identifies(name string) bool {
	switch r.typ {
	case "aws_iam_role", "awscc_iam_role", "aws_iam_policy":
		return name == "name" || name == "id" || name == "arn" || name == "role_name"
	}
	return false
}

// withoutListed returns companions without those that an exclusive list of names only repeats.
func withoutListed(cs []*policy.Companion) []*policy.Companion {
	key := func(c *policy.Companion) string {
		return c.Kind.String() + "\x00" + c.Role + "\x00" + c.RoleRef.String() + "\x00" + c.Name.String() + "\x00" + c.ARN.String()
	}
	listed := func(c *policy.Companion) bool { return strings.Contains(c.Address, "_exclusive.") }
	known := map[string]bool{}
	for _, c := range cs {
		if !listed(c) {
			known[key(c)] = true
		}
	}
	return slices.DeleteFunc(cs, func(c *policy.Companion) bool { return listed(c) && known[key(c)] })
}
