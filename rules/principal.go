package rules

import (
	"strconv"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// A subject is a principal taken apart.
type subject struct {
	kind      subjectKind
	partition policy.Text
	account   policy.Text // of an ARN or a bare account id
	name      policy.Text // of the user or role with its path, the service, the OIDC issuer, the provider
}

type subjectKind uint8

const (
	unclear       subjectKind = iota // not known well enough, or not a principal at all
	anyAWS                           // "*" under AWS
	account                          // a whole account: its root ARN or its id
	user                             // an IAM user
	role                             // an IAM role
	session                          // one session of a role
	federatedUser                    // a user of GetFederationToken
	uniqueID                         // AIDA…, AROA…: what is left of a deleted user or role
	service                          // an AWS service
	oidcProvider                     // an OIDC provider in the account
	samlProvider                     // a SAML provider in the account
	webIdentity                      // a built-in web identity provider: accounts.google.com, …
)

// subjectOf takes a principal apart.
func subjectOf(pr policy.Principal) subject {
	switch pr.Type {
	case policy.AWS:
		return awsSubject(pr.ID)
	case policy.Service:
		return subject{kind: service, name: pr.ID}
	case policy.Federated:
		return federatedSubject(pr.ID)
	}
	return subject{}
}

// kindOf returns the kind of subjectOf: to take the principal apart for no more than that is a waste.
func kindOf(pr policy.Principal) subjectKind {
	switch pr.Type {
	case policy.Service:
		return service
	case policy.AWS:
		if isOwnAccount(pr.ID) {
			return account
		}
		return kindNamed(outline(pr.ID))
	case policy.Federated:
		kind, _ := providerNamed(outline(pr.ID))
		return kind
	}
	return unclear
}

// outline returns the string of t with a gap for each hole.
func outline(t policy.Text) string {
	if s, known := whole(t); known {
		return s
	}
	b := make([]byte, 0, 128)
	for _, part := range t.Parts {
		if part.Hole != nil {
			b = append(b, gap...)
			continue
		}
		b = append(b, part.Literal...)
	}
	return string(b)
}

// gap is a character that no principal has.
const gap = "\x00"

// isOwnAccount reports whether id is the number of the role's own account, which AWS fills in.
func isOwnAccount(id policy.Text) bool {
	return len(id.Parts) == 1 && id.Parts[0].Hole != nil && id.Parts[0].Hole.Kind == policy.OwnAccount
}

// whole returns the string of a text that is one literal, as most are.
func whole(t policy.Text) (string, bool) {
	if len(t.Parts) != 1 || t.Parts[0].Hole != nil {
		return "", false
	}
	return t.Parts[0].Literal, true
}

// kindNamed returns the kind of the AWS principal that s names.
func kindNamed(s string) subjectKind {
	switch {
	case s == "*":
		return anyAWS
	case isAccountID(s):
		return account
	case isUniqueID(s):
		return uniqueID
	}
	service, resource, ok := cutARN(s)
	if !ok {
		return unclear
	}
	if service == "iam" && resource == "root" {
		return account
	}
	word, _, ok := strings.Cut(resource, "/")
	if !ok {
		return unclear
	}
	return resourceKind(service, word)
}

// resourceKind returns the kind of a principal whose ARN names the service and begins the resource with word.
func resourceKind(service, word string) subjectKind {
	switch {
	case service == "iam" && word == "user":
		return user
	case service == "iam" && word == "role":
		return role
	case service == "sts" && word == "assumed-role":
		return session
	case service == "sts" && word == "federated-user":
		return federatedUser
	}
	return unclear
}

// providerNamed returns the kind of the federated principal that s names, and the name of the provider.
func providerNamed(s string) (kind subjectKind, name string) {
	_, resource, ok := cutARN(s)
	if !ok {
		if isDomain(s) {
			return webIdentity, s
		}
		return unclear, ""
	}
	word, name, ok := strings.Cut(resource, "/")
	if !ok {
		return unclear, ""
	}
	return providerKind(word), name
}

// isDomain reports whether s may be the domain of a built-in provider.
func isDomain(s string) bool { return strings.Contains(s, ".") && !strings.ContainsAny(s, " *:"+gap) }

// providerKind returns the kind of a provider whose resource begins with word.
func providerKind(word string) subjectKind {
	switch word {
	case "oidc-provider":
		return oidcProvider
	case "saml-provider":
		return samlProvider
	}
	return unclear
}

// cutARN returns the service and the resource of an ARN.
func cutARN(s string) (service, resource string, ok bool) {
	if !strings.HasPrefix(s, "arn:") {
		return "", "", false
	}
	begin, end := len("arn:"), 0 // of a field
	for field := 1; field < 5; field++ {
		n := strings.IndexByte(s[begin:], ':')
		if n < 0 {
			return "", "", false
		}
		if end = begin + n; field == 2 {
			service = s[begin:end]
		}
		begin = end + 1
	}
	return service, s[begin:], true
}

func awsSubject(id policy.Text) subject {
	if s, known := id.Literal(); known {
		switch {
		case s == "*":
			return subject{kind: anyAWS}
		case isAccountID(s):
			return subject{kind: account, account: id}
		case isUniqueID(s):
			return subject{kind: uniqueID, name: id}
		}
	}
	if isOwnAccount(id) {
		return subject{kind: account, account: id}
	}
	a, ok := splitARN(id)
	if !ok {
		return subject{}
	}
	s := subject{partition: a.partition, account: a.account}
	service := a.service
	if service == "iam" && a.resource.Is("root") {
		s.kind = account
		return s
	}
	word, name, ok := cutWord(a.resource)
	if !ok {
		return subject{}
	}
	s.kind, s.name = resourceKind(service, word), name
	return s
}

func federatedSubject(id policy.Text) subject {
	a, ok := splitARN(id)
	if !ok {
		if s, known := id.Literal(); known && isDomain(s) {
			return subject{kind: webIdentity, name: id}
		}
		return subject{}
	}
	s := subject{partition: a.partition, account: a.account}
	word, name, ok := cutWord(a.resource)
	if !ok {
		return subject{}
	}
	s.kind, s.name = providerKind(word), name
	return s
}

// federated reports whether callers of that kind come with a token or an assertion of an identity provider.
func (k subjectKind) federated() bool {
	return k == oidcProvider || k == samlProvider || k == webIdentity
}

// issuer returns the OIDC issuer without https://, "" where it is not known or s has none.
func (s subject) issuer() string {
	name, _ := s.name.Literal()
	return issuerNamed(s.kind, name)
}

// issuerNamed returns the issuer of a provider of that kind and name, "" where it issues no tokens of OIDC.
func issuerNamed(kind subjectKind, name string) string {
	if kind != oidcProvider && kind != webIdentity {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(name), "/")
}

func isAccountID(s string) bool {
	return len(s) == 12 && digits(s)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isUniqueID reports whether s has the form of a unique ID that IAM gives a user, role or the like.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func isUniqueID(s string) bool {
	if len(s) < 16 || len(s) > 32 || s[0] != 'A' {
		return false
	}
	switch s[:4] {
	case "AIDA", "AROA", "AGPA", "AIPA", "ANPA", "ASIA", "AKIA", "APKA", "ASCA", "ANVA", "ACCA", "ABIA":
	default:
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) < 0
}

// An arn is an ARN in those of its parts that say who a principal is.
type arn struct {
	partition, account, resource policy.Text
	service                      string // "" where it is not known
}

// splitARN takes an ARN apart. Something unknown between two colons is one part; a text that begins with something unknown
// is not taken apart.
func splitARN(t policy.Text) (a arn, ok bool) {
	if !t.HasPrefix("arn:") {
		return a, false
	}
	if len(t.Parts) == 1 {
		return splitLiteral(t)
	}
	var fields [6][]policy.Part
	parts := make([]policy.Part, 0, len(t.Parts)+len(fields)) // of all fields
	n, begin := 0, 0
	for _, p := range t.Parts {
		from := 0
		for p.Hole == nil && n < len(fields)-1 {
			i := strings.IndexByte(p.Literal[from:], ':')
			if i < 0 {
				break
			}
			if i > 0 || len(parts) == begin {
				parts = append(parts, p.Slice(from, from+i))
			}
			fields[n] = parts[begin:len(parts):len(parts)]
			n, begin, from = n+1, len(parts), from+i+1
		}
		if p.Hole != nil || from < len(p.Literal) {
			parts = append(parts, p.Slice(from, len(p.Literal)))
		}
	}
	if n < len(fields)-1 {
		return arn{}, false
	}
	if len(parts) == begin { // nothing is behind the last colon
		last := t.Parts[len(t.Parts)-1]
		parts = append(parts, last.Slice(len(last.Literal), len(last.Literal)))
	}
	fields[n] = parts[begin:]
	text := func(i int) policy.Text {
		field := policy.NewText(fields[i]...)
		field.Via = t.Via
		return field
	}
	a = arn{partition: text(1), account: text(4), resource: text(5)}
	a.service, _ = policy.Text{Parts: fields[2]}.Literal()
	return a, true
}

// splitLiteral is splitARN for a text that is wholly known, which most are.
func splitLiteral(t policy.Text) (a arn, ok bool) {
	part := t.Parts[0]
	if part.Hole != nil {
		return arn{}, false
	}
	begin := [6]int{0, len("arn:")} // of each field, behind a colon
	for i := 2; i < len(begin); i++ {
		n := strings.IndexByte(part.Literal[begin[i-1]:], ':')
		if n < 0 {
			return arn{}, false
		}
		begin[i] = begin[i-1] + n + 1
	}
	parts := []policy.Part{
		part.Slice(begin[1], begin[2]-1), part.Slice(begin[4], begin[5]-1), part.Slice(begin[5], len(part.Literal)),
	}
	text := func(i int) policy.Text {
		return policy.Text{Parts: parts[i : i+1 : i+1], Span: parts[i].Span, Via: t.Via}
	}
	return arn{partition: text(0), account: text(1), resource: text(2), service: part.Literal[begin[2] : begin[3]-1]}, true
}

// cutWord cuts a resource behind the word that says what it is, "" where that is not known.
func cutWord(t policy.Text) (word string, name policy.Text, ok bool) {
	if s, known := whole(t); known {
		i := strings.IndexByte(s, '/')
		if i < 0 {
			return "", t, false
		}
		part := t.Parts[0].Slice(i+1, len(s))
		return s[:i], policy.Text{Parts: []policy.Part{part}, Span: part.Span, Via: t.Via}, true
	}
	kind, name, ok := cutText(t, '/')
	word, _ = kind.Literal()
	return word, name, ok
}

// cutText cuts t at the first sep that is known.
func cutText(t policy.Text, sep byte) (before, after policy.Text, ok bool) {
	for i, p := range t.Parts {
		if p.Hole != nil {
			continue
		}
		j := strings.IndexByte(p.Literal, sep)
		if j < 0 {
			continue
		}
		if len(t.Parts) == 1 {
			parts := []policy.Part{p.Slice(0, j), p.Slice(j+1, len(p.Literal))}
			return policy.Text{Parts: parts[:1:1], Span: parts[0].Span, Via: t.Via}, policy.Text{Parts: parts[1:], Span: parts[1].Span, Via: t.Via}, true
		}
		before = policy.NewText(append(append([]policy.Part(nil), t.Parts[:i]...), p.Slice(0, j))...)
		after = policy.NewText(append([]policy.Part{p.Slice(j+1, len(p.Literal))}, t.Parts[i+1:]...)...)
		before.Via, after.Via = t.Via, t.Via
		return before, after, true
	}
	return t, policy.Text{}, false
}

// sample returns t with an example in place of each hole whose kind is known, so that its form can be judged; false when
// part of it may be anything.
func sample(t policy.Text) (s string, ok bool) {
	if s, known := whole(t); known || t.IsZero() {
		return s, known
	}
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Hole == nil {
			b.WriteString(p.Literal)
			continue
		}
		switch p.Hole.Kind {
		case policy.OwnAccount:
			b.WriteString("111122223333")
		case policy.Partition:
			b.WriteString("aws")
		case policy.Region:
			b.WriteString("us-east-1")
		case policy.DNSSuffix:
			b.WriteString("amazonaws.com")
		case policy.OwnOrganization:
			b.WriteString("o-exampleorgid")
		default:
			return "", false
		}
	}
	return b.String(), true
}

func itoa(i int) string { return strconv.Itoa(i) }

// describe names a principal as messages do, as the subject of a sentence.
func describe(pr policy.Principal) string {
	s := subjectOf(pr)
	switch s.kind {
	case anyAWS:
		return "any AWS principal"
	case account:
		if id, known := s.account.Literal(); known {
			return "account " + id
		}
		if h := s.account.Hole(); h.Kind == policy.OwnAccount {
			return "the role's own account"
		}
		return "account " + s.account.String()
	case service:
		return pr.ID.String()
	case oidcProvider, webIdentity:
		return "tokens of " + shown(s.name)
	case samlProvider:
		return "the SAML provider " + shown(s.name)
	}
	return shown(pr.ID)
}

// shown returns t as messages show it: with long expressions cut.
func shown(t policy.Text) string {
	const longest = 48
	var b strings.Builder
	for _, p := range t.Parts {
		switch {
		case p.Hole == nil:
			b.WriteString(p.Literal)
		case len(p.Hole.Expr) > longest:
			b.WriteString("${" + beginning(p.Hole.Expr, longest) + "…}")
		default:
			b.WriteString("${" + p.Hole.Expr + "}")
		}
	}
	return b.String()
}

// shortened returns s as messages show it: a long one with its end cut.
func shortened(s string) string {
	const longest = 64
	if len(s) > longest {
		return beginning(s, longest) + "…"
	}
	return s
}

// beginning returns the first n bytes of s, without half a character at the end.
func beginning(s string, n int) string { return strings.ToValidUTF8(s[:n], "") }
