package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// IRSASubMissing reports trust in an EKS cluster without a condition on the service account.
var IRSASubMissing = &Rule{
	ID:        "irsa-sub-missing",
	Title:     "Every pod of the cluster can assume the role",
	Level:     Error,
	Severity:  8.0,
	Precision: VeryHigh,
	Tags:      []string{"exposure", "oidc", "eks"},
	needs:     trustsCluster,
	Check:     irsaSubMissing,
}

func irsaSubMissing(p *Pass) {
	p.unboundTokens(isCluster, "system:serviceaccount:any:pod", func(s *policy.Statement, i int, r *access.Request) {
		fd := p.Report(used(s, s.Principals[i].ID), "every pod of the EKS cluster%s can assume %s: no condition on sub says which service account",
			clusterOf(subjectOf(s.Principals[i])), p.Document.Role)
		fd.Witness = r
	})
}

// isCluster reports whether pr stands for an EKS cluster, also one whose ID or region is not known.
func isCluster(pr policy.Principal) bool {
	if pr.Type != policy.Federated {
		return false
	}
	kind, name := providerNamed(outline(pr.ID))
	return kind == oidcProvider && strings.HasPrefix(name, "oidc.eks.")
}

// clusterOf returns the ID of an EKS cluster after a space, "" when the code does not say it: the expression that it comes from
// names the instance of the module, not the cluster.
func clusterOf(sub subject) string {
	_, id, _ := strings.Cut(sub.name.String(), "/id/")
	if id == "" || sub.name.Unknown() != nil {
		return ""
	}
	return " " + id
}

// anySubject is the subject of a token that nobody means to let in.
const anySubject = "anyone"

// unboundTokens calls f for each principal that stands for an OIDC provider that is wanted and whose tokens s lets in whoever they
// are about, with a request of one with that subject.
func (p *Pass) unboundTokens(wanted func(policy.Principal) bool, subject string, f func(s *policy.Statement, i int, r *access.Request)) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			if kindOf(pr) != oidcProvider || !wanted(pr) || p.claimed(s, i) || bindsToken(s, i) {
				continue
			}
			var claim []policy.Condition
			subject := subject // another one for another principal
			if address := pr.Issuer; address != "" {
				for _, c := range s.Conditions {
					if pattern := openSubject(c); pattern != "" && c.Name == address+":sub" && !glob(pattern, subject) {
						subject = plain(pattern)
					}
				}
				claim = append(claim, access.If("StringEquals", claimOf(s, i, "sub"), subject))
			}
			if show := p.shows(s, i, claim...); !show.refuted && p.claim(s, i) {
				f(s, i, show.request)
			}
		}
	}
}

// bindsToken reports whether s asks of the tokens of its principal i for a value of a claim other than the audience, which all
// tokens for AWS have in common, or may do so.
func bindsToken(s *policy.Statement, i int) bool {
	address := s.Principals[i].Issuer
	for _, c := range s.Conditions {
		key := c.Name
		owner, name := splitClaim(key)
		switch {
		case key == "":
			if bindsClaim(&policy.Statement{Conditions: []policy.Condition{c}}, ":sub") {
				return true
			}
		case owner == address && name != "aud" && name != "iss" && asksForValue(c) && !(c.Operator.IfExists && name != "sub"):
			if name != "sub" || openSubject(c) == "" {
				return true
			}
		}
	}
	return false
}

// subjectWords are the names of parts in the subjects of build services with an issuer for each tenant, which say nothing of whose a
// token is: org/ID/project/ID/user/ID at CircleCI, space:ID:stack:ID:run_type:TYPE:scope:SCOPE at Spacelift.
var subjectWords = []string{"org", "project", "user", "space", "stack", "module", "run_type", "scope"}

// openSubject returns a value of c, a condition on the subject, that is made of wildcards and such names alone, "" when it has none.
func openSubject(c policy.Condition) string {
	if !strings.HasSuffix(c.Operator.Name, "Like") {
		return ""
	}
	for _, v := range c.Values {
		pattern, known := v.Literal()
		words := strings.FieldsFunc(pattern, func(r rune) bool { return strings.ContainsRune("*?:/{}", r) })
		if known && strings.Contains(pattern, "*") && !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(subjectWords, w) }) {
			return pattern
		}
	}
	return ""
}
