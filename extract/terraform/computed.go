package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
)

// computed returns an attribute that does not come from the code as it is written but follows from it: an ARN from the
// name, a known kind of hole. It returns nil for all others.
func (r *resource) computed(name string) *value {
	switch r.typ {
	case "data.aws_iam_policy_document":
		if name == "json" || name == "minified_json" {
			return r.policyDocument()
		}
	case "aws_iam_role", "aws_iam_user", "aws_iam_group", "aws_iam_instance_profile", "aws_iam_policy":
		return r.iamEntity(strings.ReplaceAll(strings.TrimPrefix(r.typ, "aws_iam_"), "_", "-"), name)
	case "data.aws_iam_role", "data.aws_iam_user", "data.aws_iam_group", "data.aws_iam_instance_profile":
		return r.existingEntity(strings.ReplaceAll(strings.TrimPrefix(r.typ, "data.aws_iam_"), "_", "-"), name)
	case "aws_iam_openid_connect_provider", "data.aws_iam_openid_connect_provider":
		return r.oidcProvider(name)
	case "aws_iam_saml_provider", "data.aws_iam_saml_provider":
		if name == "arn" || name == "id" {
			if v := r.configured("arn"); v != nil {
				return v
			}
			return r.join("arn:", r.partition(), ":iam::", r.account(), ":saml-provider/", r.nameOf("name"))
		}
	case "data.aws_caller_identity":
		if name == "account_id" || name == "id" {
			return r.accountHole(r.addr + "." + name)
		}
		if name == "arn" { // of an assumed role in sts, of a user in iam
			service := unknown(r.addr+".arn service", cty.String, r.b.header())
			return r.join("arn:", r.partition(), ":", service, "::", r.account(), ":", unknown(r.addr+".arn resource", cty.String, r.b.header()))
		}
	case "data.aws_partition":
		switch name {
		case "partition", "id":
			return known(policy.Partition, r.addr+"."+name, r.b.header())
		case "dns_suffix":
			return known(policy.DNSSuffix, r.addr+"."+name, r.b.header())
		}
	case "data.aws_region":
		if name == "name" || name == "id" || name == "region" {
			if v := r.configured("name"); v != nil && v.kind != nullKind {
				return v
			}
			if v := r.configured("region"); v != nil && v.kind != nullKind {
				return v
			}
			return known(policy.Region, r.addr+"."+name, r.b.header())
		}
	case "data.aws_organizations_organization", "aws_organizations_organization":
		if name == "id" {
			return known(policy.OwnOrganization, r.addr+"."+name, r.b.header())
		}
	case "data.aws_service_principal":
		return r.servicePrincipal(name)
	case "aws_eks_cluster", "data.aws_eks_cluster":
		if name == "identity" {
			return r.eksIdentity()
		}
	case "data.template_file":
		if name == "rendered" {
			return r.templateFile()
		}
	case "data.local_file", "data.local_sensitive_file":
		if name == "content" {
			return r.localFile()
		}
	case "data.aws_arn":
		if arn := r.configured("arn"); arn != nil {
			if fields, ok := splitARN(arn); ok {
				for i, field := range arnFields {
					if field == name || name == "account" && field == "account_id" {
						return fields[i]
					}
				}
			}
		}
	case "terraform_data":
		if name == "output" {
			if v := r.configured("input"); v != nil {
				return v
			}
		}
	case "data.databricks_aws_assume_role_policy":
		if name == "json" {
			return r.databricksTrust()
		}
	}
	return nil
}

func (r *resource) partition() *value {
	return known(policy.Partition, "partition", r.b.header())
}

func (r *resource) region() *value {
	return known(policy.Region, "region", r.b.header())
}

// account returns the account that r is in.
func (r *resource) account() *value { return r.accountHole("account") }

func (r *resource) accountHole(expr string) *value {
	h := known(policy.OwnAccount, expr, r.b.header())
	r.e.accounts[h.hole] = r.e.provider(r.inst, r.b)
	return h
}

// nameOf returns the configured attribute, a hole where it is not set.
func (r *resource) nameOf(attr string) *value {
	v := r.configured(attr)
	if v == nil || v.kind == nullKind {
		if prefix := r.configured(attr + "_prefix"); prefix != nil && prefix.kind != nullKind {
			return r.join(prefix, unknown(r.addr+"."+attr+" suffix", cty.String, r.b.header()))
		}
		return unknown(r.addr+"."+attr, cty.String, r.b.header())
	}
	return v.asString()
}

func (r *resource) iamEntity(kind, name string) *value {
	switch name {
	case "arn":
		return r.join("arn:", r.partition(), ":iam::", r.account(), ":"+kind, r.setting("path", "/"), r.nameOf("name"))
	case "name", "id":
		if name == "id" && kind == "policy" {
			return r.iamEntity(kind, "arn")
		}
		return r.nameOf("name")
	case "path":
		return r.setting("path", "/")
	}
	return nil
}

// existingEntity is a role or the like that the code refers to by name: its path is not known.
func (r *resource) existingEntity(kind, name string) *value {
	attr := "name"
	if kind != "instance-profile" {
		if v := r.configured(kind + "_name"); v != nil {
			attr = kind + "_name" // provider versions before 2.0, and users and groups
		}
	}
	switch name {
	case "arn":
		path := unknown(r.addr+".path", cty.String, r.b.header())
		return r.join("arn:", r.partition(), ":iam::", r.account(), ":"+kind, path, r.nameOf(attr))
	case "name", "id":
		return r.nameOf(attr)
	}
	return nil
}

