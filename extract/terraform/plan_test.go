package terraform

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/source"
)

const planJSON = `{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{"resources":[
  {"address":"aws_iam_role.a","mode":"managed","type":"aws_iam_role","name":"a","values":{
    "assume_role_policy":"{\"Statement\":[{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111111111111:root\"}}]}"}},
  {"address":"aws_s3_bucket.b","mode":"managed","type":"aws_s3_bucket","name":"b","values":{}}],
  "child_modules":[{"address":"module.m[\"x\"]","resources":[
    {"address":"module.m[\"x\"].aws_iam_role.b[0]","mode":"managed","type":"aws_iam_role","name":"b","index":0,"values":{"name":"b"}}]}]}},
 "resource_changes":[{"address":"module.m[\"x\"].aws_iam_role.b[0]","change":{"actions":["create"],"after_unknown":{"assume_role_policy":true}}}],
 "configuration":{"root_module":{"module_calls":{"m":{"source":"./modules/m","module":{"resources":[{"address":"aws_iam_role.b","type":"aws_iam_role",
   "expressions":{"assume_role_policy":{"references":["data.aws_iam_policy_document.d.json"]}}}]}}}}}}`

func TestPlan(t *testing.T) {
	docs, problems, ok := ExtractPlan(source.NewTree(fstest.MapFS{}), source.NewFile("plan.json", []byte(planJSON)))
	if !ok || len(problems) > 0 || len(docs) != 2 {
		t.Fatalf("got %d documents, problems %v, a plan: %t", len(docs), problems, ok)
	}
	a, b := docs[0], docs[1]
	if a.Role != "aws_iam_role.a" || len(a.Statements) != 1 {
		t.Fatalf("got %+v", a)
	}
	if got := a.Statements[0].Principals[0].ID.Span.Text(); got != "arn:aws:iam::111111111111:root" {
		t.Errorf("the principal's place holds %q", got)
	}
	if b.Role != `module.m["x"].aws_iam_role.b[0]` || !strings.Contains(why(b), "after apply only, from data.aws_iam_policy_document.d.json") {
		t.Errorf("got %s: %s", b.Role, why(b))
	}
}

// The documents of a plan point at the code that was planned, where that lies beside it.
func TestPlanPointsAtTheCode(t *testing.T) {
	tree := source.NewTree(fstest.MapFS{
		"live/main.tf":           {Data: []byte("resource \"aws_iam_role\" \"a\" {\n  assume_role_policy = local.trust\n}\n")},
		"live/modules/m/main.tf": {Data: []byte("resource \"aws_iam_role\" \"b\" {\n  assume_role_policy = var.trust\n}\n")},
	})
	docs, _, _ := ExtractPlan(tree, source.NewFile("live/plan.json", []byte(planJSON)))
	if got := docs[0].Span.Text(); got != "local.trust" {
		t.Errorf("the policy of the root module is at %q", got)
	}
	if got := docs[0].Statements[0].Principals[0].ID.Span.File.Name; got != "live/plan.json" {
		t.Errorf("a planned value is in %s", got)
	}
	if u := docs[1].Unresolved[0]; u.Span.Text() != "var.trust" || docs[1].Span != u.Span {
		t.Errorf("what is not known is at %q", u.Span.Text())
	}
}

func TestOtherJSONIsNoPlan(t *testing.T) {
	for _, src := range []string{`{}`, `{"format_version":"1.0"}`, `{"Resources":{}}`, ``, `{"format_version":"1.0","root_module":`} {
		docs, _, ok := ExtractPlan(source.NewTree(fstest.MapFS{}), source.NewFile("x.json", []byte(src)))
		if len(docs) > 0 || ok && !strings.Contains(src, "root_module") {
			t.Errorf("%s is taken for a plan", src)
		}
	}
}
