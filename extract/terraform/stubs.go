package terraform

import (
	"embed"
	"path"
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
	switch base := path.Base(src); {
	case strings.Contains(src, "terraform-aws-modules/iam/aws//modules/"), strings.Contains(src, "terraform-aws-modules/terraform-aws-iam//modules/"):
		switch base {
		case "iam-assumable-role", "iam-assumable-role-with-oidc", "iam-assumable-role-with-saml", "iam-github-oidc-role", "iam-eks-role",
			"iam-role", "iam-role-for-service-accounts":
			return base
		case "iam-role-for-service-accounts-eks":
			return "iam-role-for-service-accounts"
		}
	case src == "cloudposse/iam-role/aws", src == "cloudposse/terraform-aws-iam-role":
		return "cloudposse-iam-role"
	case src == "cloudposse/eks-iam-role/aws", src == "cloudposse/terraform-aws-eks-iam-role":
		return "cloudposse-eks-iam-role"
	case src == "cloudposse/label/null", src == "cloudposse/terraform-null-label":
		return "cloudposse-label"
	case src == "terraform-aws-modules/eks/aws", src == "terraform-aws-modules/terraform-aws-eks":
		return "eks"
	case src == "terraform-aws-modules/lambda/aws", src == "terraform-aws-modules/terraform-aws-lambda":
		return "lambda"
	case src == "terraform-aws-modules/eventbridge/aws", src == "terraform-aws-modules/terraform-aws-eventbridge":
		return "eventbridge"
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
	return e.l.stubModule(content, inst.mod.dir, b.header())
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
