package access

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// parse reads a trust policy from its JSON.
func parse(t testing.TB, src string) *policy.Document {
	t.Helper()
	f := source.NewFile("policy.json", []byte(src))
	v, err := policy.ParseJSON(policy.String(src, source.Span{File: f, Start: 0, End: len(src)}))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return policy.Parse("role", v)
}

// A vector is a line of testdata/known.jsonl and testdata/decide.jsonl.
type vector struct {
	ID     string
	Policy json.RawMessage
	Request
	Expect string
	Why    string
}

func vectors(t testing.TB, name string) []vector {
	t.Helper()
	list, err := readVectors(name)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func readVectors(name string) ([]vector, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []vector
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func TestDecisionsAreThoseOfTheVectors(t *testing.T) {
	for file, want := range map[string]int{"testdata/known.jsonl": 55, "testdata/decide.jsonl": 3194} {
		list := vectors(t, file)
		if len(list) != want {
			t.Errorf("%s has %d vectors, want %d", file, len(list), want)
		}
		for _, v := range list {
			if got, _ := Decide(parse(t, string(v.Policy)), v.Request, World{}); got.String() != v.Expect {
				t.Errorf("%s: %s: got %s, want %s (%s)\n\t%s", v.ID, v.Request, got, v.Expect, v.Why, v.Policy)
			}
		}
	}
}

func TestHolesMatchNothingUnlessTheWorldBindsThem(t *testing.T) {
	d := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"x"},"Action":"sts:AssumeRole"}]}`)
	d.Statements[0].Principals[0].ID = policy.NewText(
		policy.Literal("arn:aws:iam::", source.Span{}),
		policy.HolePart(&policy.Hole{Expr: "var.account"}, source.Span{}),
		policy.Literal(":root", source.Span{}))
	r := Request{Principal: "arn:aws:iam::444455556666:user/bob"}
	if got, _ := Decide(d, r, World{}); got != ImplicitlyDenied {
		t.Errorf("unbound: got %s", got)
	}
	if got, by := Decide(d, r, World{Unknown: map[string]string{"var.account": "444455556666"}}); got != AllowedForAccount || by != d.Statements[0] {
		t.Errorf("bound: got %s by %v", got, by)
	}
}

func TestARoleWithAPathCoversItsSessions(t *testing.T) {
	d := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/path/Ops"},"Action":"sts:AssumeRole"}]}`)
	r := Request{
		Principal: "arn:aws:sts::444455556666:assumed-role/Ops/s1",
		Context:   Context{{Key: "aws:PrincipalArn", Values: []string{"arn:aws:iam::444455556666:role/path/Ops"}}},
	}
	if got, _ := Decide(d, r, World{}); got != Allowed {
		t.Errorf("got %s", got)
	}
	r.Context[0].Values[0] = "arn:aws:iam::444455556666:role/path/Other"
	if got, _ := Decide(d, r, World{}); got != ImplicitlyDenied {
		t.Errorf("another role: got %s", got)
	}
}

func TestTagsAndSourceIdentityNeedTheirOwnPermission(t *testing.T) {
	d := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`)
	for _, test := range []struct {
		attribute Attribute
		want      Decision
	}{
		{Attribute{Key: "sts:ExternalId", Values: []string{"x"}}, AllowedForAccount},
		{Attribute{Key: "aws:RequestTag/team", Values: []string{"x"}}, ImplicitlyDenied},
		{Attribute{Key: "sts:SourceIdentity", Values: []string{"x"}}, ImplicitlyDenied},
	} {
		r := Request{Principal: "arn:aws:iam::444455556666:user/bob", Context: Context{test.attribute}}
		if got, _ := Assume(d, r, World{}); got != test.want {
			t.Errorf("%s: got %s, want %s", r, got, test.want)
		}
	}
}

func TestExplainNamesWhatFailed(t *testing.T) {
	d := parse(t, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole",
		 "Condition":{"StringEquals":{"sts:ExternalId":"x"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}},
		{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:TagSession"}]}`)
	x := Explain(d, Request{Principal: "arn:aws:iam::444455556666:user/bob", Context: Context{{Key: "sts:externalid", Values: []string{"x"}}}}, World{})
	if x.Decision != ImplicitlyDenied || x.Statement != nil || len(x.Statements) != 2 {
		t.Fatalf("got %+v", x)
	}
	first, second := x.Statements[0], x.Statements[1]
	if first.Principal || first.Action || len(first.Conditions) != 1 || !first.Conditions[0].Key.Is("aws:MultiFactorAuthPresent") {
		t.Errorf("first statement: got %+v", first)
	}
	if !second.Principal || !second.Action || second.Conditions != nil {
		t.Errorf("second statement: got %+v", second)
	}
}