// oidcProvider knows that the ARN ends in the URL without its scheme, and that this is how the url attribute reads.
func (r *resource) oidcProvider(name string) *value {
	const marker = "oidc-provider/"
	switch name {
	case "arn", "id":
		if v := r.configured("arn"); v != nil && v.kind != nullKind {
			return v
		}
		if v := r.configured("url"); v != nil && v.kind != nullKind {
			return r.join("arn:", r.partition(), ":iam::", r.account(), ":"+marker, withoutScheme(v.asString()))
		}
	case "url":
		if v := r.configured("url"); v != nil && v.kind != nullKind {
			return withoutScheme(v.asString())
		}
		if v := r.configured("arn"); v != nil && v.kind == stringKind {
			if _, after, ok := cutString(v, marker); ok {
				return after
			}
		}
	}
	return nil
}

// withoutScheme returns a URL without https://.
func withoutScheme(v *value) *value {
	const scheme = "https://"
	if v.kind != stringKind || len(v.parts) == 0 || v.parts[0].Hole != nil || !strings.HasPrefix(v.parts[0].Literal, scheme) {
		return v
	}
	c := *v
	c.parts = append([]policy.Part{v.parts[0].Slice(len(scheme), len(v.parts[0].Literal))}, v.parts[1:]...)
	c.parts = joinParts(c.parts)
	return &c
}

// cutString cuts a string at the first occurrence of sep in its literals.
func cutString(v *value, sep string) (before, after *value, ok bool) {
	for i, p := range v.parts {
		if p.Hole != nil {
			continue
		}
		if at := strings.Index(p.Literal, sep); at >= 0 {
			b, a := *v, *v
			b.parts = joinParts(append(v.parts[:i:i], p.Slice(0, at)))
			a.parts = joinParts(append([]policy.Part{p.Slice(at+len(sep), len(p.Literal))}, v.parts[i+1:]...))
			return &b, &a, true
		}
	}
	return v, nil, false
}

// servicePrincipal is the data source for the name of a service: the same in all regions but for a few old exceptions in
// other partitions.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/service_principal
func (r *resource) servicePrincipal(name string) *value {
	switch name {
	case "name":
		return r.join(r.nameOf("service_name"), ".amazonaws.com")
	case "suffix":
		return text("amazonaws.com", r.b.header())
	}
	return nil
}

func (r *resource) eksIdentity() *value {
	span := r.b.header()
	issuer := r.join("https://oidc.eks.", r.region(), ".amazonaws.com/id/", unknown(r.addr+issuerID, cty.String, span))
	oidc := object([]member{{text("issuer", span), issuer}}, span)
	identity := object([]member{{text("oidc", span), list([]*value{oidc}, span)}}, span)
	return list([]*value{identity}, span)
}

// templateFile is the data source of the template provider, the predecessor of templatefile.
func (r *resource) templateFile() *value {
	tmpl := r.configured("template")
	if tmpl == nil || tmpl.kind != stringKind {
		return tmpl
	}
	var vars []member
	if v := r.configured("vars"); v != nil && v.kind == objectKind {
		vars = v.members
	}
	return r.s.renderTemplate(tmpl, vars, r.b.header())
}

func (r *resource) localFile() *value {
	v := r.configured("filename")
	if v == nil {
		return nil
	}
	name, ok := v.literal()
	if !ok {
		return nil
	}
	f, err := r.s.file(name, r.b.header())
	if err != nil {
		return err
	}
	return fileText(f)
}

// databricksTrust is the policy that Databricks' provider writes.
// https://registry.terraform.io/providers/databricks/databricks/latest/docs/data-sources/aws_assume_role_policy
func (r *resource) databricksTrust() *value {
	span := r.b.header()
	principal := "arn:aws:iam::414351767826:root"
	if v := r.configured("for_log_delivery"); v != nil {
		switch b := toBool(v); {
		case b.kind != boolKind:
			return nil
		case b.truth:
			principal = "arn:aws:iam::414351767826:role/SaasUsageDeliveryRole-prod-IAMRole-3PLHICCRR1TK"
		}
	}
	for _, other := range []string{"aws_partition", "databricks_account_id"} {
		if r.configured(other) != nil {
			return nil
		}
	}
	obj := func(pairs ...any) *value {
		o := object(nil, span)
		for i := 0; i < len(pairs); i += 2 {
			v, ok := pairs[i+1].(*value)
			if !ok {
				v = text(pairs[i+1].(string), span)
			}
			o.members = append(o.members, member{text(pairs[i].(string), span), v})
		}
		return o
	}
	statement := obj("Effect", "Allow", "Action", "sts:AssumeRole", "Principal", obj("AWS", principal))
	if id := r.configured("external_id"); id != nil && id.kind != nullKind {
		statement.members = append(statement.members,
			member{text("Condition", span), obj("StringEquals", obj("sts:ExternalId", id.asString()))})
	}
	return encoded(obj("Version", "2012-10-17", "Statement", list([]*value{statement}, span)), span)
}

// provider returns the name of the provider configuration that b of inst uses, as the root module has it.
func (e *evaluator) provider(inst *instance, b *block) string {
	name := strings.SplitN(b.label(0), "_", 2)[0]
	if a := b.load(e.l).Attributes["provider"]; a != nil {
		name = providerName(e.l.text(a.Expr.Range()))
	}
	for inst.call != nil {
		if a := inst.call.argument(e.l, "providers"); a != nil {
			if cons, ok := a.Expr.(*hclsyntax.ObjectConsExpr); ok {
				for _, it := range cons.Items {
					if providerName(e.l.text(it.KeyExpr.Range())) == name {
						name = providerName(e.l.text(it.ValueExpr.Range()))
						break
					}
				}
			}
		}
		inst = inst.parent
	}
	return name
}

func providerName(s string) string { return strings.Trim(strings.TrimSpace(s), `"`) }
