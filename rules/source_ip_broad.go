package rules

import (
	"net/netip"

	"github.com/trustvet/trustvet/internal/policy"
)

// SourceIPBroad reports address ranges that hold more addresses than an organization has, beside
// principals that say who calls.
var SourceIPBroad = &Rule{
	ID:        "source-ip-broad",
	Title:     "Address range of the condition leaves out next to nothing",
	Level:     Note,
	Severity:  3.0,
	Precision: High,
	Tags:      []string{"network"},
	needs:     asksAddress,
	Check:     sourceIPBroad,
}

func sourceIPBroad(p *Pass) {
	p.addresses(func(s *policy.Statement, c policy.Condition, v policy.Text, prefix netip.Prefix) {
		if s.Effect != policy.Allow || negated(c.Operator) {
			return
		}
		limit := 8
		if prefix.Addr().Is6() {
			limit = 16
		}
		if prefix.Bits() < limit && !p.allClaimed(s) {
			if prefix.Bits() == 0 {
				p.Report(at(s, v), "%s can assume %s from anywhere: %s is every address", allOf(s), p.Document.Role, v)
				return
			}
			p.Report(at(s, v), "%s can assume %s from nearly anywhere: %s holds one in %d addresses", allOf(s), p.Document.Role, v, 1<<prefix.Bits())
		}
	})
}

// addresses calls f for each range that a condition on aws:SourceIp names.
func (p *Pass) addresses(f func(s *policy.Statement, c policy.Condition, v policy.Text, prefix netip.Prefix)) {
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			if c.Name != "aws:sourceip" || !c.Operator.Known || c.Operator.Name != "IpAddress" && c.Operator.Name != "NotIpAddress" || p.claimed(s, -1) {
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
