package terraform

import (
	"regexp"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Where a pattern is said to match a string with holes, there it matches whatever the holes are.
func TestPatternsMatchWhateverTheHolesAre(t *testing.T) {
	literal := func(s string) policy.Part { return policy.Literal(s, source.Span{}) }
	hole := func(kind policy.HoleKind, expr string) policy.Part {
		return policy.HolePart(&policy.Hole{Kind: kind, Expr: expr}, source.Span{})
	}
	account, partition, region := hole(policy.OwnAccount, "account"), hole(policy.Partition, "partition"), hole(policy.Region, "region")
	id := hole(policy.Unknown, "aws_eks_cluster.c"+issuerID)
	others := []map[string]string{ // none of them a form that is looked at
		{"account": "555566667777", "partition": "aws-eusc", "region": "eusc-de-east-1", id.Hole.Expr: "A0A0A0A0B1B1B1B1C2C2C2C2D3D3D3D3"},
		{"account": "100000000001", "partition": "aws-iso-b", "region": "us-isob-east-1", id.Hole.Expr: "99999999999999999999999999999999"},
		{"account": "222222222222", "partition": "aws", "region": "me-central-1", id.Hole.Expr: "DEADBEEFDEADBEEFDEADBEEFDEADBEEF"},
	}
	texts := [][]policy.Part{
		{literal("https://oidc.eks."), region, literal(".amazonaws.com/id/"), id},
		{literal("arn:"), partition, literal(":iam::"), account, literal(":oidc-provider/oidc.eks."), region, literal(".amazonaws.com/id/"), id},
		{account, region},
		{literal("plain")},
		{},
	}
	patterns := []string{
		``, `.*`, `^`, `$`, `/`, `[^/]+$`, `^https?://`, `^(.*provider/)`, `.*id/`, `oidc-provider/(.*)`, `:(\d{12}):`, `^arn:([^:]+):`,
		`[0-9]+`, `[a-z0-9-]+`, `us-east-1`, `(a)|(.)`, `\b`, `[A-F0-9]{32}`, `(oidc)\.eks\.(?:.*)\.amazonaws`, `\.([^.]+)\.amazonaws`,
	}
	known := 0
	for _, parts := range texts {
		for _, pattern := range patterns {
			re := regexp.MustCompile(pattern)
			got, ok := cuts(re, parts, -1, false)
			if !ok {
				continue
			}
			known++
			for _, other := range others {
				fill := func(parts []policy.Part) string {
					var b strings.Builder
					for _, p := range parts {
						if p.Hole != nil {
							b.WriteString(other[p.Hole.Expr])
						} else {
							b.WriteString(p.Literal)
						}
					}
					return b.String()
				}
				full := fill(parts)
				want := re.FindAllStringSubmatchIndex(full, -1)
				if len(got) != len(want) {
					t.Errorf("%q in %q: %d matches, want %d", pattern, full, len(got), len(want))
					continue
				}
				for i, m := range got {
					for j := 0; j < len(m); j += 2 {
						if (m[j] == noCut) != (want[i][j] < 0) {
							t.Errorf("%q in %q: group %d is there or not", pattern, full, j/2)
						} else if m[j] != noCut && fill(between(parts, m[j], m[j+1])) != full[want[i][j]:want[i][j+1]] {
							t.Errorf("%q in %q: group %d is %q, want %q", pattern, full, j/2, fill(between(parts, m[j], m[j+1])), full[want[i][j]:want[i][j+1]])
						}
					}
				}
			}
		}
	}
	if known < 40 {
		t.Errorf("only %d of the patterns are said to match or not", known)
	}
}
