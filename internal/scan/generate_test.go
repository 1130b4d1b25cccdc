package scan

import (
	"fmt"
	"strings"
)

// A generator writes trees that are well formed for the most part. It takes its decisions from bytes, so that a fuzzer that
// changes a byte changes a tree in one place; when there are no more, it chooses what is simplest.
type generator struct {
	bytes []byte
	depth int
}

// choose returns a number from 0 to n-1.
func (g *generator) choose(n int) int {
	if len(g.bytes) == 0 {
		return 0
	}
	b := g.bytes[0]
	g.bytes = g.bytes[1:]
	return int(b) % n
}

func (g *generator) of(texts ...string) string { return texts[g.choose(len(texts))] }

// list returns up to n of what element writes, with commas.
func (g *generator) list(n int, element func() string) string {
	var texts []string
	for range g.choose(n + 1) {
		texts = append(texts, element())
	}
	return strings.Join(texts, ", ")
}

// deeper runs one of the writers, the first when the nesting is deep.
func (g *generator) deeper(writers ...func() string) string {
	i := g.choose(len(writers))
	if g.depth++; g.depth > 4 {
		i = 0
	}
	defer func() { g.depth-- }()
	return writers[i]()
}

// tree writes a tree of a few files in all languages.
func (g *generator) tree() map[string]string {
	files := map[string]string{}
	for range 1 + g.choose(3) {
		switch g.choose(6) {
		case 0:
			files["main.tf"] = g.module(true)
		case 1:
			files["m/main.tf"] = g.module(false)
		case 2:
			files["t.yaml"] = g.template()
		case 3:
			files["p.json"] = g.policy(g.literal)
		case 4:
			files["terraform.tfvars"] = "v = " + g.expression() + "\nw = " + g.expression() + "\n"
		case 5:
			files["u/terragrunt.hcl"] = "terraform {\n  source = \"" + g.of("../m", "..//m", ".", "${get_parent_terragrunt_dir()}/m") + "\"\n}\n" +
				g.of("", "include \"root\" {\n  path = find_in_parent_folders(\"main.tf\")\n}\n", "locals {\n  l = "+g.expression()+"\n}\n") +
				"inputs = " + g.of("{}", "{ v = "+g.expression()+" }", "merge(local.l, { w = 1 })") + "\n"
		}
	}
	return files
}

