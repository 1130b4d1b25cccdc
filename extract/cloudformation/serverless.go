package cloudformation

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// serverlessVariable finds a variable of the Serverless Framework, ${self:custom.name} or ${file(x.yml):key}, which that tool
// replaces before CloudFormation sees the template. Fn::Sub's own variables have no colon or only AWS::.
// https://www.serverless.com/framework/docs/guides/variables
func serverlessVariable(s string) (start, end int, value policy.Text) {
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
		inner := strings.TrimSpace(s[start+2 : end-1])
		n := strings.IndexFunc(inner, func(r rune) bool {
			return !('a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '_')
		})
		if n > 0 && (inner[n] == ':' && !strings.HasPrefix(inner[n:], "::") || inner[n] == '(') {
			hole := &policy.Hole{Expr: inner, Reason: "a variable of the Serverless Framework"}
			return start, end, policy.NewText(policy.HolePart(hole, source.Span{}))
		}
		from = start + 2
	}
}
