package rules

import (
	"net/netip"

	"github.com/trustvet/trustvet/internal/policy"
)

// SourceIPPrivate reports private addresses as values of aws:SourceIp, which has the public address of the caller.
var SourceIPPrivate = &Rule{
	ID:        "source-ip-private",
	Title:     "Private address ranges never match the address that AWS sees",
	Level:     Warning,
	Severity:  5.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness", "network"},
	needs:     asksAddress,
	Check:     sourceIPPrivate,
}

func sourceIPPrivate(p *Pass) {
	p.addresses(func(s *policy.Statement, c policy.Condition, v policy.Text, prefix netip.Prefix) {
		if !private(prefix) || s.Effect == policy.Deny && negated(c.Operator) {
			return
		}
		consequence := "this value never matches"
		if len(c.Values) == 1 && !negated(c.Operator) {
			consequence = "nobody can assume " + p.Document.Role + " through this statement"
			if s.Effect == policy.Deny {
				consequence = "the Deny never applies"
			} else if !c.Operator.IfExists {
				p.claimAll(s)
			}
		}
		p.Report(at(s, v), "the policy of %s compares aws:SourceIp, a public address, with the private range %s: %s", p.Document.Role, v, consequence)
	})
}

// private reports whether the addresses of prefix are those of private networks and carriers, RFC 1918, 6598 and 4193.
func private(prefix netip.Prefix) bool {
	for _, p := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10"} {
		if outer := netip.MustParsePrefix(p); outer.Bits() <= prefix.Bits() && outer.Contains(prefix.Addr()) {
			return true
		}
	}
	return false
}
