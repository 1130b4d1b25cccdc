package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/rules"
)

// A shown is a finding with the request that shows it.
type shown struct {
	finding   rules.Finding
	statement *policy.Statement
	request   *access.Request
}

// claims say of each rule about who gets in what a request must be like to show it: that the policy allows it shows nothing of what
// is wrong with the policy.
var claims = map[string]func(shown) error{
	"principal-any-aws":                stranger,
	"principal-any-aws-context-only":   stranger,
	"condition-caller-controlled":      stranger,
	"condition-principaltag-unbounded": stranger,
	"condition-userid-unanchored":      unpinnedUserID,
	"source-ip-unrestricted":           stranger,
	"condition-wildcard-value":         stranger,
	"principal-any-aws-org-wide":       with("aws:PrincipalOrg"),
	"condition-forallvalues-vacuous":   without,
	"condition-ifexists-vacuous":       without,
	"condition-null-inverted":          without,
	"condition-negated-only":           unnamed,
	"mfa-ifexists-in-allow":            noMFA,
	"mfa-inverted":                     noMFA,
	"github-sub-any-org":               subject(func(s string) bool { return strings.HasPrefix(s, "repo:") || strings.Contains(s, "outsider") }),
	"github-sub-org-wide":              subject(func(s string) bool { return strings.Contains(s, "/some-other-repository") }),
	"github-sub-repo-prefix":           subject(func(s string) bool { return strings.HasPrefix(s, "repo:") && !strings.Contains(s, "*") }),
	"github-sub-any-ref":               subject(func(s string) bool { return strings.HasPrefix(s, "repo:") && !strings.Contains(s, "*") }),
	"github-sub-pull-request":          subject(func(s string) bool { return strings.HasSuffix(s, ":pull_request") }),
	"github-sub-template-unsafe":       subject(func(s string) bool { return !strings.HasPrefix(s, "repo:") }),
	"gitlab-sub-unscoped":              subject(func(s string) bool { return strings.Contains(s, "outsider") }),
	"gitlab-sub-any-ref":               subject(func(s string) bool { return strings.HasPrefix(s, "project_path:") && !strings.Contains(s, "*") }),
	"tfc-sub-unscoped":                 subject(func(s string) bool { return strings.HasPrefix(s, "organization:") && !strings.Contains(s, "*") }),
	"ci-oidc-sub-unscoped":             tenant,
	"oidc-tenancy-claim-missing":       tenant,
	"social-idp-app-missing":           tenant,
	"oidc-private-no-subject":          subject(func(s string) bool { return s == "anyone" || strings.Contains(s, "example") }),
	"irsa-sub-missing":                 subject(func(s string) bool { return s == "system:serviceaccount:any:pod" }),
	"irsa-sub-wildcard":                subject(func(s string) bool { return !strings.Contains(s, "*") }),
	"cognito-audience-missing":         claim(":aud", func(s string) bool { return strings.HasSuffix(s, ":99999999-9999-4999-8999-999999999999") }),
	"cognito-unauthenticated":          claim(":amr", func(s string) bool { return s == "unauthenticated" }),
	"rolesanywhere-unbounded":          anyCertificate,
	"tag-session-unrestricted":         with("aws:RequestTag/"),
	"third-party-without-external-id":  theirs,
	"external-id-wildcard":             theirs,
	"principal-unlisted-account":       theirs,
	"service-source-wildcard":          otherSource,
	"restriction-bypassed-by-sibling":  unnamed,
}

// TestWitnessShowsTheClaim asks of the witness of every finding in the fixtures that it shows what the finding says. What is not
// known about a statement may leave only a request that it allows.
func TestWitnessShowsTheClaim(t *testing.T) {
	shows := map[string]int{}
	eachPolicy(t, func(name string, d *policy.Document, opts rules.Options) {
		for _, f := range rules.Run([]*policy.Document{d}, opts) {
			check := claims[f.Rule.ID]
			if check == nil && !slices.Contains(f.Rule.Tags, "exposure") {
				continue
			}
			if check == nil {
				t.Errorf("%s: nothing says what a witness of %s must be like", name, f.Rule.ID)
				continue
			}
			if f.Witness == nil {
				continue // TestWitnessIsAllowed
			}
			s := statementOf(d, f)
			if s == nil || open(s) {
				continue
			}
			shows[f.Rule.ID]++
			if err := check(shown{f, s, f.Witness}); err != nil {
				t.Errorf("%s: %s: %s: the witness %s does not show it: %v", name, f.Rule.ID, f.Message, f.Witness, err)
			}
		}
	})
	for id := range claims {
		if rules.ByID(id) == nil {
			t.Errorf("there is no rule %s", id)
		} else if shows[id] == 0 {
			t.Errorf("no fixture has a witness of %s", id)
		}
	}
}

func statementOf(d *policy.Document, f rules.Finding) *policy.Statement {
	for _, s := range d.Statements {
		if s.Span == f.Statement {
			return s
		}
	}
	return nil
}

// open reports whether something of s is not known.
func open(s *policy.Statement) bool {
	hole := func(t policy.Text) bool { return t.Unknown() != nil }
	return s.Incomplete || slices.ContainsFunc(s.Principals, func(p policy.Principal) bool { return hole(p.ID) }) ||
		slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool { return hole(c.Key) || slices.ContainsFunc(c.Values, hole) })
}

