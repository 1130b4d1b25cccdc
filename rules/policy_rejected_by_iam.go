package rules

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// PolicyRejectedByIAM reports what makes IAM refuse the policy when the role is created or changed, as far as no rule of its
// own says it better.
var PolicyRejectedByIAM = &Rule{
	ID:        "policy-rejected-by-iam",
	Title:     "IAM refuses the trust policy",
	Level:     Error,
	Severity:  7.0,
	Precision: VeryHigh,
	Tags:      []string{"correctness"},
	Check:     policyRejectedByIAM,
}

func policyRejectedByIAM(p *Pass) {
	d := p.Document
	var r rejections
	for _, f := range d.Faults {
		if f.Statement == nil && (f.Code == policy.MissingElement || f.Code == policy.EmptyElement) && (d.When != "" || len(d.Unresolved) > 0) {
			continue // nothing is left of the policy in a case that may never be, or what is left is not known
		}
		if f.Statement == nil && (f.Code == policy.MissingElement && !spelled(d.Value) || f.Code == policy.EmptyElement && !writtenEmpty(d, f.Span)) {
			fd := p.Report(Place{Span: f.Span}, "IAM refuses the policy of %s unless something adds a statement: the inputs of the code add none", d.Role)
			fd.Level, fd.Severity = Note, noteSeverity
			continue
		}
		if f.Code == policy.InvalidJSON && d.Value != nil && d.Value.Scalar() && len(d.Value.Text.Via) > 0 && len(d.Value.Text.Parts) < 2 && d.Value.Text.Is("") {
			fd := p.Report(Place{Span: f.Span}, "IAM refuses the policy of %s unless something gives it one: with the inputs of the code it is empty", d.Role)
			fd.Level, fd.Severity = Note, noteSeverity
			continue
		}
		if p.doubtfulEffect(f) || p.emptyPrincipalType(f) {
			continue
		}
		r.add(Place{Statement: f.Statement, Span: f.Span}, f.Code, "%s", f.Message)
	}
	p.repeatedElements()
	r.version(d)
	if d.Value != nil && p.surveyed().foreign {
		r.characters(d)
	}
	for i, s := range d.Statements {
		if first := r.sid(s, d.Statements[:i]); first != nil {
			p.claimAll(first)
		}
		if len(s.NotPrincipals) > 0 && s.Effect == policy.Allow {
			r.add(at(s, s.NotPrincipals[0].ID), "not-principal", "a trust policy cannot allow everybody but some with NotPrincipal")
		}
		if !s.Faulty {
			for i := range s.Principals {
				pr := s.Principals[i]
				if emptyInput(s, pr) {
					fd := p.Report(at(s, pr.ID), "IAM refuses the policy of %s unless something says whom it trusts: with the inputs of the code the principal is %s", d.Role, quoted(pr.ID))
					fd.Level, fd.Severity = Note, noteSeverity
					p.claim(s, i)
				} else if why := principalFault(pr); why != "" && !p.shared.claimed[claim{s, i}] {
					r.add(at(s, pr.ID), "principal", "%s", why)
				}
			}
		}
		for i := range s.Conditions {
			c := &s.Conditions[i]
			for _, v := range c.Values {
				if why := valueFault(&c.Operator, v); why != "" {
					r.add(at(s, v), "value", "%s", why)
				}
			}
		}
	}
	if len(r) > 0 {
		p.reject(r)
	}
	for _, s := range d.Statements {
		p.doubtfulSid(s)
	}
}

// doubtfulEffect reports an Effect in another letter case. AWS documents that only "Allow" and "Deny" are taken and emulators refuse
// others, but AWS's own Account Factory for Terraform creates a role with "allow".
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_effect.html
func (p *Pass) doubtfulEffect(f policy.Fault) bool {
	written := strings.Trim(f.Span.Text(), `"' `)
	if f.Code != policy.WrongEffect || f.Statement == nil || !strings.EqualFold(written, "Allow") && !strings.EqualFold(written, "Deny") {
		return false
	}
	fd := p.Report(Place{Statement: f.Statement, Span: f.Span}, "nobody can tell whether the policy of %s lets anyone in: its Effect is %q, and AWS documents only Allow and Deny in this spelling", p.Document.Role, written)
	fd.Level, fd.Severity = Warning, 5.0
	p.claimAll(f.Statement)
	return true
}

