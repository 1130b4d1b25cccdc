package scan

import (
	"path"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/trustvet/trustvet/internal/source"
)

// FuzzScan scans the files of an archive, twice: nothing panics, both times give the same, and every finding lies in a file.
func FuzzScan(f *testing.F) {
	f.Add([]byte("-- main.tf --\nresource \"aws_iam_role\" \"r\" {\n  assume_role_policy = file(\"p.json\")\n}\n-- p.json --\n" +
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}` + "\n"))
	f.Add([]byte("-- t.yaml --\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement:\n" +
		"          - {Effect: Allow, Principal: {AWS: !Ref P}, Action: sts:AssumeRole} # trustvet:ignore principal-any-aws why\n"))
	f.Add([]byte("-- m/main.tf --\nvariable \"v\" {}\nresource \"aws_iam_role\" \"r\" {\n  for_each = var.v\n  assume_role_policy = each.value\n}\n" +
		"-- main.tf --\nmodule \"m\" {\n  source = \"./m\"\n  v = { a = jsonencode({ Statement = [] }) }\n}\n"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		scan := func() *Result {
			fsys := fstest.MapFS{}
			in := &Input{Root: "/"}
			for _, file := range txtar.Parse(archive).Files {
				name, err := source.Clean(file.Name)
				if err != nil || name == "." || fsys[name] != nil || fsys[path.Dir(name)] != nil {
					continue
				}
				fsys[name] = &fstest.MapFile{Data: file.Data}
				in.Files = append(in.Files, name)
			}
			in.Tree = source.NewTree(fsys)
			return Run(in, Options{Config: &Config{}})
		}
		r, again := scan(), scan()
		if len(r.Findings) != len(again.Findings) || len(r.Problems) != len(again.Problems) || r.Summary != again.Summary {
			t.Fatalf("two scans differ: %v and %v", r.Summary, again.Summary)
		}
		for i, fd := range r.Findings {
			if fd.Span.File == nil || fd.Span.Start < 0 || fd.Span.End > len(fd.Span.File.Src) || fd.Span.Start > fd.Span.End {
				t.Fatalf("%s lies at %d to %d", fd.Rule.ID, fd.Span.Start, fd.Span.End)
			}
			if fd.Message != again.Findings[i].Message {
				t.Fatalf("%q, then %q", fd.Message, again.Findings[i].Message)
			}
		}
	})
}
