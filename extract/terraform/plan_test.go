package terraform

import (
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/source"
)

const planJSON = `{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{"resources":[
  {"address":"aws_iam_role.a","mode":"managed","type":"aws_iam_role","name":"a","values":{
    "assume_role_policy":"{\"Statement\":[{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111111111111:root\"}}]}"}},
  {"address":"aws_s3_bucket.b","mode":"managed","type":"aws_s3_bucket","name":"b","values":{}}],
  "child_modules":[{"address":"module.m[\"x\"]","resources":[
    {"address":"module.m[\"x\"].aws_iam_role.b[0]","mode":"managed","type":"aws_iam_role","name":"b","index":0,"values":{"name":"b"}}]}]}},
 "resource_changes":[{"address":"module.m[\"x\"].aws_iam_role.b[0]","change":{"actions":["create"],"after_unknown":{"assume_role_policy":true}}}],
 "configuration":{"root_module":{"module_calls":{"m":{"module":{"resources":[{"address":"aws_iam_role.b","type":"aws_iam_role",
   "expressions":{"assume_role_policy":{"references":["data.aws_iam_policy_document.d.json"]}}}]}}}}}}`

func TestPlan(t *testing.T) {
	docs, problems, ok := ExtractPlan(source.NewFile("plan.json", []byte(planJSON)))
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

func TestOtherJSONIsNoPlan(t *testing.T) {
	for _, src := range []string{`{}`, `{"format_version":"1.0"}`, `{"Resources":{}}`, ``, `{"format_version":"1.0","root_module":`} {
		docs, _, ok := ExtractPlan(source.NewFile("x.json", []byte(src)))
		if len(docs) > 0 || ok && !strings.Contains(src, "root_module") {
			t.Errorf("%s is taken for a plan", src)
		}
	}
}