// values returns what the request has for the first key that ends in suffix.
func (s shown) values(suffix string) ([]string, bool) {
	for _, a := range s.request.Context {
		if strings.HasSuffix(strings.ToLower(a.Key), strings.ToLower(suffix)) {
			return a.Values, true
		}
	}
	return nil, false
}

// stranger: an AWS principal of an account that the policy does not name.
func stranger(s shown) error {
	parts := strings.Split(s.request.Principal, ":")
	if len(parts) < 6 || len(parts[4]) != 12 {
		return fmt.Errorf("its caller is no AWS principal")
	}
	for _, c := range s.statement.Conditions {
		for _, v := range c.Values {
			if strings.Contains(v.String(), parts[4]) {
				return fmt.Errorf("the policy names account %s", parts[4])
			}
		}
	}
	return nil
}

// theirs: a principal of the account that the message names.
func theirs(s shown) error {
	parts := strings.Split(s.request.Principal, ":")
	if len(parts) < 6 || !strings.Contains(s.finding.Message, parts[4]) {
		return fmt.Errorf("its caller is not of the account")
	}
	if s.finding.Rule.ID == "third-party-without-external-id" {
		if id, has := s.values("sts:ExternalId"); has {
			return fmt.Errorf("it has the external ID %q", id)
		}
	}
	return nil
}

// conditions returns those that the finding may point at: at one of their parts, or at the operator that they share.
func (s shown) conditions() []*policy.Condition {
	var found []*policy.Condition
	for i := range s.statement.Conditions {
		if c := &s.statement.Conditions[i]; c.Span.Contains(s.finding.Span) || c.Operator.Text.Span == s.finding.Span {
			found = append(found, c)
		}
	}
	return found
}

// without: it lacks the key of the condition.
func without(s shown) error {
	for _, c := range s.conditions() {
		if _, has := s.values(c.Key.String()); !has {
			return nil
		}
	}
	return fmt.Errorf("it has every key of the condition")
}

// unnamed: it has no value of those that the condition names, be it to exclude them or to ask for them.
func unnamed(s shown) error {
	for _, c := range s.conditions() {
		values, _ := s.values(c.Key.String())
		if !slices.ContainsFunc(c.Values, func(v policy.Text) bool { return slices.Contains(values, v.String()) }) {
			return nil
		}
	}
	return fmt.Errorf("it has the values that the condition names")
}

func noMFA(s shown) error {
	if v, has := s.values("aws:MultiFactorAuthPresent"); has && slices.Contains(v, "true") {
		return fmt.Errorf("it has MFA")
	}
	return nil
}

func with(prefix string) func(shown) error {
	return func(s shown) error {
		for _, a := range s.request.Context {
			if strings.HasPrefix(strings.ToLower(a.Key), strings.ToLower(prefix)) {
				return nil
			}
		}
		return fmt.Errorf("it has no %s…", prefix)
	}
}

func unpinnedUserID(s shown) error {
	id, _ := s.values("aws:userid")
	for _, c := range s.statement.Conditions {
		for _, v := range c.Values {
			if len(id) == 1 && len(v.String()) >= 12 && !strings.ContainsAny(v.String()[:12], "*?") && strings.HasPrefix(id[0], v.String()[:12]) {
				return fmt.Errorf("its user ID %s begins as %s does", id[0], v)
			}
		}
	}
	if len(id) != 1 {
		return fmt.Errorf("it has no user ID")
	}
	return nil
}

func claim(suffix string, fits func(string) bool) func(shown) error {
	return func(s shown) error {
		values, has := s.values(suffix)
		if !has {
			return fmt.Errorf("it has no claim %s", suffix)
		}
		if !slices.ContainsFunc(values, fits) {
			return fmt.Errorf("its claim %s is %q", suffix, values)
		}
		return nil
	}
}

func subject(fits func(string) bool) func(shown) error { return claim(":sub", fits) }

// tenant: a token of somebody else, for all that the policy asks about.
func tenant(s shown) error {
	for _, a := range s.request.Context {
		for _, v := range a.Values {
			if strings.Contains(v, "outsider") || strings.HasPrefix(v, "9999") || strings.HasPrefix(v, "00000000-") {
				return nil
			}
		}
	}
	for _, c := range s.statement.Conditions {
		if _, has := s.values(c.Key.String()); has && strings.HasSuffix(c.Key.String(), ":sub") {
			return fmt.Errorf("nothing in it is another tenant's")
		}
	}
	return nil
}

func anyCertificate(s shown) error {
	source, anchored := s.values("aws:SourceArn")
	certificate, _ := s.values("aws:PrincipalTag/x509Subject/CN")
	switch m := s.finding.Message; {
	case strings.HasPrefix(m, "certificates of every trust anchor"):
		if !anchored {
			return fmt.Errorf("it has no trust anchor")
		}
		for _, c := range s.statement.Conditions {
			for _, v := range c.Values {
				if slices.Contains(source, v.String()) {
					return fmt.Errorf("it has the trust anchor that the policy names")
				}
			}
		}
	case !slices.Contains(certificate, "any-certificate"):
		return fmt.Errorf("it has the certificate %q", certificate)
	}
	return nil
}

// otherSource: the service acts for a resource of another account.
func otherSource(s shown) error {
	for _, key := range []string{"aws:SourceAccount", "aws:SourceArn"} {
		if v, has := s.values(key); has && (strings.Contains(v[0], "999999999999") || strings.Count(v[0], ":") == 5 && strings.Split(v[0], ":")[4] == "") {
			return nil
		}
	}
	return fmt.Errorf("it is for no other account")
}
