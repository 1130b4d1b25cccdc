package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ExternalIDShared reports an external ID that the policy asks of more than one vendor.
var ExternalIDShared = &Rule{
	ID:        "external-id-shared",
	Title:     "Third parties share an external ID, so that each knows that of the other",
	Level:     Warning,
	Severity:  5.0,
	Precision: High,
	Tags:      []string{"confused-deputy"},
	needs:     asksExternalID,
	Check:     externalIDShared,
}

func externalIDShared(p *Pass) {
	ids := p.externalIDs()
	first := map[string]*sharedID{}
	for i := range ids {
		u := &ids[i]
		id, _ := u.value.Literal()
		other, seen := first[id]
		switch {
		case !seen:
			first[id] = u
		case other.owner == u.owner:
		default:
			fd := p.Report(at(u.statement, u.value), "%s and %s can assume %s with the same external ID, so that each knows what the other is asked for", other.owner, u.owner, p.Document.Role)
			if other.value.Span != u.value.Span {
				fd.Related = append(fd.Related, Related{other.value.Span, "the other place"})
			}
			if !other.vendor || !u.vendor {
				fd.Level, fd.Severity = Note, noteSeverity // they may be of one owner
			}
			return // one finding says it
		}
	}
	for i := range ids {
		u := &ids[i]
		id, _ := u.value.Literal()
		if elsewhere, ok := p.externalIDElsewhere(id, u.owner); ok && u.vendor {
			fd := p.Report(at(u.statement, u.value), "%s can assume %s with the external ID that %s is asked for by %s, so that each knows what the other is asked for",
				u.owner, p.Document.Role, elsewhere.owner, elsewhere.role)
			fd.Related = append(fd.Related, Related{elsewhere.value.Span, "the other role"})
			return
		}
	}
}

// A sharedID is an external ID that a policy asks of somebody.
type sharedID struct {
	owner     string // as messages name it
	vendor    bool   // it is somebody known
	statement *policy.Statement
	value     policy.Text
	role      string
}

// externalIDs returns the external IDs that the policy asks of accounts that are not ours.
func (p *Pass) externalIDs() []sharedID { return externalIDsOf(p.Document, p.owner) }

func externalIDsOf(d *policy.Document, ownerOf func(policy.Text) standing) []sharedID {
	var ids []sharedID
	for _, s := range d.Statements {
		if s.Effect != policy.Allow {
			continue
		}
		for _, c := range s.Conditions {
			if c.Name != "sts:externalid" || negated(c.Operator) || c.Operator.Name == "Null" {
				continue
			}
			for _, pr := range s.Principals {
				sub := subjectOf(pr)
				if pr.Type != policy.AWS || ownerOf(sub.account) != foreign || isDocumentationAccount(sub.account) {
					continue
				}
				account, _ := sub.account.Literal()
				who := sharedID{owner: "account " + account, statement: s, role: d.Role}
				if v, known := knownAccount(account); known {
					who.owner, who.vendor = v.name, true
				}
				for _, v := range c.Values {
					if id, literal := v.Literal(); literal && !strings.ContainsAny(id, "*?") {
						who.value = v
						ids = append(ids, who)
					}
				}
			}
		}
	}
	return ids
}

// externalIDElsewhere returns the first role of the run before this one whose policy asks another known vendor than owner for the
// external ID.
func (p *Pass) externalIDElsewhere(id, owner string) (sharedID, bool) {
	for _, u := range p.run.vendorIDs()[id] {
		if u.role == p.Document.Role {
			break
		}
		if u.owner != owner && u.vendor {
			return u, true
		}
	}
	return sharedID{}, false
}

// vendorIDs returns the uses of each external ID in all documents of the run.
func (r *run) vendorIDs() map[string][]sharedID {
	r.idsOnce.Do(func() {
		r.ids = map[string][]sharedID{}
		for _, d := range r.documents {
			r.look(d, func() {
				for _, u := range externalIDsOf(d, func(account policy.Text) standing {
					if _, known := account.Literal(); known {
						return foreign
					}
					return unknownOwner
				}) {
					id, _ := u.value.Literal()
					r.ids[id] = append(r.ids[id], u)
				}
			})
		}
	})
	return r.ids
}
