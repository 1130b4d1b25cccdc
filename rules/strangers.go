package rules

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// customers are the callers of a foreign account who act for another of its customers: whoever the principal names, without
// an external ID of ours.
func (p *Pass) customers(sub subject, pr policy.Principal) []caller {
	id, known := sub.account.Literal()
	if !known {
		return nil
	}
	principal := "arn:aws:iam::" + id + ":role/anyone"
	if sub.kind != account {
		if principal, known = sampleIn(pr.ID, p.world(&policy.Statement{Principals: []policy.Principal{pr}})); !known {
			return nil
		}
	}
	if p.asksNothing() {
		return []caller{{principal: principal, action: access.AssumeRole, context: access.Context{}}}
	}
	ours, whole := "arn:aws:iam::"+id+":", sub.kind == account
	sets := func(key string) []string {
		switch key {
		case "aws:principalarn":
			if !whole {
				return nil
			}
			return p.filled(key, func(v string) bool { return strings.HasPrefix(v, ours) })
		case "aws:principalaccount":
			return []string{id}
		case "sts:externalid":
			return append(p.filled(key, func(v string) bool { return strings.ContainsAny(v, "*?") }), "any-external-id")
		}
		return nil
	}
	return []caller{{
		principal: principal, action: access.AssumeRole, sets: sets,
		context: attributes("aws:PrincipalArn", principal, "aws:PrincipalAccount", id, "aws:PrincipalIsAWSService", "false",
			"aws:SecureTransport", "true", "sts:RoleSessionName", "anyone"),
		pinned: func(key string) bool {
			switch classOf(key) {
			case identityKey, sourceKey, networkKey, mfaKey, externalIDKey, environmentKey, claimKey, otherKey:
				return true
			}
			return false
		},
	}}
}

// asksNothing reports whether the policy has no condition, so that nothing matters of a caller but the name.
func (p *Pass) asksNothing() bool {
	return !slices.ContainsFunc(p.Document.Statements, func(s *policy.Statement) bool { return len(s.Conditions) > 0 })
}

// filled returns the values of the policy for key that are wanted, with something in place of their wildcards.
func (p *Pass) filled(key string, wanted func(string) bool) []string {
	var values []string
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			if c.Name != key || negated(c.Operator) || s.Effect != policy.Allow {
				continue
			}
			for _, v := range c.Values {
				if pattern, known := v.Literal(); known && wanted(pattern) {
					values = append(values, spellOut(pattern, "xx", "x"))
				}
			}
		}
	}
	return values
}

// deputies are the calls of a service for a resource of another account.
func (p *Pass) deputies(pr policy.Principal) []caller {
	name, known := sample(pr.ID)
	if !known {
		return nil
	}
	if p.asksNothing() {
		return []caller{{principal: name, action: access.AssumeRole, context: access.Context{}}}
	}
	short, _, _ := strings.Cut(name, ".")
	arn := "arn:aws:" + short + ":us-east-1:" + outsiderAccount + ":anything"
	elsewhere := caller{
		principal: name, action: access.AssumeRole,
		context: attributes("aws:PrincipalIsAWSService", "true", "aws:PrincipalServiceName", name, "aws:SecureTransport", "true",
			"sts:RoleSessionName", "service", "aws:SourceArn", arn, "aws:SourceAccount", outsiderAccount),
		sets: func(key string) []string {
			if key != "aws:sourcearn" {
				return nil
			}
			return p.sourcesElsewhere()
		},
		pinned: func(key string) bool {
			switch classOf(key) {
			case callerKey, timeKey, assumedKey:
				return false
			}
			return true
		},
	}
	silent := elsewhere                                           // of which AWS does not say that it always tells
	silent.context = elsewhere.context[:len(elsewhere.context)-2] // without the source
	return []caller{elsewhere, silent}
}

// sourcesElsewhere returns ARNs of resources of another account that match the patterns for aws:SourceArn, as far as these
// leave the account open: with a wildcard in its place, or none, as ARNs of buckets have.
func (p *Pass) sourcesElsewhere() []string {
	var arns []string
	for _, s := range p.Document.Statements {
		for _, c := range s.Conditions {
			if c.Name != "aws:sourcearn" || negated(c.Operator) {
				continue
			}
			for _, v := range c.Values {
				pattern, known := sampleIn(v, p.world(s))
				if !known {
					continue
				}
				parts := strings.SplitN(pattern, ":", 6)
				if len(parts) < 6 {
					if strings.HasSuffix(pattern, "*") {
						arns = append(arns, completeARN(pattern))
					}
					continue
				}
				if parts[4] == "" && v.Unknown() != nil {
					continue // a bucket that the code names otherwise, which may be its own
				}
				if parts[4] != "" && !(strings.ContainsAny(parts[4], "*?") && glob(parts[4], outsiderAccount)) {
					continue
				}
				if strings.ContainsAny(parts[4], "*?") {
					parts[4] = outsiderAccount
				}
				arns = append(arns, spellOut(strings.Join(parts, ":"), "x", "x"))
			}
		}
	}
	return arns
}

// completeARN returns an ARN of another account that begins as pattern does before its last *.
func completeARN(pattern string) string {
	begin := strings.TrimSuffix(pattern, "*")
	whole := []string{"arn", "aws", "s3", "us-east-1", outsiderAccount, "anything"}
	parts := strings.Split(begin, ":")
	for i, part := range parts {
		if i < len(whole) && part != "" {
			whole[i] = spellOut(part, "x", "x")
		}
	}
	return strings.Join(whole, ":")
}

// coversAllAddresses reports whether the ranges of c leave out no IPv4 or no IPv6 address.
func coversAllAddresses(c *policy.Condition) bool {
	if c.Operator.Name != "IpAddress" {
		return false
	}
	var v4, v6 []netip.Prefix
	for _, v := range c.Values {
		s, known := v.Literal()
		if !known {
			continue
		}
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			continue
		}
		prefix = prefix.Masked()
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	return covers(v4, 32) || covers(v6, 128)
}

// covers reports whether prefixes together hold every address of that many bits.
func covers(prefixes []netip.Prefix, bits int) bool {
	if len(prefixes) == 0 {
		return false
	}
	slices.SortFunc(prefixes, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	next := netip.IPv4Unspecified()
	if bits == 128 {
		next = netip.IPv6Unspecified()
	}
	for _, p := range prefixes {
		if p.Addr().Compare(next) > 0 {
			return false
		}
		last := lastOf(p)
		if last.Compare(next) < 0 {
			continue
		}
		next = last.Next()
		if !next.IsValid() {
			return true
		}
	}
	return false
}

// lastOf returns the last address of p.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
