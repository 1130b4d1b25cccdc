package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ThirdPartyWithoutExternalID reports foreign accounts that get in without an external ID.
var ThirdPartyWithoutExternalID = &Rule{
	ID:        "third-party-without-external-id",
	Title:     "Account of somebody else can assume the role for any of its customers",
	Level:     Error,
	Severity:  7.0,
	Precision: Medium,
	Tags:      []string{"exposure", "confused-deputy"},
	needs:     trustsAWS,
	Check:     thirdPartyWithoutExternalID,
}

func thirdPartyWithoutExternalID(p *Pass) {
	type group struct {
		statement *policy.Statement
		account   string
		finding   *Finding
	}
	var groups []group
	exposures := p.exposures()
	for i := range exposures {
		e := &exposures[i]
		if e.stranger != thirdParty {
			continue
		}
		pr := e.statement.Principals[e.principal]
		level, severity := p.thirdPartyLevel(e)
		if level == Off || !p.claim(e.statement, e.principal) {
			continue
		}
		id, _ := e.subject.account.Literal()
		if g := slices.IndexFunc(groups, func(g group) bool { return g.statement == e.statement && g.account == id }); g >= 0 {
			fd := groups[g].finding
			fd.Related = append(fd.Related, Related{pr.ID.Span, "and another principal of the account"})
			continue
		}
		fd := p.Report(at(e.statement, pr.ID), "%s can assume %s without an external ID", describeOwner(e.subject, pr), p.Document.Role)
		fd.Witness = &e.witness
		fd.Level, fd.Severity = level, severity
		groups = append(groups, group{e.statement, id, fd})
	}
}

// thirdPartyLevel returns how much it weighs that somebody gets in without an external ID. Of an account that nobody knows the
// code hardly ever says whose it is, and mostly it is another one of the same organization: it weighs something only where the
// configuration lists the own accounts, or where a name says that somebody else is meant.
func (p *Pass) thirdPartyLevel(e *exposure) (Level, float64) {
	s, pr, sub := e.statement, e.statement.Principals[e.principal], &e.subject
	id, _ := sub.account.Literal()
	_, vendor := knownAccount(id)
	exact := sub.kind != account || picksPrincipal(s)
	_, learned := p.Document.Account.Literal()
	configured := len(p.Options.OwnAccounts)+len(p.Options.TrustedAccounts) > 0
	switch {
	case isDocumentationAccount(sub.account):
		if exact && !configured && !learned {
			return Off, 0
		}
		return Note, noteSeverity
	case !vendor && !configured && !p.namesThirdParty(s, pr):
		if exact && !learned {
			return Off, 0 // an exact role or user is mostly one's own
		}
		return Note, noteSeverity
	case exact, !vendor && !configured && !learned:
		return Warning, 5.5
	}
	return Error, 7.0
}

// picksPrincipal reports whether s lets in only users or roles that it names by aws:PrincipalArn.
func picksPrincipal(s *policy.Statement) bool {
	for _, c := range s.Conditions {
		if c.Name == "aws:principalarn" && asksForValue(c) && !slices.ContainsFunc(c.Values, func(v policy.Text) bool { return strings.HasSuffix(v.String(), "*") }) {
			return true
		}
	}
	return false
}

// thirdPartyWords are parts of names of what is meant for somebody else.
var thirdPartyWords = []string{"vendor", "partner", "thirdparty", "3rdparty", "external", "supplier", "contractor", "saas"}

// namesThirdParty reports whether the name of the role or the statement, or that of a variable that pr comes from, says that somebody
// else is meant.
func (p *Pass) namesThirdParty(s *policy.Statement, pr policy.Principal) bool {
	names := []string{p.Document.Role, s.Sid.String()}
	for _, via := range pr.ID.Via {
		if text := via.Text(); len(text) < 200 {
			names = append(names, text)
		}
	}
	for _, name := range names {
		name = squeezed(name)
		if slices.ContainsFunc(thirdPartyWords, func(word string) bool { return strings.Contains(name, word) }) {
			return true
		}
	}
	return false
}
