package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// ServicePrincipalUnknown reports service principals that AWS does not have.
var ServicePrincipalUnknown = &Rule{
	ID:        "service-principal-unknown",
	Title:     "AWS has no service of that name, so IAM refuses the policy",
	Level:     Error,
	Severity:  7.0,
	Precision: High,
	Tags:      []string{"correctness"},
	needs:     trustsService,
	Check:     servicePrincipalUnknown,
}

// serviceName matches the names of services in all partitions, and those of the Alexa services outside amazonaws.com.
var serviceName = lazily(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal|c2s\.ic\.gov|sc2s\.sgov\.gov|amazonaws\.eu|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$`)

func servicePrincipalUnknown(p *Pass) {
	if isServiceLinked(p.Document) {
		return
	}
	for _, s := range p.Document.Statements {
		for i, pr := range s.Principals {
			if pr.Type != policy.Service || p.claimed(s, i) {
				continue
			}
			name, known := sample(pr.ID)
			if !known || strings.ContainsAny(name, "*?") {
				continue // a wildcard is said by policy-rejected-by-iam
			}
			lower := strings.ToLower(name)
			if knownService(lower) {
				continue
			}
			if !serviceName().MatchString(lower) {
				fd := p.Report(at(s, pr.ID), "IAM refuses the policy of %s: %s is not the name of a service%s", p.Document.Role, quoted(pr.ID), serviceHint(lower))
				fixService(fd, pr, serviceSuggestion(lower))
				p.claim(s, i)
				continue
			}
			if near := nearService(lower); near != "" {
				fd := p.Report(at(s, pr.ID), "IAM refuses the policy of %s: there is no service %s known; the nearest is %s", p.Document.Role, quoted(pr.ID), near)
				fixService(fd, pr, near)
				p.claim(s, i)
			} else if p.Options.Pedantic {
				fd := p.Report(at(s, pr.ID), "%s trusts %s, a service that is not in the list that comes with trustvet", p.Document.Role, quoted(pr.ID))
				fd.Level, fd.Severity = Note, noteSeverity
			}
		}
	}
}

func fixService(fd *Finding, pr policy.Principal, name string) {
	if name != "" && pr.ID.Span.Text() == pr.ID.String() {
		fd.Fixes = []Fix{{Title: "write " + name, Edits: edits(pr.ID.Span, name)}}
	}
}

// serviceSuggestion returns the service that was probably meant by something that has not the form of one.
func serviceSuggestion(name string) string {
	name = strings.TrimSpace(name)
	for _, candidate := range []string{name, name + ".amazonaws.com", strings.TrimSuffix(name, ".") + ".com", strings.Replace(name, ".aws.com", ".amazonaws.com", 1)} {
		if knownService(candidate) {
			return candidate
		}
	}
	return nearService(name)
}

func serviceHint(name string) string {
	switch suggestion := serviceSuggestion(name); {
	case suggestion != "":
		return "; the nearest is " + suggestion
	case strings.HasPrefix(name, "arn:"):
		return ", and ARNs of users and roles stand under AWS"
	}
	return ""
}

var regionLabel = lazily(`\.[a-z]{2}(-[a-z]+)+-\d\.`)

// knownService reports whether name, in lower case, is in the list, also with a region in it or for China.
func knownService(name string) bool {
	listed := func(name string) bool {
		head, ok := strings.CutSuffix(name, ".amazonaws.com")
		_, found := slices.BinarySearch(services, head)
		return ok && found
	}
	name = strings.TrimSuffix(name, ".cn")
	return listed(name) || listed(regionLabel().ReplaceAllString(name, "."))
}

// nearService returns the known service that name is most likely a slip of, "" when there is none: long names may differ by
// two letters, names of five to eight by one, and shorter ones are too close to each other to tell.
func nearService(name string) string {
	head, suffix := strings.CutSuffix(name, ".amazonaws.com")
	if !suffix {
		if near := nearest(name[strings.IndexByte(name, '.')+1:], []string{"amazonaws.com"}); near != "" {
			head, _, _ = strings.Cut(name, ".")
			if knownService(head + ".amazonaws.com") {
				return head + ".amazonaws.com"
			}
		}
		return ""
	}
	limit := 0
	switch {
	case len(head) > 8:
		limit = 3
	case len(head) > 4:
		limit = 2
	}
	best, least := "", limit
	for _, known := range services {
		if d := distance(head, known, least); d < least {
			best, least = known+".amazonaws.com", d
		}
	}
	return best
}