// emptyPrincipalType reports a kind of principal that is empty because an input of the code is.
func (p *Pass) emptyPrincipalType(f policy.Fault) bool {
	if f.Code != policy.WrongPrincipal || f.Statement == nil || f.Statement.Span.Contains(f.Span) || strings.Trim(f.Span.Text(), `"' `) != "" {
		return false
	}
	fd := p.Report(Place{Statement: f.Statement, Span: f.Span}, "IAM refuses the policy of %s unless something says whom it trusts: with the inputs of the code the kind of principal is empty", p.Document.Role)
	fd.Level, fd.Severity = Note, noteSeverity
	p.claimAll(f.Statement)
	return true
}

// emptyInput reports whether a principal, or the account in it, is empty because an input of the code is: whoever uses the code gives
// one.
func emptyInput(s *policy.Statement, pr policy.Principal) bool {
	if pr.ID.Span.IsZero() {
		return false
	}
	value := pr.ID.String()
	if strings.HasSuffix(value, "-provider/") {
		if _, ok := withInput(s, pr.ID); ok {
			return true
		}
	}
	return value == "" && (!s.Span.Contains(pr.ID.Span) || interpolated(pr.ID.Span)) ||
		strings.Contains(value, ":iam:::") && strings.Contains(pr.ID.Span.Text(), "${") && !strings.Contains(pr.ID.Span.Text(), ":iam:::")
}

// spelled reports whether an element of the policy is written as such, or all of it as {}. A policy that the code puts together
// from the inputs of a module may well be without a statement as long as nobody gives the inputs.
func spelled(v *policy.Value) bool {
	return v == nil || len(v.Members) == 0 || slices.ContainsFunc(v.Members, func(m policy.Member) bool {
		return !m.Key.Span.IsZero() && strings.Contains(m.Key.Span.Text(), m.Key.String())
	})
}

// writtenEmpty reports whether the list of statements stands in the policy as [], not as an expression that makes one or in an input.
func writtenEmpty(d *policy.Document, list source.Span) bool {
	return d.Span.Contains(list) && strings.Join(strings.Fields(list.Text()), "") == "[]"
}

// A rejection is one reason for which IAM refuses a policy.
type rejection struct {
	place   Place
	code    policy.FaultCode
	message string
	related []Related
	fixes   []Fix
}

// rejections are the reasons for which IAM refuses one policy.
type rejections []*rejection

func (r *rejections) add(place Place, code policy.FaultCode, format string, args ...any) *rejection {
	added := &rejection{place: place, code: code, message: fmt.Sprintf(format, args...)}
	*r = append(*r, added)
	return added
}

// reject reports each statement that IAM refuses once, and the policy itself once: by the most telling reason, with the others
// as related places. What is missing is often only misplaced or misspelled, so that is said last.
func (p *Pass) reject(r rejections) {
	var order []*policy.Statement
	of := map[*policy.Statement]rejections{}
	found := map[*policy.Statement]bool{} // another rule says what is wrong with it
	for _, s := range p.Document.Statements {
		found[s] = p.claimed(s, -1)
	}
	for _, one := range r {
		s := one.place.Statement
		if one.code == policy.MissingElement && slices.ContainsFunc(r, func(other *rejection) bool { return one.misplaced(other) }) {
			s = nil // the element stands beside the statement
		}
		if of[s] == nil {
			order = append(order, s)
		}
		of[s] = append(of[s], one)
		if one.place.Statement != nil {
			p.claimAll(one.place.Statement)
		}
	}
	for _, s := range order {
		group := of[s]
		slices.SortStableFunc(group, func(a, b *rejection) int { return a.rank() - b.rank() })
		first := group[0]
		if found[s] && first.code == policy.MissingElement {
			continue
		}
		fd := p.Report(first.place, "IAM refuses the policy of %s: %s", p.Document.Role, first.message)
		fd.Facts = append(fd.Facts, string(first.code))
		fd.Related, fd.Fixes = first.related, first.fixes
		for _, other := range group[1:] {
			span := other.place.Span
			if span.IsZero() {
				span = fd.Span
			}
			fd.Related = append(fd.Related, Related{span, "and " + other.message})
		}
	}
}

// rank orders reasons from the most telling to the least.
func (r *rejection) rank() int {
	switch r.code {
	case policy.InvalidJSON, policy.NotAnObject:
		return 0
	case policy.UnknownElement, policy.MisplacedElement:
		return 1
	case policy.MissingElement:
		return 3
	}
	return 2
}

