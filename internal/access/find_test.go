package access

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/policy"
)

// one returns the only grant of a policy of one statement.
func one(t *testing.T, principal, action, condition string) *Grant {
	t.Helper()
	d := parseHoles(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":`+principal+`,"Action":"`+action+`","Condition":{`+condition+`}}]}`)
	grants := Who(d, Options{})
	if len(grants) != 1 {
		t.Fatalf("%d grants", len(grants))
	}
	return &grants[0]
}

const (
	anyAWS    = `{"AWS":"*"}`
	anAccount = `{"AWS":"444455556666"}`
	anActions = `{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}`
	subject   = "token.actions.githubusercontent.com:sub"
)

func TestAGrantKnowsWhichKeysBoundIt(t *testing.T) {
	for _, test := range []struct {
		principal, condition, key string
		bounds, mayLack           bool
	}{
		{anAccount, `"StringEquals":{"sts:ExternalId":"abc"}`, "sts:ExternalId", true, false},
		{anAccount, `"StringEqualsIfExists":{"sts:ExternalId":"abc"}`, "STS:externalid", true, true},
		{anAccount, `"StringEquals":{"sts:ExternalId":"abc"}`, "aws:SourceIp", false, true},
		{anAccount, `"StringLike":{"sts:RoleSessionName":"*"}`, "sts:RoleSessionName", false, false},
		{anAccount, `"Bool":{"aws:MultiFactorAuthPresent":"true"}`, "aws:MultiFactorAuthPresent", true, false},
		{anAccount, `"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}`, "aws:MultiFactorAuthPresent", true, true},
		{anyAWS, `"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}`, "aws:PrincipalOrgID", true, true},
		{anyAWS, `"StringNotEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}`, "aws:PrincipalOrgID", true, true},
		{anyAWS, `"IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}`, "aws:SourceIp", true, false}, // it must be there
	} {
		g := one(t, test.principal, AssumeRole, test.condition)
		if got := g.Bounds(test.key); got != test.bounds {
			t.Errorf("%s: %s bounds it: got %v", test.condition, test.key, got)
		}
		if got := g.MayLack(test.key); got != test.mayLack {
			t.Errorf("%s: it may lack %s: got %v", test.condition, test.key, got)
		}
	}
}

func TestRulesAskAGrantWithConditions(t *testing.T) {
	for _, test := range []struct {
		sub  string
		ask  policy.Condition
		want bool
	}{
		{"repo:acme/*", If("StringNotLike", subject, "repo:acme/*"), false},
		{"repo:acme*", If("StringNotLike", subject, "repo:acme/*"), true},
		{"repo:*/app:*", If("StringNotLike", subject, "repo:acme/*", "repo:*-evil/*"), true},
		{"repo:acme/app:*", If("StringLike", subject, "*:pull_request"), true},
		{"repo:acme/app:ref:*", If("StringEquals", subject, "repo:acme/app:pull_request"), false},
	} {
		g := one(t, anActions, AssumeRoleWithWebIdentity, `"StringLike":{"`+subject+`":"`+test.sub+`"}`)
		r, ok := g.Find(test.ask)
		if ok != test.want {
			t.Errorf("%s: found %v: %s", test.sub, ok, r)
		}
		if ok {
			if decision, _ := Decide(g.boxes[0].from.document, r, g.World); !decision.OK() {
				t.Errorf("%s: %s is not allowed", test.sub, r)
			}
		}
	}
	g := one(t, anAccount, AssumeRole, `"StringLike":{"sts:ExternalId":"a*"}`)
	if !g.Admits("sts:ExternalId", "abc") || g.Admits("sts:ExternalId", "bcd") {
		t.Error("Admits does not tell abc from bcd")
	}
}

func TestAQueryAsksAboutCallers(t *testing.T) {
	d := parse(t, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}},
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/Deploy"},"Action":"sts:AssumeRole"}]}`)
	inNoOrganization := If("Null", "aws:PrincipalOrgID", "true")
	stranger := func(c Caller) bool { return c.Kind <= Root && c.Account == "" }
	if r, _, ok := Find(d, Options{}, Query{Caller: stranger, Where: []policy.Condition{inNoOrganization}}); ok {
		t.Errorf("a stranger outside the organization: %s", r)
	}
	r, w, ok := Find(d, Options{}, Query{Where: []policy.Condition{inNoOrganization}})
	if decision, _ := Decide(d, r, w); !ok || !decision.OK() || !strings.Contains(r.Principal, ":assumed-role/Deploy/") {
		t.Errorf("the role: got %v, %s", ok, r)
	}
	if _, _, ok := Find(d, Options{}, Query{Action: TagSession}); ok {
		t.Error("session tags are allowed")
	}
}

func TestAnUnknownValueIsSaid(t *testing.T) {
	g := one(t, `{"AWS":"arn:aws:iam::«var.account»:root"}`, AssumeRole, `"StringEquals":{"sts:ExternalId":"«var.id»"}`)
	if g.Undecided || len(g.Rests) != 2 || g.Callers[0].Unknown == nil || g.World.Unknown["var.id"] == "" {
		t.Errorf("got %s, %+v, %+v", g, g.Callers, g.World)
	}
	if !g.Bounds("sts:ExternalId") || g.MayLack("sts:ExternalId") {
		t.Error("an unknown ExternalId is none at all")
	}
	g = one(t, anAccount, AssumeRole, `"StringEquals":{"sts:ExternalId":"«var.id»"}`)
	if g.Callers[0].Unknown != nil || len(g.Rests) != 1 {
		t.Errorf("got %+v, %v", g.Callers, g.Rests)
	}
}

