package access

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// smallWorld is a vocabulary so small that every request over it can be asked: four callers, an action, three keys with few
// values or none.
var smallWorld = struct {
	callers []string
	context [][]Attribute // for each key the values that a request may have; nil values: the key is absent
}{
	callers: []string{"arn:aws:iam::444455556666:user/alice", "arn:aws:sts::444455556666:assumed-role/Deploy/s1",
		"arn:aws:sts::777788889999:assumed-role/Deploy/s1", "lambda.amazonaws.com"},
	context: [][]Attribute{
		{{}, {Key: "sts:ExternalId", Values: []string{"aa"}}, {Key: "sts:ExternalId", Values: []string{"ab"}}, {Key: "sts:ExternalId", Values: []string{"bb"}}},
		{{}, {Key: "aws:MultiFactorAuthPresent", Values: []string{"true"}}, {Key: "aws:MultiFactorAuthPresent", Values: []string{"false"}}},
		{{}, {Key: "aws:PrincipalOrgID", Values: []string{"o-aa"}}, {Key: "aws:PrincipalOrgID", Values: []string{"o-ab"}}},
		{{}, {Key: "aws:PrincipalTag/t", Values: []string{"aa"}}, {Key: "aws:PrincipalTag/t", Values: []string{"b"}}},
	},
}

// smallRequests returns all requests of the small world that can happen: a service has none of the keys of AWS principals.
func smallRequests() []Request {
	list := []Request{}
	for _, caller := range smallWorld.callers {
		contexts := []Context{nil}
		for i, attributes := range smallWorld.context {
			var next []Context
			for _, c := range contexts {
				for _, a := range attributes {
					switch {
					case a.Key == "":
						next = append(next, c)
					case i == 0 || strings.HasPrefix(caller, "arn:"):
						next = append(next, append(c[:len(c):len(c)], a))
					}
				}
			}
			contexts = next
		}
		for _, c := range contexts {
			list = append(list, Request{Principal: caller, Action: AssumeRole, Context: c})
		}
	}
	return list
}

func smallPolicy(r *rand.Rand) string {
	principals := []string{`{"AWS":"*"}`, `"*"`, `{"AWS":"444455556666"}`, `{"AWS":"arn:aws:iam::444455556666:user/alice"}`, `{"AWS":"arn:aws:iam::444455556666:role/Deploy"}`,
		`{"AWS":"arn:aws:sts::777788889999:assumed-role/Deploy/s1"}`, `{"Service":"lambda.amazonaws.com"}`, `{"AWS":["777788889999","444455556666"],"Service":"lambda.amazonaws.com"}`}
	texts := []string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringEqualsIfExists", "StringNotEqualsIfExists",
		"StringLikeIfExists", "ForAllValues:StringEquals", "ForAllValues:StringNotLike", "ForAnyValue:StringLike", "ForAnyValue:StringNotEquals", "Null"}
	values := []string{"aa", "ab", "bb", "a*", "*b", "*", "??", "?b", "AA", "", "${aws:PrincipalTag/t}", "*${aws:PrincipalTag/t, 'a'}"}
	organizations := []string{"o-aa", "o-ab", "o-a*", "*", "o-bb", "O-AA"}
	var statements []string
	for range 1 + r.IntN(4) {
		effect := "Allow"
		if len(statements) > 0 && r.IntN(2) == 0 {
			effect = "Deny"
		}
		var conditions []string
		seen := map[string]bool{}
		for range r.IntN(4) {
			operator, key, list := pick(r, texts), "sts:ExternalId", values
			switch r.IntN(4) {
			case 0:
				key, operator, list = "aws:MultiFactorAuthPresent", pick(r, []string{"Bool", "BoolIfExists", "Null"}), []string{"true", "false"}
			case 1:
				key, list = "aws:PrincipalOrgID", organizations
			case 2:
				key = "aws:PrincipalTag/t"
			}
			if operator == "Null" {
				list = []string{"true", "false"}
			}
			if seen[operator] {
				continue
			}
			seen[operator] = true
			chosen := []string{fmt.Sprintf("%q", pick(r, list))}
			for range r.IntN(2) {
				chosen = append(chosen, fmt.Sprintf("%q", pick(r, list)))
			}
			conditions = append(conditions, fmt.Sprintf(`%q:{%q:[%s]}`, operator, key, strings.Join(chosen, ",")))
		}
		statements = append(statements, fmt.Sprintf(`{"Effect":%q,"Principal":%s,"Action":"sts:AssumeRole","Condition":{%s}}`, effect, pick(r, principals), strings.Join(conditions, ",")))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// TestWhoAgreesWithEveryRequestOfASmallWorld asks Decide about all requests there are and compares: each that is allowed lies
// in a grant, each grant has a witness that is allowed, and none is there without one unless it says that it is undecided.
func TestWhoAgreesWithEveryRequestOfASmallWorld(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	requests := smallRequests()
	asked, allowed, grants, undecided, needless := 0, 0, 0, 0, 0
	for range *policies {
		src := smallPolicy(r)
		d := parse(t, src)
		list := Who(d, Options{})
		any := false
		for _, request := range requests {
			asked++
			if decision, _ := Decide(d, request, World{}); !decision.OK() {
				continue
			}
			allowed++
			any = true
			if !inside(list, request) {
				t.Fatalf("%s is allowed but in no grant\n\t%s", request, src)
			}
		}
		for _, g := range list {
			grants++
			if g.Undecided {
				undecided++
				if !any {
					needless++
				}
				continue
			}
			if decision, _ := Decide(d, g.Witness, g.World); !decision.OK() {
				t.Fatalf("%s: witness %s: %s\n\t%s", &g, g.Witness, decision, src)
			}
		}
	}
	t.Logf("%d requests asked, %d allowed; %d grants, %d undecided, %d of them where no request is allowed", asked, allowed, grants, undecided, needless)
	if undecided*100 > 2*grants { // a third of the policies have variables
		t.Errorf("%d of %d grants are undecided, want at most two in a hundred", undecided, grants)
	}
}