// misplaced reports whether other is that the policy itself has an element of statements: indented wrongly, all that follows it
// is missing in the statement.
func (r *rejection) misplaced(other *rejection) bool {
	return r.place.Statement != nil && other.code == policy.MisplacedElement
}

// repeatedElements reports members of the same name outside conditions, which condition-duplicate-key looks at. IAM refuses a policy
// with them, but jsonencode, the AWS provider and CloudFormation keep the last one before IAM sees it.
func (p *Pass) repeatedElements() {
	if p.Document.Value == nil {
		return
	}
	for _, dup := range p.duplicates() {
		if strings.Contains(dup.Path, ".Condition") {
			continue
		}
		s := statementAt(p.Document, dup.Hidden.Key.Span)
		fd := p.Report(Place{Statement: s, Span: dup.Hidden.Key.Span, Via: dup.Hidden.Key.Via},
			"the policy of %s has %s twice: where IAM does not refuse it, the last one alone counts", p.Document.Role, dup.Hidden.Key)
		fd.Related = []Related{{dup.Kept.Key.Span, "the other one"}}
		if dup.Hidden.Key.Is("Sid") || bytes.Equal(dup.Hidden.Value.JSON(), dup.Kept.Value.JSON()) {
			fd.Level, fd.Severity = Note, noteSeverity // nothing is lost
		} else if s != nil && s.Effect == policy.Deny {
			p.claimAll(s) // of an Allow it matters whom the last one lets in
		}
	}
}

// statementAt returns the statement of d that span lies in, nil when it lies in none.
func statementAt(d *policy.Document, span source.Span) *policy.Statement {
	for _, s := range d.Statements {
		if s.Span.Contains(span) {
			return s
		}
	}
	return nil
}

func (r *rejections) version(d *policy.Document) {
	v := d.Version
	s, known := v.Literal()
	if known && s != "2012-10-17" && s != "2008-10-17" {
		added := r.add(at(nil, v), "version", "there is no policy language of Version %q, only 2012-10-17 and 2008-10-17", s)
		if v.Span.Text() == s {
			added.fixes = []Fix{{Title: "set Version to 2012-10-17", Safe: true, Edits: edits(v.Span, "2012-10-17")}}
		}
	}
}

// characters adds the first character that IAM does not take in a policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (r *rejections) characters(d *policy.Document) {
	foreign := func(t policy.Text) bool {
		for _, part := range t.Parts {
			if part.Hole != nil {
				continue
			}
			for i, c := range part.Literal {
				if c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xFF {
					continue
				}
				_, size := utf8.DecodeRuneInString(part.Literal[i:]) // one byte where it is not UTF-8
				span := part.Slice(i, i+size).Span
				r.add(Place{Statement: statementAt(d, span), Span: span, Via: t.Via}, "character",
					"it takes no characters past U+00FF, and here is %q (U+%04X)", c, c)
				return true
			}
		}
		return false
	}
	var visit func(v *policy.Value) bool
	visit = func(v *policy.Value) bool {
		if v.Scalar() && foreign(v.Text) {
			return true
		}
		for _, e := range v.Elements {
			if visit(e) {
				return true
			}
		}
		for _, m := range v.Members {
			if foreign(m.Key) || visit(m.Value) {
				return true
			}
		}
		return false
	}
	visit(d.Value)
}

// sid adds a Sid that an earlier statement has, and returns the first such one.
func (r *rejections) sid(s *policy.Statement, earlier []*policy.Statement) *policy.Statement {
	sid, known := s.Sid.Literal()
	if !known || sid == "" {
		return nil
	}
	for _, first := range earlier {
		if first.Sid.Is(sid) {
			r.add(at(s, s.Sid), policy.DuplicateElement, "two statements have the Sid %q", sid).related = []Related{{first.Sid.Span, "the first one"}}
			return first
		}
	}
	return nil
}

