package rules

import (
	"fmt"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// IRSASubWildcard reports patterns for the namespace or the service account of an EKS cluster.
var IRSASubWildcard = &Rule{
	ID:        "irsa-sub-wildcard",
	Title:     "Service accounts that are a pattern can assume the role",
	Level:     Error,
	Severity:  7.5,
	Precision: High,
	Tags:      []string{"exposure", "oidc", "eks"},
	needs:     trustsCluster | usesWildcard,
	Check:     irsaSubWildcard,
}

func irsaSubWildcard(p *Pass) {
	for _, s := range p.Document.Statements {
		if covered, _ := allows(s, access.AssumeRoleWithWebIdentity); s.Effect != policy.Allow || s.Incomplete || !covered {
			continue
		}
		for i, pr := range s.Principals {
			if pr.Type != policy.Federated || p.claimed(s, i) {
				continue
			}
			for _, c := range s.Conditions {
				if !isClusterSubject(pr, c) {
					continue
				}
				for _, v := range c.Values {
					if subject, known := spelledOut(v); known && p.openServiceAccount(s, i, v, subject, isCluster(pr)) {
						break
					}
				}
			}
		}
	}
}

// isClusterSubject reports whether c compares the subject of tokens with patterns and the tokens are those of pr, which may be
// an EKS cluster. The ID of a cluster is rarely in the code: then the keys of its claims are not known either, but for their end.
func isClusterSubject(pr policy.Principal, c policy.Condition) bool {
	if !mayBeCluster(pr) || c.Operator.Name != "StringLike" {
		return false
	}
	if address := pr.Issuer; address != "" {
		return c.Name == address+":sub"
	}
	return c.Key.Hole() != nil && c.Key.HasSuffix(":sub")
}

// mayBeCluster reports whether the federated pr is an EKS cluster, or not known well enough to tell.
func mayBeCluster(pr policy.Principal) bool { return pr.Issuer == "" || isCluster(pr) }

// openServiceAccount reports the subject of service accounts of several names or namespaces. Of an issuer that is not known it
// may not be that of a cluster: then only what has the form of one counts.
func (p *Pass) openServiceAccount(s *policy.Statement, i int, v policy.Text, subject string, cluster bool) bool {
	rest, ok := strings.CutPrefix(subject, "system:serviceaccount:")
	namespace, name, _ := strings.Cut(rest, ":")
	wide := !ok && cluster && strings.ContainsAny(subject, "*?") || ok && strings.ContainsAny(namespace, "*?")
	if !wide && !(ok && strings.ContainsAny(name, "*?")) {
		return false
	}
	var show showing
	if cluster && s.Principals[i].Issuer != "" {
		show = p.shows(s, i, access.If("StringLike", claimOf(s, i, "sub"), serviceAccountLike(subject)))
	}
	if show.refuted || !p.claim(s, i) {
		return false
	}
	if wide {
		p.Report(at(s, v), "pods of every namespace that %s matches can assume %s", quoted(v), p.Document.Role).Witness = show.request
		return true
	}
	if strings.Trim(name, "*") == "" {
		name = ""
	} else {
		name = fmt.Sprintf(" that %q matches", name)
	}
	fd := p.Report(at(s, v), "pods of every service account%s in the namespace %s can assume %s", name, namespace, p.Document.Role)
	fd.Level, fd.Severity = Warning, 5.0
	fd.Witness = show.request
	return true
}

// serviceAccountLike returns the subject of a service account that nobody means and pattern matches.
func serviceAccountLike(pattern string) string {
	for _, subject := range []string{"system:serviceaccount:any:pod", plain(pattern), plain(pattern) + ":pod"} {
		if glob(pattern, subject) && strings.Count(subject, ":") == 3 {
			return subject
		}
	}
	return plain(pattern)
}
