package cloudformation

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/source"
)

// BenchmarkDismissal: files without roles, as they are in a repository of other things.
func BenchmarkDismissal(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"apiVersion: v1\n", "kind: Deployment\n", "metadata:\n", "  name: web\n", "  labels: {app: web}\n", "spec:\n", "  replicas: 3\n",
		"      - image: nginx\n", "  Type: AWS::S3::Bucket\n", "    Ref: AWS::Region\n", "\"Description\": \"A role for something\",\n", "    description: All the things that a schema says\n"}
	var files [][]byte
	size := 0
	for range 5000 {
		var f strings.Builder
		for range 100 + r.IntN(400) {
			f.WriteString(words[r.IntN(len(words))])
		}
		files = append(files, []byte(f.String()))
		size += f.Len()
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range files {
			if Candidate(f) {
				b.Fatal("a candidate")
			}
		}
	}
}

// cdkTemplate returns a template like those of the CDK, with n roles among other resources.
func cdkTemplate(n int) string {
	var t strings.Builder
	t.WriteString("{\n \"Resources\": {\n")
	for i := range n {
		fmt.Fprintf(&t, `  "Handler%dServiceRole%08X": {
   "Type": "AWS::IAM::Role",
   "Properties": {
    "AssumeRolePolicyDocument": {
     "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}],
     "Version": "2012-10-17"
    },
    "ManagedPolicyArns": [{"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]]}]
   },
   "Metadata": {"aws:cdk:path": "Stack/Handler%d/ServiceRole/Resource"}
  },
  "Handler%d%08X": {
   "Type": "AWS::Lambda::Function",
   "Properties": {
    "Code": {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": "%064x.zip"},
    "Environment": {"Variables": {"TABLE": {"Ref": "Table"}, "STAGE": "prod"}},
    "Handler": "index.handler",
    "Role": {"Fn::GetAtt": ["Handler%dServiceRole%08X", "Arn"]},
    "Runtime": "nodejs22.x"
   },
   "DependsOn": ["Handler%dServiceRole%08X"],
   "Metadata": {"aws:cdk:path": "Stack/Handler%d/Resource", "aws:asset:path": "asset.%064x", "aws:asset:is-bundled": false, "aws:asset:property": "Code"}
  },
`, i, i*7919, i, i, i*104729, i, i, i*7919, i, i*7919, i, i)
	}
	t.WriteString(`  "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST"}}
 },
 "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}},
 "Rules": {"CheckBootstrapVersion": {"Assertions": [{"Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2", "3"], {"Ref": "BootstrapVersion"}]}]}, "AssertDescription": "x"}]}}
}
`)
	return t.String()
}

// yamlTemplate returns a template with n roles, some of them under conditions.
func yamlTemplate(n int) string {
	var t strings.Builder
	t.WriteString("Parameters:\n  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}\nConditions:\n  Prod: !Equals [!Ref Env, prod]\nResources:\n")
	for i := range n {
		fmt.Fprintf(&t, `  Role%d:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "role-%d-${AWS::Region}"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: Service
            Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
          - Effect: Allow
            Principal:
              AWS: !Sub arn:${AWS::Partition}:iam::111122223333:role/${Env}-%d
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                sts:ExternalId: %s
      Policies:
        - PolicyName: inline
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: ["s3:GetObject", "s3:PutObject"]
                Resource: "*"
`, i, i, i, []string{"fixed-id", "!If [Prod, prod-id, dev-id]"}[i%2])
	}
	return t.String()
}

func benchmarkExtract(b *testing.B, name, template string, roles int) {
	src := []byte(template)
	tree := source.NewTree(fstest.MapFS{})
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		docs, _, _ := Extract(tree, source.NewFile(name, src), Options{})
		if len(docs) < roles {
			b.Fatal("roles are missing")
		}
	}
	b.ReportMetric(float64(len(src))/1024, "KB")
}

func BenchmarkCDKTemplate(b *testing.B) { benchmarkExtract(b, "t.json", cdkTemplate(55), 55) } // 67 KB

func BenchmarkRoles(b *testing.B) {
	for _, n := range []int{500, 1000, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkExtract(b, "t.yaml", yamlTemplate(n), n) })
	}
}

func BenchmarkRolesInJSON(b *testing.B) {
	for _, n := range []int{500, 1000, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkExtract(b, "t.json", cdkTemplate(n), n) })
	}
}

// BenchmarkOneLine: the places of nodes on one long line with other characters than ASCII.
func BenchmarkOneLine(b *testing.B) {
	for _, n := range []int{500, 1000, 2000} {
		var t strings.Builder
		t.WriteString("{Description: é, Resources: {")
		for i := range n {
			fmt.Fprintf(&t, "R%d: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: é}, Action: 'sts:AssumeRole'}}}}, ", i)
		}
		t.WriteString("}}")
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkExtract(b, "t.yaml", t.String(), n) })
	}
}

// BenchmarkCorpus measures a repository of real files, with its bytes in memory.
func BenchmarkCorpus(b *testing.B) {
	if os.Getenv(corpusVariable) == "" {
		b.Skip("no " + corpusVariable)
	}
	var files [][]byte
	size := 0
	eachFile(b, os.Getenv(corpusVariable), func(_ string, src []byte) {
		files = append(files, src)
		size += len(src)
	})
	b.SetBytes(int64(size))
	candidates := 0
	b.ReportAllocs()
	for b.Loop() {
		candidates = 0
		for _, f := range files {
			if Candidate(f) {
				candidates++
			}
		}
	}
	b.ReportMetric(float64(candidates), "candidates")
	b.ReportMetric(float64(len(files)), "files")
}