// doubtfulSid reports a Sid that the policy grammar does not allow. IAM is known to enforce it in identity policies; for trust
// policies there is only the text of the grammar.
func (p *Pass) doubtfulSid(s *policy.Statement) {
	sid, known := s.Sid.Literal()
	if !known || p.claimed(s, -1) || strings.IndexFunc(sid, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0 {
		return
	}
	fd := p.Report(at(s, s.Sid), "the Sid %q of a statement of %s has other characters than letters and digits, which the policy grammar does not allow",
		sid, p.Document.Role)
	fd.Level, fd.Severity = Warning, 4.0
}

var (
	sessionARN   = lazily(`^arn:aws[a-z-]*:sts::\d{12}:(assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)$`)
	shortAccount = lazily(`^arn:aws[a-z-]*:(?:iam|sts)::(\d{1,11}|\d{13,}):`)
	domainName   = lazily(`^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(/[\w./-]*)?$`)
)

// isPrincipalARN reports whether s is the ARN of an account, user, role or session.
func isPrincipalARN(s string) bool {
	resource, ok := accountResource(s)
	if !ok {
		return sessionARN().MatchString(s)
	}
	name, ok := strings.CutPrefix(resource, "user/")
	if !ok {
		name, ok = strings.CutPrefix(resource, "role/")
	}
	if !ok || name == "" {
		return resource == "root"
	}
	for i := range len(name) {
		if name[i] < '!' || name[i] > '~' {
			return false
		}
	}
	return true
}

// isProviderARN reports whether s is the ARN of an identity provider.
func isProviderARN(s string) bool {
	resource, _ := accountResource(s)
	name, ok := strings.CutPrefix(resource, "oidc-provider/")
	if !ok {
		name, ok = strings.CutPrefix(resource, "saml-provider/")
	}
	return ok && name != "" && !strings.Contains(name, "\n")
}

// accountResource returns what follows the account in an ARN of IAM: user/ci.
func accountResource(s string) (resource string, ok bool) {
	rest, ok := strings.CutPrefix(s, "arn:aws")
	partition, rest, colon := strings.Cut(rest, ":iam::")
	if !ok || !colon || len(rest) < 13 || !isAccountID(rest[:12]) || rest[12] != ':' {
		return "", false
	}
	for i := range len(partition) {
		if c := partition[i]; (c < 'a' || c > 'z') && c != '-' {
			return "", false
		}
	}
	return rest[13:], true
}

// principalFault says why IAM refuses a principal, "" when it does not or that is not known. Whether a user or role exists
// cannot be told from the code.
func principalFault(pr policy.Principal) string {
	if pr.Type == policy.CanonicalUser {
		return "a canonical user cannot assume roles"
	}
	s, known := sample(pr.ID)
	if !known {
		// An unknown part does not make a wildcard good that stands beside it.
		if literal := pr.ID.String(); pr.Type == policy.AWS && pr.ID.HasPrefix("arn:") && strings.Contains(withoutHoles(pr.ID), "*") {
			return fmt.Sprintf("the principal %q has a wildcard, which stands only for itself as a whole", literal)
		}
		return ""
	}
	fault := faultOf(pr.Type, s, pr.ID.String())
	if fault != "" && (isPlaceholder(s) || pr.Type != policy.Service && namesAccount(s)) {
		return ""
	}
	return fault
}

// faultOf is principalFault of a principal that is s, and that messages show as shown.
func faultOf(typ policy.PrincipalType, s, shown string) string {
	switch typ {
	case policy.AWS:
		return awsFault(s, shown)
	case policy.Service:
		if strings.ContainsAny(s, "*?") {
			return fmt.Sprintf("the service %q has a wildcard", shown)
		}
	case policy.Federated:
		switch {
		case strings.ContainsAny(s, "*?"):
			return fmt.Sprintf("the identity provider %q has a wildcard", shown)
		case isProviderARN(s) || domainName().MatchString(s):
			return ""
		case shortAccount().MatchString(s):
			return fmt.Sprintf("the account id in %q has %d digits, not 12", shown, len(shortAccount().FindStringSubmatch(s)[1]))
		default:
			return fmt.Sprintf("the identity provider %q is neither the ARN of a provider nor a domain name", shown)
		}
	}
	return ""
}

// isPlaceholder reports whether s is a text that something puts another in place of before it gets to IAM, or that holds a
// policy variable.
func isPlaceholder(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '<':
			return true
		case '{':
			if i > 0 && (s[i-1] == '{' || s[i-1] == '$') {
				return true
			}
		case '@', '(':
			if i > 0 && s[i-1] == s[i] {
				return true
			}
		case '%', '_':
			if i > 0 && s[i-1] == s[i] && placeholder().MatchString(s) {
				return true
			}
		}
	}
	return false
}

// accountName matches what has a name where the digits of an account stand: ACCOUNT_ID, arn:aws:iam::{account}:root.
var accountName = lazily(`^(?:[A-Z]+[_-][A-Z0-9_-]+|arn:aws[a-z-]*:(?:iam|sts)::([A-Za-z_{-][A-Za-z0-9_{}. -]*):.*)$`)

