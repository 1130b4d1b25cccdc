// Package policyfile finds trust policies in files that hold policy JSON itself: whole-file documents as they are given
// to the AWS command line, and documents inside other JSON such as the output of aws iam get-role.
//
// A trust policy is recognised by what it says, never by the name of its file: only one real one in six ends in .json.
package policyfile

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Candidate reports whether src may hold a trust policy. It is cheap, and says yes too often.
func Candidate(src []byte) bool {
	if bytes.Contains(src, []byte("AssumeRolePolicyDocument")) {
		return true
	}
	return bytes.Contains(src, []byte("Statement")) && bytes.Contains(src, []byte("Principal")) &&
		(bytes.Contains(src, []byte("sts:")) || bytes.Contains(src, []byte("STS:")) || !bytes.Contains(src, []byte("Resource")))
}

// Extract returns the trust policies in file. A role is named after the file where the JSON does not name it. A file that
// looks like a trust policy and is not JSON is a problem.
func Extract(file *source.File) ([]*policy.Document, []source.Problem) {
	src := file.Src
	if !Candidate(src) {
		return nil, nil
	}
	start := 0
	if bytes.HasPrefix(src, []byte("\uFEFF")) {
		start = len("\uFEFF")
	}
	body := bytes.TrimLeft(src[start:], " \t\r\n")
	if len(body) == 0 || body[0] != '{' && body[0] != '[' {
		return nil, nil // not JSON: a shell script, a page
	}
	if !utf8.Valid(src) {
		return nil, []source.Problem{{Span: source.Span{File: file, Start: invalidUTF8(src)}.Empty(), Message: "the file is not UTF-8", Unreadable: true}}
	}
	whole := source.Span{File: file, Start: start, End: len(src)}
	template := isTemplate(file.Name)
	filledIn := byHand
	if template {
		filledIn = byEngine
	}
	v, err := policy.ParseJSON(placeholders(whole, filledIn))
	if err != nil && !err.Limit && !template {
		// A template under the name of a plain file: ${…} where JSON has no place for it.
		if retry, retryErr := policy.ParseJSON(placeholders(whole, byEngine)); retryErr == nil {
			v, err = retry, nil
		}
	}
	if err != nil && err.Limit {
		return nil, []source.Problem{{Span: err.Span, Name: file.Name, Message: "not read: " + err.Message}} // data: no policy is that large
	}
	if err != nil {
		if !looksWhole(body) {
			return nil, nil // some other language with braces
		}
		return nil, []source.Problem{{Span: err.Span, Name: file.Name, Message: "the trust policy is not valid JSON: " + err.Message, Unreadable: true}}
	}
	x := &extractor{file: file, name: baseName(file.Name)}
	x.visit(v, "", 0)
	return x.docs, nil
}

type extractor struct {
	file *source.File
	name string
	docs []*policy.Document
}

// visit looks for trust policies in v, which is found under path.
func (x *extractor) visit(v *policy.Value, path string, depth int) {
	switch v.Kind {
	case policy.Array:
		for i, e := range v.Elements {
			x.visit(e, fmt.Sprintf("%s[%d]", path, i), depth+1)
		}
	case policy.Object:
		if isTrust(v) {
			x.add(x.roleAt(path), v)
			if n := len(x.docs); n > 0 && !allows(x.docs[n-1]) {
				x.docs[n-1].Note = "all its statements deny, so another policy must go with it"
			}
			return
		}
		for _, m := range v.Members {
			name := m.Key.String()
			if name == "AssumeRolePolicyDocument" && isPolicy(m.Value) {
				x.add(x.roleOf(v, path), decoded(m.Value))
				continue
			}
			x.visit(m.Value, strings.TrimPrefix(path+"."+name, "."), depth+1)
		}
	}
}

func (x *extractor) add(role string, v *policy.Value) {
	if ofTemplate(v) {
		return
	}
	x.docs = append(x.docs, policy.Parse(role, v))
}

// allows reports whether d has a statement that allows something or may do so.
func allows(d *policy.Document) bool {
	return len(d.Statements) == 0 || slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool { return s.Effect != policy.Deny })
}

// roleAt names the role of a document found under path.
func (x *extractor) roleAt(path string) string {
	if path == "" {
		return x.name
	}
	return x.name + "." + path
}