func TestPartsThatAreNotKnownAreUndecided(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{`{"Version":"2012-10-17","Statement":«var.statements»}`, "whoever ${var.statements} names (undecided), depending on var.statements"},
		{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":«var.principal»,"Action":"sts:AssumeRole"}]}`,
			"whoever ${var.principal} names (undecided), depending on var.principal"},
		{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":«var.condition»}]}`,
			"any principal of account 444455556666, depending on var.condition"},
		{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"},
			{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":«var.condition»}]}`,
			"any principal of account 444455556666, depending on var.condition"},
		{`{"Version":"2012-10-17","Statement":[{"Effect":"«var.effect»","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`,
			"whoever ${var.effect} names (undecided), depending on var.effect"},
	} {
		grants := Who(parseHoles(t, test.src), Options{})
		if len(grants) != 1 || grants[0].String() != test.want {
			for _, g := range grants {
				t.Logf("%s", &g)
			}
			t.Errorf("%s: got %d grants, want %s", test.src, len(grants), test.want)
		}
	}
}

func TestAPolicyWithUnknownValuesAddsNothingToItself(t *testing.T) {
	files, _ := filepath.Glob("testdata/who/*.txtar")
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if !strings.HasSuffix(f.Name, ".json") {
				continue
			}
			before, after := parseHoles(t, string(f.Data)), parseHoles(t, string(f.Data))
			for _, w := range worlds(after, before) {
				q := newQuestion(w, Options{Now: goldenNow}, false, least(before), most(after)) // without Added's short cut
				for _, g := range q.added(before, after) {
					t.Errorf("%s %s: added %s", filepath.Base(name), f.Name, &g)
				}
			}
		}
	}
}

func TestAddedNamesWhoIsNew(t *testing.T) {
	policyOf := func(principal, condition string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole","Condition":{` + condition + `}}`
	}
	document := func(statements ...string) *policy.Document {
		return parseHoles(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
	}
	id := `"StringEquals":{"sts:ExternalId":"abc"}`
	like := func(id string) string { return `"StringLike":{"sts:ExternalId":"` + id + `"}` }
	const team = `"StringEquals":{"aws:PrincipalTag/team":"«var.a»"},`
	for _, test := range []struct {
		name          string
		before, after *policy.Document
		want          string
	}{
		{"a condition is dropped", document(policyOf(anAccount, id)), document(policyOf(anAccount, "")), "any principal of account 444455556666"},
		{"a condition is added", document(policyOf(anAccount, "")), document(policyOf(anAccount, id)), ""},
		{"one statement becomes two", document(policyOf(`{"AWS":["444455556666","777788889999"]}`, id)),
			document(policyOf(`{"AWS":"777788889999"}`, id), policyOf(anAccount, id)), ""},
		{"an account becomes everyone", document(policyOf(anAccount, "")), document(policyOf(anyAWS, "")), "any AWS account"},
		{"an account becomes one of its roles", document(policyOf(anAccount, "")), document(policyOf(`{"AWS":"arn:aws:iam::444455556666:role/Deploy"}`, "")), ""},
		{"a role becomes its account", document(policyOf(`{"AWS":"arn:aws:iam::444455556666:role/Deploy"}`, "")), document(policyOf(anAccount, "")),
			"any principal of account 444455556666"},
		{"an unknown principal becomes a known one", document(policyOf(`{"AWS":"«var.a»"}`, "")), document(policyOf(anAccount, "")), "any principal of account 444455556666"},
		{"a known value becomes unknown", document(policyOf(anAccount, id)), document(policyOf(anAccount, `"StringEquals":{"sts:ExternalId":"«var.id»"}`)),
			"any principal of account 444455556666, with sts:ExternalId = ${var.id}, depending on var.id"},
		{"a pattern with an unknown part becomes a narrower one", document(policyOf(anAccount, like("«var.a»-*"))), document(policyOf(anAccount, like("«var.a»-x"))), ""},
		{"a text with an unknown part becomes a wider one", document(policyOf(anAccount, like("«var.a»-x"))), document(policyOf(anAccount, like("«var.a»-*"))),
			"any principal of account 444455556666, with sts:ExternalId like ${var.a}-*, depending on var.a"},
		{"a text becomes wider after another condition with its unknown part", document(policyOf(anAccount, team+like("«var.a»-x"))),
			document(policyOf(anAccount, team+like("«var.a»-*"))),
			"any principal of account 444455556666, with aws:PrincipalTag/team = ${var.a}, with sts:ExternalId like ${var.a}-*, depending on var.a"},
		{"one of the unknown texts becomes another", document(policyOf(anAccount, like("«var.a»-x"))), document(policyOf(anAccount, like("«var.b»-x"))),
			"any principal of account 444455556666, with sts:ExternalId = ${var.b}-x, depending on var.b"},
	} {
		var got []string
		for _, g := range Added(test.before, test.after, Options{}) {
			if decision, _ := Decide(test.before, g.Witness, g.World); decision.OK() && !g.Undecided {
				t.Errorf("%s: %s was allowed before", test.name, g.Witness)
			}
			got = append(got, g.String())
		}
		if strings.Join(got, "; ") != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
