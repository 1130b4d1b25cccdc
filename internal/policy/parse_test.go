package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/source"
)

// describe returns what Parse understood of src, one line a thing.
func describe(src string) string {
	v, err := ParseJSON(withHoles(src))
	if err != nil {
		return "syntax error: " + err.Message
	}
	return Parse("r", v).describe()
}

func (d *Document) describe() string {
	var b strings.Builder
	for _, s := range d.Statements {
		fmt.Fprintf(&b, "%d %v", s.Index, s.Effect)
		for _, p := range s.Principals {
			fmt.Fprintf(&b, " %v:%v", p.Type, p.ID)
		}
		for _, p := range s.NotPrincipals {
			fmt.Fprintf(&b, " not %v:%v", p.Type, p.ID)
		}
		for _, a := range s.Actions {
			fmt.Fprintf(&b, " %v", a)
		}
		for _, a := range s.NotActions {
			fmt.Fprintf(&b, " not %v", a)
		}
		for _, c := range s.Conditions {
			fmt.Fprintf(&b, " [%v %v %v]", c.Operator.Text, c.Key, c.Values)
		}
		b.WriteString("\n")
	}
	for _, f := range d.Faults {
		fmt.Fprintf(&b, "fault %s at %s: %s\n", f.Code, f.Span.Text(), f.Message)
	}
	for _, u := range d.Unresolved {
		fmt.Fprintf(&b, "unresolved %s: %s\n", u.What, u.Hole.Expr)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// statement returns a policy whose one statement has the elements of a good one but for those in s. "no Effect" leaves
// that element out.
func statement(s string) string {
	var elements []string
	for _, element := range []string{`"Effect":"Allow"`, `"Principal":{"AWS":"1"}`, `"Action":"sts:AssumeRole"`} {
		name, _, _ := strings.Cut(element, ":")
		omitted := "no " + strings.Trim(name, `"`)
		if !strings.Contains(s, name+":") && !strings.Contains(s, omitted) {
			elements = append(elements, element)
		}
		s = strings.Trim(strings.ReplaceAll(s, omitted, ""), ",")
	}
	if s != "" {
		elements = append([]string{s}, elements...)
	}
	return `{"Statement":[{` + strings.Join(elements, ",") + `}]}`
}

func TestParseReadsEveryForm(t *testing.T) {
	for _, test := range []struct{ name, src, want string }{
		{"scalars", statement(``), "0 Allow AWS:1 sts:AssumeRole"},
		{"statement as an object", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"Service":["a","b"],"AWS":"1"},"Action":["x","y"]}}`,
			"0 Deny Service:a Service:b AWS:1 x y"},
		{"conditions", statement(`"Condition":{"Bool":{"aws:MultiFactorAuthPresent":true},"NumericLessThan":{"aws:MultiFactorAuthAge":[3600,"7200"]}}`),
			"0 Allow AWS:1 sts:AssumeRole [Bool aws:MultiFactorAuthPresent [true]] [NumericLessThan aws:MultiFactorAuthAge [3600 7200]]"},
		{"NotPrincipal and NotAction", statement(`"NotPrincipal":{"AWS":"2"},"NotAction":"a",no Principal,no Action`), "0 Allow not AWS:2 not a"},
		{"the last of two members counts", statement(`"Effect":"Deny","Effect":"Allow"`), "0 Allow AWS:1 sts:AssumeRole"},
		{"JSON in a string", `"{\"Statement\":[]}"`, "fault empty-element at []: Statement is empty"},

		{"not an object", `[]`, "fault not-an-object at []: the policy is a list, not an object"},
		{"no JSON in a string", `"{"`, "fault invalid-json at : the policy is not valid JSON: the text ends where a name in double quotes must follow"},
		{"empty string", `" "`, "fault invalid-json at  : the policy is empty"},
		{"empty object", `{}`, "fault missing-element at {}: the policy has no Statement"},
		{"element spelled wrong", `{"statement":[]}`, "fault unknown-element at statement: a policy has no element \"statement\": it is spelled \"Statement\"\n" +
			"fault missing-element at {\"statement\":[]}: the policy has no Statement"},
		{"plural element", statement(`"Conditions":{}`), "0 Allow AWS:1 sts:AssumeRole\nfault unknown-element at Conditions: a statement has no element \"Conditions\": it is called \"Condition\""},
		{"Resource", statement(`"Resource":"*"`), "0 Allow AWS:1 sts:AssumeRole\nfault unknown-element at Resource: a trust policy must not contain Resource: the role itself is the resource"},
		{"statement of the wrong type", `{"Statement":["x"]}`, "fault wrong-type at x: a statement is a string, not an object"},
		{"Statement of the wrong type", `{"Statement":1}`, "fault wrong-type at 1: Statement is a number, not a list of statements"},
		{"effect in lower case", statement(`"Effect":"allow"`), "0  AWS:1 sts:AssumeRole\nfault wrong-effect at allow: Effect is \"allow\": IAM takes only \"Allow\", with this spelling"},
		{"no effect", statement(`no Effect`), "0  AWS:1 sts:AssumeRole\nfault missing-element at {\"Principal\":{\"AWS\":\"1\"},\"Action\":\"sts:AssumeRole\"}: the statement has no Effect"},
		{"bare star", statement(`"Principal":"*"`), "0 Allow *:* sts:AssumeRole\nfault wrong-principal at *: Principal is the string \"*\": IAM takes only an object such as {\"AWS\": \"*\"} in a trust policy"},
		{"bare account", statement(`"Principal":"1"`), "0 Allow sts:AssumeRole\nfault wrong-principal at 1: Principal is a string, not an object such as {\"AWS\": …}"},
		{"unknown principal type", statement(`"Principal":{"Aws":"1"}`), "0 Allow ?:1 sts:AssumeRole\nfault wrong-principal at Aws: Principal has the key \"Aws\": IAM takes AWS, Service and Federated"},
		{"empty principal", statement(`"Principal":{}`), "0 Allow sts:AssumeRole\nfault empty-element at {}: Principal is empty"},
		{"both actions", statement(`"Action":"a","NotAction":"b"`), "0 Allow AWS:1 a not b\nfault both-elements at NotAction: the statement has both Action and NotAction"},
		{"empty action", statement(`"Action":[]`), "0 Allow AWS:1\nfault empty-element at []: Action is empty"},
		{"null in a condition", statement(`"Condition":{"StringEquals":{"k":null}}`), "0 Allow AWS:1 sts:AssumeRole [StringEquals k []]\nfault wrong-type at null: StringEquals k holds null, not a string"},
		{"object in a condition", statement(`"Condition":{"StringEquals":{"k":{"a":1}}}`), "0 Allow AWS:1 sts:AssumeRole [StringEquals k []]\nfault wrong-type at {\"a\":1}: StringEquals k holds an object, not a string"},
		{"condition as a list", statement(`"Condition":[]`), "0 Allow AWS:1 sts:AssumeRole\nfault wrong-type at []: Condition is a list, not an object"},

		{"unknown policy", `«p»`, "unresolved the policy: p"},
		{"unknown string", `"«p»"`, "unresolved the policy: p"},
		{"unknown statement among others", `{"Statement":[«s»,{"Effect":"Allow","Principal":{"AWS":"1"},"Action":"a"}]}`, "0 Allow AWS:1 a\nunresolved a statement: s"},
		{"unknown member", `{«m»}`, "unresolved an element of the policy: m"},
		{"unknown effect", statement(`"Effect":«e»`), "0  AWS:1 sts:AssumeRole\nunresolved Effect: e"},
		{"unknown principal", statement(`"Principal":«p»`), "0 Allow sts:AssumeRole\nunresolved Principal: p"},
		{"unknown principals", statement(`"Principal":{"AWS":«p»}`), "0 Allow AWS:${p} sts:AssumeRole"},
		{"unknown piece of a principal", statement(`"Principal":{"AWS":["arn:aws:iam::«a»:root"]}`), "0 Allow AWS:arn:aws:iam::${a}:root sts:AssumeRole"},
		{"unknown condition", statement(`"Condition":«c»`), "0 Allow AWS:1 sts:AssumeRole\nunresolved Condition: c"},
		{"unknown operator", statement(`"Condition":{"StringEquals":«c»}`), "0 Allow AWS:1 sts:AssumeRole\nunresolved Condition StringEquals: c"},
		{"unknown key", statement(`"Condition":{"StringEquals":{"«i»:sub":"x"}}`), "0 Allow AWS:1 sts:AssumeRole [StringEquals ${i}:sub [x]]"},
	} {
		if got := describe(test.src); got != test.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", test.name, test.src, got, test.want)
		}
	}
}

func TestAnUnknownPrincipalListMayBeMany(t *testing.T) {
	v, _ := ParseJSON(withHoles(statement(`"Principal":{"AWS":«p»}`)))
	if hole := Parse("r", v).Statements[0].Principals[0].ID.Hole(); !hole.Many {
		t.Error("an unknown value of AWS stands for one principal only")
	}
	v, _ = ParseJSON(withHoles(statement(`"Principal":{"AWS":["«p»"]}`)))
	if hole := Parse("r", v).Statements[0].Principals[0].ID.Hole(); hole.Many {
		t.Error("an unknown string in a list stands for many")
	}
}

func TestOperatorsAreTakenApart(t *testing.T) {
	for _, test := range []struct {
		text     string
		set      SetOperator
		name     string
		ifExists bool
		known    bool
	}{
		{"StringEquals", NoSet, "StringEquals", false, true},
		{"stringlikeifexists", NoSet, "StringLike", true, true},
		{"ForAllValues:ArnNotLikeIfExists", ForAllValues, "ArnNotLike", true, true},
		{"foranyvalue:StringLike", ForAnyValue, "StringLike", false, true},
		{"Null", NoSet, "Null", false, true},
		{"NullIfExists", NoSet, "NullIfExists", true, false},
		{"StringEqual", NoSet, "StringEqual", false, false},
		{"ForAnyValues:StringLike", NoSet, "ForAnyValues:StringLike", false, false},
		{"StringNotEqualsIfExist", NoSet, "StringNotEqualsIfExist", false, false},
	} {
		op := ParseOperator(String(test.text, source.Span{}))
		if op.Set != test.set || op.Name != test.name || op.IfExists != test.ifExists || op.Known != test.known {
			t.Errorf("%s: got %+v", test.text, op)
		}
	}
}

func TestConditionSpanReachesFromKeyToLastValue(t *testing.T) {
	v, _ := ParseJSON(fileText(statement(`"Condition":{"StringLike":{"k:é":["a", "b"]}}`)))
	if got := Parse("r", v).Statements[0].Conditions[0].Span.Text(); got != `k:é":["a", "b"]` {
		t.Errorf("span covers %s", got)
	}
}

