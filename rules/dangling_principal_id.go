package rules

// DanglingPrincipalID reports principals that are the unique ID of a user or role instead of its ARN.
var DanglingPrincipalID = &Rule{
	ID:        "dangling-principal-id",
	Title:     "Principal is the ID of a deleted user or role",
	Level:     Warning,
	Severity:  5.0,
	Precision: VeryHigh,
	Tags:      []string{"hygiene"},
	needs:     trustsUniqueID,
	Check:     danglingPrincipalID,
}

func danglingPrincipalID(p *Pass) {
	for _, s := range p.Document.Statements {
		for i, pr := range s.Principals {
			sub := subjectOf(pr)
			if sub.kind != uniqueID || p.claimed(s, i) {
				continue
			}
			p.Report(at(s, pr.ID), "%s trusts %s, the ID that IAM shows for a deleted %s: nobody can assume the role with it, and the next change of the policy fails",
				p.Document.Role, pr.ID, uniqueIDKind(sub.name.String()))
			p.claim(s, i)
		}
	}
}

// uniqueIDKind names what has unique IDs like id.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func uniqueIDKind(id string) string {
	switch id[:4] {
	case "AIDA":
		return "user"
	case "AROA":
		return "role"
	case "AGPA":
		return "group"
	case "AKIA", "ASIA":
		return "access key"
	}
	return "user or role"
}