// namesAccount reports whether s is such a text. The account of the policies of AWS is called aws.
func namesAccount(s string) bool {
	m := accountName().FindStringSubmatch(s)
	return m != nil && m[1] != "aws"
}

// placeholder matches %%NAME%%, as the templates of AWS Solutions have it, and __NAME__.
var placeholder = lazily(`%%[A-Za-z]\w*%%|__[A-Z][A-Z0-9_]*__`)

func withoutHoles(t policy.Text) string {
	if s, known := whole(t); known {
		return s
	}
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.Literal)
	}
	return b.String()
}

func awsFault(s, shown string) string {
	switch {
	case s == "*" || isAccountID(s) || isUniqueID(s) || isPrincipalARN(s) && !strings.ContainsAny(s, "*?"):
		return ""
	case s == "":
		return "a principal is empty"
	case strings.TrimSpace(s) != s:
		return fmt.Sprintf("the principal %q has white space around it", shown)
	case strings.ContainsAny(s, "*?"):
		return fmt.Sprintf("the principal %q has a wildcard, which stands only for itself as a whole", shown)
	case digits(s):
		return fmt.Sprintf("the account id %q has %d digits, not 12%s", shown, len(s), lostZero(s))
	case strings.HasSuffix(s, ".amazonaws.com"):
		return fmt.Sprintf("the service %q stands under AWS, not under Service", shown)
	case strings.Contains(s, "-provider/"):
		return fmt.Sprintf("the identity provider %q stands under AWS, not under Federated", shown)
	case shortAccount().MatchString(s):
		id := shortAccount().FindStringSubmatch(s)[1]
		return fmt.Sprintf("the account id in %q has %d digits, not 12", shown, len(id))
	case !strings.HasPrefix(s, "arn:"):
		return fmt.Sprintf("the principal %q is neither an ARN nor an account id", shown)
	}
	for _, kind := range []string{"group", "instance-profile", "policy", "mfa", "server-certificate"} {
		if strings.Contains(s, ":"+kind+"/") {
			return fmt.Sprintf("the principal %q is %s, which cannot assume roles", shown, article(kind))
		}
	}
	return fmt.Sprintf("the principal %q is not the ARN of an account, user, role or session", shown)
}

// lostZero explains account ids that were written as numbers.
func lostZero(s string) string {
	if len(s) == 11 || len(s) == 10 {
		return ": written as a number it loses its leading zero"
	}
	return ""
}

func article(kind string) string {
	if kind == "instance-profile" {
		return "an instance profile"
	}
	return "a " + strings.ReplaceAll(kind, "-", " ")
}

// valueFault says why IAM refuses a condition value, "" when it does not or that is not known.
func valueFault(op *policy.Operator, v policy.Text) string {
	s, known := v.Literal()
	if !known || !op.Known || isPlaceholder(s) {
		return ""
	}
	switch {
	case op.Name == "IpAddress" || op.Name == "NotIpAddress":
		if !isAddress(s) {
			return fmt.Sprintf("%q is not an IP address or range", s)
		}
	case strings.HasPrefix(op.Name, "Date"):
		if _, ok := instant(s); !ok {
			return fmt.Sprintf("%q is not a date", s)
		}
	case strings.HasPrefix(op.Name, "Numeric"):
		if _, err := strconv.ParseFloat(s, 64); err != nil {
			return fmt.Sprintf("%q is not a number", s)
		}
	case strings.HasPrefix(op.Name, "Arn"):
		if !strings.HasPrefix(s, "arn:") && !strings.HasPrefix(s, "*") && !strings.HasPrefix(s, "?") {
			return fmt.Sprintf("%q is not an ARN", s)
		}
	case op.Name == "BinaryEquals":
		if _, err := base64.StdEncoding.DecodeString(s); err != nil {
			return fmt.Sprintf("%q is not in base64", s)
		}
	}
	return ""
}

func isAddress(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// dateLayouts are the forms of W3C dates that IAM takes, from years to fractions of a second.
// https://www.w3.org/TR/NOTE-datetime
var dateLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02", "2006-01", "20060102T150405Z",
}

// instant reads a date as the date operators take it: ISO 8601, or seconds since 1970.
func instant(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) != 4 {
		return time.Unix(n, 0).UTC(), true
	}
	if len(s) == 4 {
		t, err := time.Parse("2006", s)
		return t, err == nil
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// quoted returns t in quotation marks, as messages show it.
func quoted(t policy.Text) string { return `"` + shown(t) + `"` }
