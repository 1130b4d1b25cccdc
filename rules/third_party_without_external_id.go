package rules

import "github.com/trustvet/trustvet/internal/policy"

// ThirdPartyWithoutExternalID reports foreign accounts that get in without an external ID.
var ThirdPartyWithoutExternalID = &Rule{
	ID:        "third-party-without-external-id",
	Title:     "Account of somebody else can assume the role for any of its customers",
	Level:     Error,
	Severity:  7.0,
	Precision: Medium,
	Tags:      []string{"exposure", "confused-deputy"},
	Check:     thirdPartyWithoutExternalID,
}

func thirdPartyWithoutExternalID(p *Pass) {
	type group struct {
		statement *policy.Statement
		account   string
	}
	reported := map[group]*Finding{}
	exposures := p.exposures()
	for i := range exposures {
		e := &exposures[i]
		pr := e.statement.Principals[e.principal]
		sub := subjectOf(pr)
		level, severity := p.thirdPartyLevel(sub)
		if e.stranger != thirdParty || level == Off || !p.claim(e.statement, e.principal) {
			continue
		}
		id, _ := sub.account.Literal()
		if fd := reported[group{e.statement, id}]; fd != nil {
			fd.Related = append(fd.Related, Related{pr.ID.Span, "and another principal of the account"})
			continue
		}
		fd := p.Report(at(e.statement, pr.ID), "%s can assume %s without an external ID", describeOwner(sub, pr), p.Document.Role)
		fd.Witness = &e.witness
		fd.Level, fd.Severity = level, severity
		reported[group{e.statement, id}] = fd
	}
}

// thirdPartyLevel returns how much it weighs that sub gets in without an external ID. Where nothing says which account is the
// role's own, an account that nobody knows may be it.
func (p *Pass) thirdPartyLevel(sub subject) (Level, float64) {
	id, _ := sub.account.Literal()
	_, vendor := knownAccount(id)
	sure := vendor || p.knowsOwnAccount()
	switch {
	case sub.kind != account && !sure:
		return Off, 0 // an exact role or user is mostly one's own
	case isDocumentationAccount(sub.account):
		return Note, noteSeverity
	case sub.kind != account, !sure:
		return Warning, 5.5
	}
	return Error, 7.0
}