func TestTextsKnowWhatTheyKnow(t *testing.T) {
	v, _ := ParseJSON(withHoles(`["arn:«a»:iam", "", "x"]`))
	mixed, empty, plain := v.Elements[0].Text, v.Elements[1].Text, v.Elements[2].Text
	if _, known := mixed.Literal(); known || mixed.Hole() == nil || !mixed.HasPrefix("arn:") || mixed.HasPrefix("arn:aws") ||
		!mixed.HasSuffix(":iam") || mixed.HasSuffix("x:iam") {
		t.Error("a text with a hole is taken for more or less than it is")
	}
	if s, known := empty.Literal(); !known || s != "" || empty.IsZero() || !empty.Is("") {
		t.Error("the empty string is not known")
	}
	if !plain.Is("x") || plain.Hole() != nil || !(Text{}).IsZero() || (Text{}).Is("") {
		t.Error("a plain text or the zero Text is wrong")
	}
}

func TestParseReadsTheFormOfAHole(t *testing.T) {
	span := source.Span{}
	hole := &Hole{Expr: "Helper.Arn", Form: []Part{
		{Literal: "arn:aws:iam::"}, HolePart(&Hole{Kind: OwnAccount, Expr: "AWS::AccountId"}, span), {Literal: ":role/"}, HolePart(&Hole{Expr: "Helper"}, span)}}
	id := &Value{Kind: StringKind, Text: NewText(HolePart(hole, span))}
	v := &Value{Kind: Object, Members: []Member{{String("Statement", span), &Value{Kind: Object, Members: []Member{
		{String("Principal", span), &Value{Kind: Object, Members: []Member{{String("AWS", span), id}}}}}}}}}
	if got := Parse("r", v).Statements[0].Principals[0].ID.String(); got != "arn:aws:iam::${AWS::AccountId}:role/${Helper}" {
		t.Error(got)
	}
	if got := string(v.JSON()); got != `{"Statement":{"Principal":{"AWS":"${Helper.Arn}"}}}` {
		t.Error(got)
	}
}