// A literal for each place where a policy has a string.
func (g *generator) literal(kind string) string {
	switch kind {
	case "Effect":
		return `"` + g.of("Allow", "Allow", "Allow", "Deny", "Deny", "allow") + `"`
	case "Action":
		return `"` + g.of("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:*", "*", "sts:TagSession", "s3:Get") + `"`
	case "Principal":
		return `"` + g.of("*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::222233334444:role/a", "ec2.amazonaws.com", "AIDAQ", "",
			"token.actions.githubusercontent.com", "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "cognito-identity.amazonaws.com") + `"`
	}
	return `"` + g.of("*", "x", "repo:acme/*", "repo:acme/app:ref:refs/heads/main", "true", "o-abcdefghij", "10.0.0.0/8", "arn:aws:iam::*:role/a?", "2027-01-01", "5", "${aws:username}", "") + `"`
}

// policy writes a trust policy in JSON, with what text gives for the strings in it.
func (g *generator) policy(text func(kind string) string) string {
	several := func(kind string) string {
		if g.choose(3) == 0 {
			return "[" + g.list(3, func() string { return text(kind) }) + "]"
		}
		return text(kind)
	}
	condition := func() string {
		operator := g.of("StringEquals", "StringLike", "StringNotEquals", "ForAllValues:StringLike", "ForAnyValue:StringEqualsIfExists", "Null", "Bool", "IpAddress",
			"NotIpAddress", "ArnLike", "ArnNotEquals", "DateGreaterThan", "NumericLessThan", "StringEqualsX")
		return `"` + operator + `": {` + g.list(2, func() string {
			return `"` + g.of("aws:PrincipalOrgID", "sts:ExternalId", "token.actions.githubusercontent.com:sub", "token.actions.githubusercontent.com:aud", "aws:PrincipalArn",
				"aws:SourceIp", "aws:MultiFactorAuthPresent", "aws:PrincipalTag/x", "aws:TagKeys", "aws:CurrentTime", "x") + `": ` + several("Value")
		}) + "}"
	}
	statement := func() string {
		s := `{"Effect": ` + text("Effect") + `, "` + g.of("Action", "NotAction") + `": ` + several("Action") + `, "` + g.of("Principal", "NotPrincipal") + `": `
		if g.choose(4) == 0 {
			s += text("Principal")
		} else {
			s += `{"` + g.of("AWS", "Service", "Federated", "CanonicalUser") + `": ` + several("Principal") + "}"
		}
		if g.choose(2) == 1 {
			s += `, "Condition": {` + g.list(3, condition) + "}"
		}
		return s + "}"
	}
	if g.choose(4) == 0 {
		return `{"Statement": ` + statement() + "}"
	}
	return `{"Version": "2012-10-17", "Statement": [` + g.list(4, statement) + "]}"
}

// module writes a Terraform module.
func (g *generator) module(root bool) string {
	var b strings.Builder
	b.WriteString("variable \"v\" {\n" + g.of("", "  default = "+g.expression()+"\n", "  type = "+g.of("string", "list(string)", "map(any)", "object({ a = optional(string, \"x\") })")+"\n") + "}\n")
	b.WriteString("locals {\n  l = " + g.expression() + "\n  k = " + g.expression() + "\n}\n")
	for i := range 1 + g.choose(3) {
		fmt.Fprintf(&b, "resource \"aws_iam_role\" \"r%d\" {\n", i)
		b.WriteString(g.of("", "  count = "+g.expression()+"\n", "  for_each = "+g.expression()+"\n"))
		b.WriteString("  assume_role_policy = " + g.document() + "\n}\n")
	}
	if g.choose(2) == 1 {
		b.WriteString("data \"aws_iam_policy_document\" \"d\" {\n  statement {\n    effect = " + g.literal("Effect") + "\n    actions = [" + g.expression() + "]\n    " +
			g.of("principals", "not_principals") + " {\n      type = \"AWS\"\n      identifiers = " + g.expression() + "\n    }\n")
		b.WriteString(g.of("", "    dynamic \"condition\" {\n      for_each = "+g.expression()+"\n      content {\n        test = \"StringEquals\"\n        variable = condition.key\n        values = [condition.value]\n      }\n    }\n"))
		b.WriteString("  }\n" + g.of("", "  source_policy_documents = ["+g.document()+"]\n", "  override_policy_documents = "+g.expression()+"\n") + "}\n")
	}
	if root && g.choose(2) == 1 {
		b.WriteString("module \"m\" {\n  source = \"./m\"\n" + g.of("", "  count = 2\n", "  for_each = "+g.expression()+"\n") + "  v = " + g.expression() + "\n}\n")
	}
	if g.choose(4) == 1 {
		b.WriteString("moved {\n  from = aws_iam_role." + g.of("r0", "r1", "old") + "\n  to = " + g.of("aws_iam_role.r1", "module.m.aws_iam_role.r0") + "\n}\n")
	}
	return b.String()
}

// document writes an expression that may be a trust policy.
func (g *generator) document() string {
	return g.deeper(
		func() string { return "jsonencode(" + g.policy(g.hclText) + ")" },
		func() string { return "<<-E\n" + g.policy(g.literal) + "\nE\n" },
		func() string { return `file("p.json")` },
		func() string { return `templatefile("${path.module}/p.json", { x = ` + g.expression() + " })" },
		func() string { return "data.aws_iam_policy_document.d.json" },
		func() string { return g.expression() + " ? " + g.document() + " : " + g.document() },
		func() string { return "jsonencode(merge(" + g.policy(g.hclText) + ", " + g.expression() + "))" },
		g.expression,
	)
}

// hclText writes a string of a policy as an expression of Terraform.
func (g *generator) hclText(kind string) string {
	if g.choose(3) == 0 {
		return g.expression()
	}
	return strings.ReplaceAll(g.literal(kind), "${", "$${")
}

// expression writes an expression of Terraform.
func (g *generator) expression() string {
	e := g.expression
	return g.deeper(
		func() string {
			return g.of(`"*"`, "var.v", "local.l", "local.k", "each.key", "each.value", "count.index", "null", "true", "2", "[]", "{}", `"arn:aws:iam::${var.v}:root"`, "module.m",
				"data.aws_caller_identity.x.account_id", "aws_iam_role.r0.arn", "terraform.workspace", "var.v[*].a", "local.l[0]", "local.k.a", `"${local.l}"`)
		},
		func() string { return "[" + g.list(3, e) + "]" },
		func() string { return "{ a = " + e() + ", (" + e() + ") = " + e() + " }" },
		func() string { return "(" + e() + g.of(" == ", " && ", " + ", " % ", " > ") + e() + ")" },
		func() string { return "(" + e() + " ? " + e() + " : " + e() + ")" },
		func() string {
			return "[for x in " + e() + " : " + g.of("x", e()) + g.of("", " if x != null", " if "+e()) + "]"
		},
		func() string {
			return "{ for k, x in " + e() + " : " + g.of("k", "x", "x.a") + " => " + g.of("x", e()) + g.of("", "...") + " }"
		},
		func() string {
			return g.of("try", "merge", "concat", "coalesce", "flatten", "distinct", "toset", "tolist", "tomap", "keys", "values", "length", "jsonencode", "jsondecode", "yamldecode",
				"yamlencode", "setproduct", "zipmap", "compact", "sort", "reverse", "range", "tostring", "can", "one", "sum") + "(" + g.list(3, e) + ")"
		},
		func() string {
			return g.of("join", "split", "format", "formatlist", "lookup", "element", "replace", "regex", "regexall", "slice", "substr", "contains", "trimprefix", "chunklist", "cidrsubnet") +
				"(" + e() + ", " + e() + g.of("", ", "+e()) + ")"
		},
		func() string { return `"a-${` + e() + `}-%{ for x in ` + e() + ` ~}${x}%{ endfor ~}"` },
		func() string { return e() + g.of("[0]", ".a", "[*]", "[*].a", `["a"]`) },
	)
}

// template writes a CloudFormation template. Its role is R.
func (g *generator) template() string {
	var b strings.Builder
	b.WriteString(g.of("", "Transform: "+g.of("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "[AWS::LanguageExtensions, {Name: AWS::Include, Parameters: {Location: p.json}}]")+"\n"))
	b.WriteString("Parameters:\n  P: {Type: " + g.of("String", "CommaDelimitedList", "AWS::SSM::Parameter::Value<String>") + g.of("", ", Default: '*'", ", Default: a, AllowedValues: [a, '*']") + "}\n")
	b.WriteString("Conditions:\n  C: " + g.condition() + "\n  D: " + g.condition() + "\nMappings:\n  M: {a: {b: '*', c: [x, y]}, '111122223333': {b: z}}\n")
	b.WriteString("Resources:\n" + g.of("", "  Fn::ForEach::L: [X, "+g.value("Value")+", {'Q${X}': {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Ref: X}}}}]\n"))
	b.WriteString("  R:\n    Type: AWS::IAM::Role\n" + g.of("", "    Condition: C\n") + "    Properties:\n      AssumeRolePolicyDocument: ")
	b.WriteString(g.deeper(
		func() string { return g.policy(g.value) },
		func() string { return `{"Fn::If": ["C", ` + g.policy(g.value) + ", " + g.policy(g.value) + "]}" },
		func() string {
			return `{"Fn::Sub": [` + quoted(g.policy(g.literal)) + `, {"x": ` + g.value("Value") + "}]}"
		},
		func() string {
			return `{"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "p.json"}}}`
		},
		func() string { return g.value("Value") },
	))
	return b.String() + "\n"
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// condition writes a condition of a template.
func (g *generator) condition() string {
	return g.deeper(
		func() string { return `{"Fn::Equals": [` + g.value("Value") + ", " + g.value("Value") + "]}" },
		func() string { return `{"Fn::Not": [` + g.condition() + "]}" },
		func() string {
			return `{"Fn::` + g.of("And", "Or") + `": [` + g.condition() + ", " + g.condition() + "]}"
		},
		func() string { return `{"Condition": "` + g.of("C", "D", "E") + `"}` },
	)
}

// value writes a string of a policy, or what takes its place in a template.
func (g *generator) value(kind string) string {
	v := func() string { return g.value(kind) }
	return g.deeper(
		func() string { return g.literal(kind) },
		func() string {
			return `{"Ref": "` + g.of("P", "R", "X", "AWS::AccountId", "AWS::NoValue", "AWS::Partition", "AWS::StackName") + `"}`
		},
		func() string {
			return `{"Fn::Sub": "` + g.of("arn:aws:iam::${AWS::AccountId}:root", "${P}", "${R.Arn}x", "${!x}", "${M}", "a${P}b${P}") + `"}`
		},
		func() string { return `{"Fn::Join": ["` + g.of("", ",", ":") + `", [` + g.list(3, v) + "]]}" },
		func() string { return `{"Fn::If": ["` + g.of("C", "D", "E") + `", ` + v() + ", " + v() + "]}" },
		func() string { return `{"Fn::FindInMap": ["M", ` + v() + `, "` + g.of("b", "c") + `"]}` },
		func() string { return `{"Fn::Select": [` + g.of("0", "1", `{"Ref": "P"}`) + ", " + v() + "]}" },
		func() string { return `{"Fn::Split": [",", ` + v() + "]}" },
		func() string { return `{"Fn::GetAtt": ["R", "` + g.of("Arn", "RoleId") + `"]}` },
		func() string { return "[" + g.list(3, v) + "]" },
		func() string { return `{"Fn::ToJsonString": ` + v() + "}" },
	)
}
