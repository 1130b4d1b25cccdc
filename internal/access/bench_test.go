package access

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
)

// typicalPolicies are the policies that most roles have.
var typicalPolicies = map[string]string{
	"service": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
	"account": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"sts:ExternalId":"7f3a-22b1"}}}]}`,
	"github": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},
		"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/app:*"}}}]}`,
	"organization": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}]}`,
	"three statements": `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/Deploy"},"Action":"sts:AssumeRole"},
		{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","ssm.amazonaws.com"]},"Action":"sts:AssumeRole"},
		{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:SecureTransport":"false"}}}]}`,
}

func BenchmarkWho(b *testing.B) {
	for name, src := range typicalPolicies {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			d := parse(b, src)
			b.ReportAllocs()
			for b.Loop() {
				if len(Who(d, Options{})) == 0 {
					b.Fatal("no grants")
				}
			}
		})
	}
}

// largePolicy has 40 statements, about 8 KB, and 20 patterns.
func largePolicy(tb testing.TB) *policy.Document {
	var statements []string
	for i := range 40 {
		effect, principal := "Allow", fmt.Sprintf(`{"AWS":"arn:aws:iam::%012d:root"}`, int64(444455556600)+int64(i%10))
		if i%4 == 3 {
			effect, principal = "Deny", `{"AWS":"*"}`
		}
		statements = append(statements, fmt.Sprintf(`{"Effect":%q,"Principal":%s,"Action":"sts:AssumeRole","Condition":{
			"StringLike":{"sts:RoleSessionName":"team-%d-*@example.com"},"StringNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/%s*/Admin-*"}}}`,
			effect, principal, i%20, strings.Repeat("x", i%20)))
	}
	return parse(tb, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
}

// worstPolicies are the ones that were found to be the most work, each in a way of its own. Most are larger than the quota of
// IAM lets a trust policy be.
func worstPolicies() map[string]string {
	letter := func(i int) rune { return rune('a' + i%26) }
	statement := func(effect, principal, condition string) string {
		return fmt.Sprintf(`{"Effect":%q,"Principal":%s,"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{%s}}`, effect, principal, condition)
	}
	// make returns a policy of an Allow and n Deny statements about everybody.
	make := func(allow string, n int, deny func(i int) string) string {
		statements := []string{statement("Allow", `{"AWS":"*"}`, allow)}
		for i := range n {
			statements = append(statements, statement("Deny", `{"AWS":"*"}`, deny(i)))
		}
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	list := func(n int, value func(i int) string) string {
		var values []string
		for i := range n {
			values = append(values, fmt.Sprintf("%q", value(i)))
		}
		return "[" + strings.Join(values, ",") + "]"
	}
	hundred := `{"AWS":` + list(100, func(i int) string {
		return fmt.Sprintf([...]string{"arn:aws:iam::%012d:root", "arn:aws:iam::%012d:role/r", "arn:aws:iam::%012d:user/u", "arn:aws:sts::%012d:assumed-role/r/s"}[i%4], int64(100000000000)+int64(i))
	}) + `}`
	var principals []string
	for i := range 32 {
		principals = append(principals, statement([...]string{"Allow", "Deny", "Deny", "Deny"}[i%4], [...]string{`{"AWS":"*"}`, hundred}[i%2], fmt.Sprintf(
			`"StringLike":{"sts:RoleSessionName":"*%c?????????%c*","aws:PrincipalTag/a":"*%c*","aws:PrincipalArn":"*%c??%c*"}`,
			letter(i), letter(i+1), letter(i+2), letter(i+3), letter(i+4))))
	}
	var allows, companions []string
	for i := range 100 {
		allows = append(allows, statement("Allow", `{"AWS":"*"}`, fmt.Sprintf(`"StringLike":{"sts:ExternalId":"*%d*x*","aws:PrincipalArn":"arn:aws:iam::*:role/*%d*"}`, i, i)))
	}
	for i := range 21 {
		companions = append(companions, fmt.Sprintf(`{"Effect":%q,"Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],
			"Condition":{"StringLike":{"aws:RequestTag/a":"*%c???????%c*","sts:SourceIdentity":"*%c*%c*","aws:PrincipalTag/z":"*%c*"}}}`,
			[...]string{"Allow", "Deny"}[i%2], letter(i), letter(i+1), letter(i+2), letter(i+3), letter(i+4)))
	}
	joined := func(statements []string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	return map[string]string{
		"globs whose automata multiply": make(`"StringLike":{"sts:RoleSessionName":["*a??????????????????*","*b??????????????????*"],"sts:ExternalId":"*a*b*c*d*e*f*g*h*"}`, 18, func(i int) string {
			return fmt.Sprintf(`"StringLike":{"sts:RoleSessionName":"*%c?????????????????%c*","sts:ExternalId":"*%c???????????*","aws:PrincipalTag/a":"*%c????*","aws:RequestTag/b":"*%c?*"},
				"StringNotLike":{"aws:UserAgent":"*%c*%c*"}`, letter(i), letter(i+1), letter(i), letter(i+2), letter(i+3), letter(i+4), letter(i+5))
		}),
		"many stars": make(`"StringLike":{"sts:RoleSessionName":["*a*b*c*d*","*e*f*g*h*"]}`, 30, func(i int) string {
			return fmt.Sprintf(`"StringLike":{"sts:RoleSessionName":"*%c*%c*%c*%c*%c*"}`, letter(i), letter(i*7+3), letter(i*5+1), letter(i*3+2), letter(i*11+5))
		}),
		"question marks": make(`"StringLike":{"sts:RoleSessionName":"*a`+strings.Repeat("?", 40)+`*"}`, 10, func(i int) string {
			return fmt.Sprintf(`"StringLike":{"sts:RoleSessionName":"*%c%s"}`, letter(i), strings.Repeat("?", 20+i))
		}),
		"ten keys in each of forty Deny": make(`"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}`, 40, func(i int) string {
			var keys []string
			for k := range 10 {
				keys = append(keys, fmt.Sprintf(`"aws:PrincipalTag/k%d":"v%d-*"`, k, i))
			}
			return `"StringLike":{` + strings.Join(keys, ",") + `}`
		}),
		"patterns of ARNs": make(`"ArnLike":{"aws:PrincipalArn":["arn:*:iam::*:role/*a*b*","arn:aws:*::*:role/*c??????????d*"]}`, 30, func(i int) string {
			return fmt.Sprintf(`"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*%d*:role/*%c??????%c*","arn:aws:iam::?%d??????????:role/*"]}`, i, letter(i), letter(i+1), i%10)
		}),
		"multivalued keys": make(`"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":["o-*/r-*/*a*/*","o-*/r-*/*b??????*/*"]},"ForAllValues:StringLike":{"aws:TagKeys":["*a*","*b*"]}`, 30, func(i int) string {
			return fmt.Sprintf(`"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-*/r-*/*%c????????*"},"ForAllValues:StringNotLike":{"aws:TagKeys":"*%c*%c*"},
				"ForAnyValue:StringNotLike":{"sts:TransitiveTagKeys":"*%c??%c*"}`, letter(i), letter(i), letter(i+1), letter(i+2), letter(i+3))
		}),
		"policy variables": make(`"StringLike":{"sts:RoleSessionName":"${aws:username}*","aws:RequestTag/a":"${aws:PrincipalTag/a}-*","aws:RequestTag/b":"${aws:PrincipalTag/b, 'x'}*"}`, 30, func(i int) string {
			return fmt.Sprintf(`"StringNotLike":{"sts:RoleSessionName":"${aws:username}-%d-*"},"StringLike":{"aws:PrincipalTag/a":"*%c*%c*","sts:ExternalId":"${aws:PrincipalTag/x%d}*"}`, i, letter(i), letter(i+1), i)
		}),
		"many variables in a value": make(`"StringLike":{"sts:RoleSessionName":"`+strings.Repeat("${aws:PrincipalTag/a}*", 200)+`b","aws:PrincipalTag/a":"*a"}`, 3, func(i int) string {
			return `"StringLike":{"sts:RoleSessionName":"*` + strings.Repeat("${aws:PrincipalTag/a}*", 100+i) + `c"}`
		}),
		"a hundred principals": joined(principals),
		"a hundred Allow":      joined(allows),
		"session tags":         joined(companions),
		"three hundred accounts": make(`"StringEquals":{"aws:PrincipalAccount":`+list(300, func(i int) string { return fmt.Sprintf("%012d", int64(400000000000)+int64(i)) })+`},"StringLike":{"aws:PrincipalArn":"*role*"}`, 1, func(int) string {
			return `"StringNotLike":{"aws:PrincipalArn":"*x*y*","sts:RoleSessionName":"*q??????*"}`
		}),
		"many values": make(`"StringLike":{"sts:ExternalId":`+list(400, func(i int) string { return fmt.Sprintf("*%d-?a%d*", i, i*7) })+`}`, 2, func(int) string {
			return `"StringLike":{"sts:ExternalId":` + list(400, func(i int) string { return fmt.Sprintf("*%d-?a*", i) }) + `}`
		}),
		"long values with stars": make(`"StringLike":{"sts:RoleSessionName":"*`+strings.Repeat("ab*", 2700)+`"}`, 5, func(i int) string {
			return `"StringLike":{"sts:RoleSessionName":"*` + strings.Repeat(string(letter(i))+"?", 4000) + `*"}`
		}),
		"long values with question marks": make(`"StringLike":{"sts:RoleSessionName":"*a`+strings.Repeat("?", 8000)+`"},"StringNotLike":{"sts:RoleSessionName":"*b`+strings.Repeat("?", 7999)+`"}`, 0, nil),
		"long ARNs":                       make(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/`+strings.Repeat("*a?", 2600)+`"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/`+strings.Repeat("*b?", 2600)+`"}`, 0, nil),
		"long texts in any letter case":   make(`"StringEqualsIgnoreCase":{"sts:ExternalId":"`+strings.Repeat("aK", 4000)+`"},"StringLike":{"sts:ExternalId":"*`+strings.Repeat("A?", 3999)+`"}`, 0, nil),
		"holes with choices": make(`"StringLike":{"sts:RoleSessionName":"*«a=a*|b*|c*|d*»????????????????«b=a*|b*|c*|d*»*"}`, 15, func(i int) string {
			return fmt.Sprintf(`"StringLike":{"sts:RoleSessionName":"*%c?????????????????%c*"}`, letter(i), letter(i+1))
		}),
		"an open hole in a long value": make(`"StringLike":{"sts:RoleSessionName":"`+strings.Repeat("a", 4000)+`*«x»*`+strings.Repeat("b", 4000)+`"}`, 0, nil),
	}
}

// TestHardPoliciesAreBounded: a policy may take more work than the cap allows. Then the answer is a grant that says so.
func TestHardPoliciesAreBounded(t *testing.T) {
	for name, src := range worstPolicies() {
		t.Run(name, func(t *testing.T) {
			d := parseHoles(t, src)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			grants := Who(d, Options{})
			runtime.ReadMemStats(&after)
			undecided := 0
			for _, g := range grants {
				if g.Undecided {
					undecided++
				} else if decision, _ := Decide(d, g.Witness, g.World); !decision.OK() {
					t.Errorf("witness %s: %s", g.Witness, decision)
				}
			}
			t.Logf("%d grants, %d undecided, %d KB", len(grants), undecided, (after.TotalAlloc-before.TotalAlloc)>>10)
			if len(grants) == 0 {
				t.Error("no grants")
			}
			if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 64 {
				t.Errorf("allocated %d MB", allocated)
			}
		})
	}
}

func BenchmarkWhoOfALargePolicy(b *testing.B) {
	d := largePolicy(b)
	b.ReportAllocs()
	for b.Loop() {
		Who(d, Options{})
	}
}

func BenchmarkWhoOfTheWorstPolicies(b *testing.B) {
	for name, src := range worstPolicies() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			d := parseHoles(b, src)
			b.ReportAllocs()
			for b.Loop() {
				Who(d, Options{})
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	list := vectors(b, "testdata/decide.jsonl")[:200]
	documents := make([]*policy.Document, len(list))
	for i, v := range list {
		documents[i] = parse(b, string(v.Policy))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Decide(documents[i%len(list)], list[i%len(list)].Request, World{})
	}
}
