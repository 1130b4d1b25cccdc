package terraform

import (
	"embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
)

// Well-known modules whose code is rarely in the tree, in a short form of our own: their inputs, trust policy, role and
// the outputs that name it.
//
//go:embed stubs/*.tf
var stubFiles embed.FS

// stubName returns the stub for a module source, "" where there is none.
func stubName(src string) string {
	src = strings.TrimPrefix(src, "git::")
	src, _, _ = strings.Cut(src, "?")
	src = strings.ToLower(strings.ReplaceAll(src, ".git", ""))
	for _, host := range []string{"https://", "ssh://", "git@", "registry.terraform.io/", "github.com/", "github.com:"} {
		src = strings.TrimPrefix(src, host)
	}
	src, sub, _ := strings.Cut(src, "//")
	sub = strings.TrimPrefix(sub, "modules/")
	switch strings.TrimSuffix(strings.Replace(strings.Replace(src, "/terraform-aws-", "/", 1), "/terraform-null-", "/", 1), "/aws") {
	case "terraform-aws-modules/iam":
		switch sub {
		case "iam-assumable-role", "iam-assumable-role-with-oidc", "iam-assumable-role-with-saml", "iam-github-oidc-role", "iam-eks-role",
			"iam-role", "iam-role-for-service-accounts":
			return sub
		case "iam-role-for-service-accounts-eks":
			return "iam-role-for-service-accounts"
		}
	case "terraform-aws-modules/eks":
		switch sub {
		case "":
			return "eks"
		case "eks-managed-node-group", "self-managed-node-group", "fargate-profile", "karpenter":
			return sub
		}
	case "terraform-aws-modules/ecs":
		switch sub {
		case "":
			return "ecs"
		case "service":
			return "ecs-service"
		}
	case "terraform-aws-modules/lambda":
		if sub == "" {
			return "lambda"
		}
	case "terraform-aws-modules/eventbridge":
		if sub == "" {
			return "eventbridge"
		}
	case "terraform-aws-modules/step-functions":
		return "step-functions"
	case "terraform-aws-modules/eks-pod-identity":
		return "eks-pod-identity"
	case "cloudposse/iam-role":
		return "cloudposse-iam-role"
	case "cloudposse/eks-iam-role":
		return "cloudposse-eks-iam-role"
	case "cloudposse/label", "cloudposse/label/null":
		return "cloudposse-label"
	}
	return ""
}

// stub returns our own short form of the module that b calls, nil when there is none. Whatever is in it lies at the call.
func (e *evaluator) stub(inst *instance, b *block, src string) *module {
	name := stubName(src)
	if name == "" {
		return nil
	}
	content, err := stubFiles.ReadFile("stubs/" + name + ".tf")
	if err != nil {
		return nil
	}
	newest := anyVersion
	switch {
	case inst.mod != nil && inst.mod.stub:
		newest = inst.mod.newest // a part of the module that calls it
	default:
		if _, query, ok := strings.Cut(src, "?ref="); ok {
			newest = newestVersion(query)
		} else if a := b.load(e.l).Attributes["version"]; a != nil {
			if constraint, ok := (&scope{e: e, inst: inst}).eval(a.Expr).literal(); ok {
				newest = newestVersion(constraint)
			}
		}
	}
	m := e.l.stubModule(fmt.Appendf(content, "locals {\n  newest_version = %d\n}\n", newest), inst.mod.dir, b.header())
	m.newest = newest
	return m
}

// anyVersion is the newest version where no constraint says otherwise. A version is 1000 times its major number plus its
// minor one.
const anyVersion = 999_999

// newestVersion returns the newest version that a constraint such as "~> 5.39.0" or a tag such as v5.39.1 admits.
// https://developer.hashicorp.com/terraform/language/expressions/version-constraints
func newestVersion(constraint string) int {
	newest := anyVersion
	for term := range strings.SplitSeq(constraint, ",") {
		term = strings.TrimSpace(term)
		number := strings.TrimLeft(term, "=!<>~ v")
		operator := strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(term, number), "v"))
		var parts [3]int
		count := 0
		for part := range strings.SplitSeq(number, ".") {
			n, err := strconv.Atoi(part)
			if err != nil || n < 0 || n > 999 || count == len(parts) {
				break
			}
			parts[count] = n
			count++
		}
		if count == 0 {
			continue
		}
		version := parts[0]*1000 + parts[1]
		switch {
		case operator == "~>" && count == 2:
			version = parts[0]*1000 + 999
		case operator == "<" && parts[2] == 0 && parts[1] == 0:
			version = parts[0]*1000 - 1
		case operator == "<" && parts[2] == 0:
			version--
		case operator == "~>" && count == 1, operator == ">", operator == ">=", operator == "!=":
			continue
		}
		newest = min(newest, version)
	}
	return newest
}

func (l *loader) stubModule(content []byte, dir string, at source.Span) *module {
	o := &origin{src: content, at: at}
	fileName := l.addUnnamed(o)
	m := newModule(dir)
	m.stub = true
	f := source.NewFile(fileName, content)
	for _, b := range l.fileBlocks(f) {
		b.at = at
		l.addBlock(m, b, false)
	}
	return m
}
