package cloudformation

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// serverlessSources are the sources of variables of the Serverless Framework that no variable of IAM begins with.
var serverlessSources = []string{"self:", "opt:", "env:", "sls:", "file(", "param:", "cf:", "cf(", "ssm:", "ssm(", "s3:", "s3(", "strToBool(", "git:", "terraform:"}

// serverlessVariable finds a variable of the Serverless Framework, ${self:custom.name} or ${file(x.yml):key}, which that tool
// replaces before CloudFormation sees the template. They also stand in files that a serverless.yml includes.
// https://www.serverless.com/framework/docs/guides/variables
func serverlessVariable(s string) (start, end int, value policy.Text) {
	return findServerless(s, func(inner string) bool {
		for _, source := range serverlessSources {
			if strings.HasPrefix(inner, source) {
				return true
			}
		}
		return false
	})
}

// ownServerlessVariable is serverlessVariable within a serverless.yml, where every source is that tool's.
func ownServerlessVariable(s string) (start, end int, value policy.Text) {
	return findServerless(s, func(inner string) bool {
		n := strings.IndexFunc(inner, func(r rune) bool {
			return !('a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_')
		})
		return n > 0 && (inner[n] == ':' && !strings.HasPrefix(inner[n:], "::") || inner[n] == '(')
	})
}

// findServerless finds the first ${…}, with others in it, that is says is a variable.
func findServerless(s string, is func(inner string) bool) (start, end int, value policy.Text) {
	for from := 0; ; {
		i := strings.Index(s[from:], "${")
		if i < 0 {
			return -1, 0, policy.Text{}
		}
		start = from + i
		depth := 0
		end = -1
		for j := start + 1; j < len(s); j++ {
			if s[j] == '{' {
				depth++
			} else if s[j] == '}' {
				if depth--; depth == 0 {
					end = j + 1
					break
				}
			}
		}
		if end < 0 {
			return -1, 0, policy.Text{}
		}
		if inner := strings.TrimSpace(s[start+2 : end-1]); is(inner) {
			hole := &policy.Hole{Expr: inner, Reason: "a variable of the Serverless Framework"}
			switch inner {
			case "aws:accountId":
				hole.Kind = policy.OwnAccount
			case "aws:region":
				hole.Kind = policy.Region
			}
			return start, end, policy.NewText(policy.HolePart(hole, source.Span{}))
		}
		from = start + 2
	}
}

// extensions returns the mappings under resources.extensions, in which a serverless.yml changes resources that the tool makes
// itself: the role of its functions among them.
func extensions(root *node) []*node {
	resources := root.get("resources")
	list := []*node{resources}
	if resources != nil && resources.kind == listNode {
		list = resources.elements
	}
	var found []*node
	for _, r := range list {
		if e := r.get("extensions"); e != nil && e.kind == mappingNode {
			found = append(found, e)
		}
	}
	return found
}
