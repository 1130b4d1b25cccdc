package rules

import (
	"net/netip"

	"github.com/trustvet/trustvet/internal/policy"
)

// SourceIPBroad reports address ranges that hold more addresses than an organization has.
var SourceIPBroad = &Rule{
	ID:        "source-ip-broad",
	Title:     "Address range of the condition is very large",
	Level:     Warning,
	Severity:  4.5,
	Precision: High,
	Tags:      []string{"network"},
	Check:     sourceIPBroad,
}

func sourceIPBroad(p *Pass) {
	p.addresses(func(s *policy.Statement, c policy.Condition, v policy.Text, prefix netip.Prefix) {
		if s.Effect != policy.Allow || negated(c.Operator) || identityBound(s) {
			return
		}
		if limit := 8; prefix.Bits() > 0 && prefix.Bits() < limit || prefix.Addr().Is6() && prefix.Bits() > 0 && prefix.Bits() < 16 {
			p.Report(at(s, v), "%s can assume %s from any address of %s, one of every %d of the internet", allOf(s), p.Document.Role, v, 1<<prefix.Bits())
		}
	})
}

// addresses calls f for each range that a condition on aws:SourceIp names.
func (p *Pass) addresses(f func(s *policy.Statement, c policy.Condition, v policy.Text, prefix netip.Prefix)) {
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			if keyName(c) != "aws:sourceip" || !c.Operator.Known || c.Operator.Name != "IpAddress" && c.Operator.Name != "NotIpAddress" || p.claimed(s, -1) {
				continue
			}
			for _, v := range c.Values {
				text, known := v.Literal()
				if !known {
					continue
				}
				prefix, err := netip.ParsePrefix(text)
				if err != nil {
					addr, err := netip.ParseAddr(text)
					if err != nil {
						continue
					}
					prefix = netip.PrefixFrom(addr, addr.BitLen())
				}
				f(s, c, v, prefix.Masked())
			}
		}
	}
}

// identityBound reports whether the principals of s, or a condition, say who calls.
func identityBound(s *policy.Statement) bool {
	for _, pr := range s.Principals {
		if subjectOf(pr).kind == anyAWS {
			for _, c := range s.Conditions {
				if classOf(keyName(c)) == identityKey && asksForValue(c) {
					return true
				}
			}
			return false
		}
	}
	return true
}