func TestConditionsTellAProviderThatIsNotKnown(t *testing.T) {
	const known = "arn:${partition}:iam::${account}:oidc-provider/token.example.com"
	for _, test := range []struct{ effect, operator, key, want string }{
		{"Allow", "StringEquals", "token.example.com:sub", known},
		{"Allow", "ForAnyValue:StringLike", "Token.example.com:aud", known},
		{"Allow", "StringEquals", "accounts.google.com:aud", "accounts.google.com"},
		{"Allow", "StringEqualsIfExists", "token.example.com:sub", "${var.provider}"},
		{"Allow", "StringNotEquals", "token.example.com:sub", "${var.provider}"},
		{"Allow", "ForAllValues:StringEquals", "token.example.com:sub", "${var.provider}"},
		{"Allow", "StringEquals", "aws:PrincipalOrgID", "${var.provider}"},
		{"Deny", "StringEquals", "token.example.com:sub", "${var.provider}"},
	} {
		text := func(s string) *Value { return &Value{Kind: StringKind, Text: String(s, source.Span{})} }
		object := func(key string, v *Value) *Value {
			return &Value{Kind: Object, Members: []Member{{String(key, source.Span{}), v}}}
		}
		s := object("Effect", text(test.effect))
		provider := &Value{Kind: StringKind, Text: NewText(HolePart(&Hole{Expr: "var.provider"}, source.Span{}))}
		s.Members = append(s.Members, object("Principal", object("Federated", provider)).Members[0],
			object("Condition", object(test.operator, object(test.key, text("x")))).Members[0])
		if got := Parse("r", object("Statement", s)).Statements[0].Principals[0].ID.String(); got != test.want {
			t.Errorf("%s %s %s: %s, want %s", test.effect, test.operator, test.key, got, test.want)
		}
	}
}
