package rules_test

import (
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/scan"
	"github.com/trustvet/trustvet/rules"
)

// BenchmarkRules sets all rules against the question who gets in, asked about the same policies in turn: rules/Who is what the rules
// cost in units of that question, counted with the requests that they ask for, for which some ask Who themselves.
func BenchmarkRules(b *testing.B) {
	for _, set := range []struct {
		name     string
		policies func(testing.TB) []*policy.Document
	}{
		{"fixtures", fixturePolicies}, // each has something wrong, or nearly
		{"everything", everyPolicy},
		{"ordinary", ordinaryPolicies},
	} {
		b.Run(set.name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // both work on one policy after the other
			docs := set.policies(b)
			var who, all time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				for _, d := range docs {
					access.Who(d, access.Options{})
				}
				asked := time.Now()
				rules.Run(docs, rules.Options{})
				who += asked.Sub(start)
				all += time.Since(asked)
			}
			each := 1000 * float64(b.N*len(docs))
			b.ReportMetric(float64(who.Nanoseconds())/each, "µs-Who/policy")
			b.ReportMetric(float64(all.Nanoseconds())/each, "µs-rules/policy")
			b.ReportMetric(float64(all)/float64(who), "rules/Who")
		})
	}
}

// BenchmarkRun is the cost of all rules for the policies of the fixtures, on all processors.
func BenchmarkRun(b *testing.B) {
	docs := fixturePolicies(b)
	b.ReportAllocs()
	for b.Loop() {
		rules.Run(docs, rules.Options{})
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(docs)), "µs/policy")
}

// everyPolicy returns the policies of testdata/everything.
func everyPolicy(t testing.TB) []*policy.Document {
	t.Helper()
	dir, err := filepath.Abs("../testdata/everything")
	if err != nil {
		t.Fatal(err)
	}
	in, err := scan.Open(scan.Place{Dir: dir}, []string{"."})
	if err != nil {
		t.Fatal(err)
	}
	return scan.Run(in, scan.Options{Config: &scan.Config{}}).Documents
}

// ordinaryPolicies returns policies of the kinds that most roles have.
func ordinaryPolicies(testing.TB) []*policy.Document {
	service := func(name, condition string) string {
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "` + name + `.amazonaws.com"}, "Action": "sts:AssumeRole"` + condition + `}]}`
	}
	token := func(provider, condition string) string {
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::464622532012:oidc-provider/` + provider + `"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": ` + condition + `}]}`
	}
	const cluster = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	texts := []string{
		service("lambda", ""),
		service("ec2", ""),
		service("ecs-tasks", ""),
		service("events", `, "Condition": {"StringEquals": {"aws:SourceAccount": "464622532012"}}`),
		service("states", `, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:states:eu-west-1:464622532012:stateMachine:*"}}`),
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]}, "Action": "sts:AssumeRole"}]}`,
		`{"Version": "2012-10-17", "Statement": [{"Sid": "", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::464622532012:root"}, "Action": "sts:AssumeRole"}]}`,
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::464622532012:root"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "b0f7d5c2-6b0e-4f0e"}}}]}`,
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::464622532012:role/deploy", "arn:aws:iam::464622532012:role/admin"]}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]}`,
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::464622532012:root"}, "Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]}`,
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::464622532012:saml-provider/okta"}, "Action": "sts:AssumeRoleWithSAML", "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}]}`,
		token("token.actions.githubusercontent.com", `{"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}, "StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/app:*"}}`),
		token("token.actions.githubusercontent.com", `{"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com", "token.actions.githubusercontent.com:sub": "repo:acme/app:ref:refs/heads/main"}}`),
		token(cluster, `{"StringEquals": {"`+cluster+`:aud": "sts.amazonaws.com", "`+cluster+`:sub": "system:serviceaccount:kube-system:aws-node"}}`),
	}
	var docs []*policy.Document
	for i, text := range texts {
		docs = append(docs, read(txtar.File{Name: "role" + strconv.Itoa(i) + ".json", Data: []byte(text)}))
	}
	return docs
}