// roleOf names the role whose description v is.
func (x *extractor) roleOf(v *policy.Value, path string) string {
	if name := v.Member("RoleName"); name != nil && name.Kind == policy.StringKind {
		return name.Text.String()
	}
	return x.roleAt(path)
}

// isPolicy reports whether v, under the name of a role's trust policy, is one: schemas and API models have that name too.
func isPolicy(v *policy.Value) bool {
	switch v.Kind {
	case policy.Object:
		return v.Member("Statement") != nil
	case policy.StringKind:
		s := strings.TrimSpace(v.Text.String())
		return strings.HasPrefix(s, "{") || strings.HasPrefix(strings.ToUpper(s), "%7B")
	}
	return false
}

// isTrust reports whether v is a trust policy: one of its statements has a principal and an action of STS, or allows every
// action, or none, and has no resource. Policies of buckets, queues, keys and endpoints have principals too, and resource control policies
// speak of STS to everybody; those of ECR repositories, which have no resource either, name its actions.
func isTrust(v *policy.Value) bool {
	statement := v.Member("Statement")
	if statement == nil {
		return false
	}
	statements := []*policy.Value{statement}
	if statement.Kind == policy.Array {
		statements = statement.Elements
	}
	trust := false
	for _, s := range statements {
		if s.Kind != policy.Object || s.Member("Principal") == nil && s.Member("NotPrincipal") == nil {
			continue
		}
		if (s.Member("Resource") != nil || s.Member("NotResource") != nil) && ofEverybody(s.Member("Principal")) {
			return false // a resource control policy, an endpoint's policy
		}
		for _, name := range []string{"Action", "NotAction"} {
			if action := s.Member(name); action != nil && hasSTS(action) {
				trust = true
			}
		}
		effect := s.Member("Effect")
		if action := s.Member("Action"); effect != nil && effect.Text.Is("Allow") && s.Member("Resource") == nil && s.Member("NotResource") == nil && s.Member("NotAction") == nil &&
			(action == nil || action.Kind == policy.StringKind && action.Text.Is("*")) {
			trust = true
		}
	}
	return trust
}

// ofEverybody reports whether the element Principal is "*" or {"AWS": "*"}.
func ofEverybody(principal *policy.Value) bool {
	if principal == nil {
		return false
	}
	leaves := principal.Leaves()
	return len(leaves) == 1 && leaves[0].Value.Text.Is("*")
}

// ofTemplate reports whether v holds functions of CloudFormation: it is part of a template or of what the CDK notes beside
// one, and means nothing by itself.
func ofTemplate(v *policy.Value) bool {
	for _, e := range v.Elements {
		if ofTemplate(e) {
			return true
		}
	}
	for _, m := range v.Members {
		if name := m.Key.String(); name == "Ref" || strings.HasPrefix(name, "Fn::") || ofTemplate(m.Value) {
			return true
		}
	}
	return false
}

func hasSTS(action *policy.Value) bool {
	for _, leaf := range action.Leaves() {
		if s := leaf.Value.Text.String(); len(s) > 4 && strings.EqualFold(s[:4], "sts:") {
			return true
		}
	}
	return false
}

// decoded returns v with percent-encoding resolved: the IAM API gives documents that way (RFC 3986).
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
func decoded(v *policy.Value) *policy.Value {
	if v.Kind != policy.StringKind || !v.Text.HasPrefix("%7B") && !v.Text.HasPrefix("%7b") {
		return v
	}
	var parts []policy.Part
	for _, p := range v.Text.Parts {
		if p.Hole != nil {
			parts = append(parts, p)
			continue
		}
		for i := 0; i < len(p.Literal); {
			n := strings.IndexByte(p.Literal[i:], '%')
			if n != 0 {
				if n < 0 {
					n = len(p.Literal) - i
				}
				parts = append(parts, p.Slice(i, i+n))
				i += n
				continue
			}
			end := min(i+3, len(p.Literal))
			if s, err := url.PathUnescape(p.Literal[i:end]); err == nil {
				parts = append(parts, p.Slice(i, end).As(s))
			} else {
				parts = append(parts, p.Slice(i, end))
			}
			i = end
		}
	}
	text := policy.NewText(parts...)
	return &policy.Value{Kind: policy.StringKind, Text: text, Span: v.Span, Via: v.Via}
}

