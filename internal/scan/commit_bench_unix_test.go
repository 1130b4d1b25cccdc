//go:build unix

package scan

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// monorepo commits 3,000 files: 300 root modules of nine files that call 60 modules of three, and 120 others. One role of a
// root module and one of a module that five roots call are staged anew.
func monorepo(b *testing.B) (dir, root, module string) {
	dir = repository(b)
	trust := func(who string) string {
		return "resource \"aws_iam_role\" \"r\" {\n  assume_role_policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{ Effect = \"Allow\", " +
			"Action = \"sts:AssumeRole\", Principal = { AWS = \"arn:aws:iam::444455556666:role/" + who + "\" } }]\n  })\n}\n"
	}
	bucket := strings.Repeat("resource \"aws_s3_bucket\" \"b\" {\n  bucket = \"${var.name}-logs\"\n  tags   = { team = \"x\" }\n}\n", 15)
	for i := range 300 {
		for k := range 7 {
			write(b, filepath.Join(dir, fmt.Sprintf("live/%d/part%d.tf", i, k)), bucket)
		}
		write(b, filepath.Join(dir, fmt.Sprintf("live/%d/iam.tf", i)), trust("a"))
		write(b, filepath.Join(dir, fmt.Sprintf("live/%d/main.tf", i)), fmt.Sprintf("module \"m\" {\n  source = \"../../modules/%d\"\n}\n", i%60))
	}
	for i := range 60 {
		write(b, filepath.Join(dir, fmt.Sprintf("modules/%d/iam.tf", i)), trust("b"))
		write(b, filepath.Join(dir, fmt.Sprintf("modules/%d/s3.tf", i)), bucket)
		write(b, filepath.Join(dir, fmt.Sprintf("modules/%d/variables.tf", i)), "variable \"name\" {\n  default = \"x\"\n}\n")
	}
	for i := range 60 {
		write(b, filepath.Join(dir, fmt.Sprintf("k8s/%d.yaml", i)), strings.Repeat("a: b\n", 200))
		write(b, filepath.Join(dir, fmt.Sprintf("docs/%d.md", i)), "text\n")
	}
	git(b, dir, "add", "-A")
	git(b, dir, "commit", "-q", "-m", "x")
	root, module = "live/7/iam.tf", "modules/7/iam.tf"
	write(b, filepath.Join(dir, root), trust("c"))
	write(b, filepath.Join(dir, module), trust("c"))
	return dir, root, module
}

// BenchmarkHook measures what a commit of one file costs in a large repository: the hook is to be done before a person
// notices. cpu-ms is the time on processors of this process alone, without that of git.
func BenchmarkHook(b *testing.B) {
	dir, root, module := monorepo(b)
	for _, file := range []string{root, module} {
		git(b, dir, "reset", "-q")
		git(b, dir, "add", file)
		kind, _, _ := strings.Cut(file, "/")
		b.Run("files/"+kind, func(b *testing.B) {
			measure(b, func() {
				in, given, err := OpenCommit(Place{Dir: dir}, []string{file})
				if err != nil {
					b.Fatal(err)
				}
				if r := Run(in, Options{Config: &Config{}}).Touching(given); len(r.Documents) == 0 {
					b.Fatal("the role is not seen")
				}
			})
		})
		b.Run("staged/"+kind, func(b *testing.B) {
			measure(b, func() {
				d, err := Diff(dir, Revisions{Staged: true}, func(*Input) (Options, error) { return Options{Config: &Config{}}, nil })
				if err != nil || len(d.Widened) == 0 {
					b.Fatal("the change is not seen", err)
				}
			})
		})
	}
}

func measure(b *testing.B, f func()) {
	before := processorTime(b)
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(processorTime(b)-before)/float64(time.Millisecond)/float64(b.N), "cpu-ms/op")
}

// processorTime returns how long this process has run on processors, the ones that it started not counted.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