// templateExtensions are those of files in which ${name} and {{name}} are placeholders of the tool that fills them in.
func isTemplate(name string) bool {
	switch path.Ext(name) {
	case ".tpl", ".tmpl", ".tftpl", ".j2", ".jinja", ".jinja2", ".template", ".erb", ".mustache":
		return true
	}
	return false
}

// lazily returns the regular expression when it is first asked for: most runs need none.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// byHand matches what a person fills in before use: <account>, and a name where an ARN has the digits of an account. Both it and
// byEngine match from the first byte on only: see marked.
var byHand = lazily(`^(?:<[A-Za-z][A-Za-z0-9 _.-]*>|arn:aws[a-z-]*:(?:iam|sts)::([A-Za-z_{-][A-Za-z0-9_{}. -]*):)`)

// byEngine matches that and what a template engine replaces: ${name} of Terraform and shells, {{ … }} of Jinja, Go and
// Mustache, <% … %> of ERB, and directives.
var byEngine = lazily(`^(?:<[A-Za-z][A-Za-z0-9 _.-]*>|arn:aws[a-z-]*:(?:iam|sts)::([A-Za-z_{-][A-Za-z0-9_{}. -]*):|\$\{[^{}"]*\}|%\{[^{}"]*\}|\{\{[^{}]*\}\}|\{%[^{}]*%\}|<%[^<>]*%>)`)

// policyVariable matches a policy variable of IAM, ${aws:username} or ${cognito-identity.amazonaws.com:sub}, and no
// placeholder such as ${LOOKUP::Name}.
var policyVariable = lazily(`^\$\{([a-z0-9-]+|[a-z0-9.-]+\.[a-z]+[a-z0-9./-]*):[A-Za-z]`)

// placeholders returns the text under span with what matches filledIn as holes: its first group, or all of it.
func placeholders(span source.Span, filledIn func() *regexp.Regexp) policy.Text {
	src := span.Text()
	at := func(i, j int) source.Span {
		return source.Span{File: span.File, Start: span.Start + i, End: span.Start + j}
	}
	var parts []policy.Part
	done := 0
	for _, m := range marked(src, filledIn()) {
		if m[2] >= 0 {
			m = m[2:]
		} else if policyVariable().MatchString(src[m[0]:m[1]]) {
			continue
		}
		if m[0] > done {
			parts = append(parts, policy.Literal(src[done:m[0]], at(done, m[0])))
		}
		expr := strings.Trim(src[m[0]:m[1]], "${}%<> \t\r\n=-~")
		parts = append(parts, policy.HolePart(&policy.Hole{Expr: expr}, at(m[0], m[1])))
		done = m[1]
	}
	if done < len(src) {
		parts = append(parts, policy.Literal(src[done:], at(done, len(src))))
	}
	return policy.NewText(parts...)
}

// marked returns where re matches in src, as FindAllStringSubmatchIndex does. It looks only where one of the things begins that
// re matches, which in a large file takes a twentieth of the time.
func marked(src string, re *regexp.Regexp) (matches [][]int) {
	for i := 0; i < len(src); i++ {
		n := strings.IndexAny(src[i:], "<$%{a")
		if n < 0 {
			break
		}
		if i += n; src[i] == 'a' && !strings.HasPrefix(src[i:], "arn:aws") {
			continue
		}
		if m := re.FindStringSubmatchIndex(src[i:]); m != nil {
			for k := range m {
				if m[k] >= 0 {
					m[k] += i
				}
			}
			matches = append(matches, m)
			i = m[1] - 1
		}
	}
	return matches
}

// looksWhole reports whether body, which is not JSON, was meant to be a policy: an object whose first name is an element
// of a policy.
func looksWhole(body []byte) bool {
	if body[0] != '{' {
		return false
	}
	rest := strings.TrimLeft(string(body[1:min(len(body), 200)]), " \t\r\n")
	for _, name := range []string{`"Version"`, `"Statement"`, `"Id"`} {
		if strings.HasPrefix(rest, name) {
			return true
		}
	}
	return false
}

func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(src)
}

// baseName returns the name of a file without directory and extensions that say nothing: trust.json.tpl is trust.
func baseName(name string) string {
	base := path.Base(name)
	for {
		switch ext := path.Ext(base); {
		case ext == base:
			return base
		case ext == ".json", isTemplate(base), ext == ".txt":
			base = strings.TrimSuffix(base, ext)
		default:
			return base
		}
	}
}
