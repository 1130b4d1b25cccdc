//go:build unix

package terraform

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/trustvet/trustvet/internal/source"
)

func BenchmarkSplit(b *testing.B) {
	var src []byte
	for _, name := range []string{"f01-heredoc", "f02-jsonencode", "f03-poldoc", "f09-unknown"} {
		content, err := os.ReadFile("testdata/" + name + "/main.tf")
		if err != nil {
			b.Fatal(err)
		}
		src = append(src, content...)
	}
	src = []byte(strings.Repeat(string(src), 20))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := split(src); !ok {
			b.Fatal("not split")
		}
	}
}

// monorepo has that many root modules of 30 files each, every one with calls of a shared module.
func monorepo(roots int) (fsys fstest.MapFS, files []string) {
	fsys = fstest.MapFS{}
	add := func(name, content string) {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
		files = append(files, name)
	}
	filler, _ := os.ReadFile("testdata/f03-poldoc/main.tf")
	filler = []byte(strings.ReplaceAll(string(filler), "sts:AssumeRole", "s3:GetObject"))
	add("modules/role/main.tf", `variable "who" {}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.who}:root"]
    }
  }
}
resource "aws_iam_role" "this" {
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
`)
	for i := range roots {
		dir := fmt.Sprintf("live/%d/", i)
		for j := range 29 {
			add(fmt.Sprintf("%sfile%d.tf", dir, j), strings.ReplaceAll(strings.ReplaceAll(string(filler), "resource \"aws_iam_role\" \"", fmt.Sprintf("resource \"aws_iam_group\" \"r%d", j)),
				"data \"aws_iam_policy_document\" \"", fmt.Sprintf("data \"aws_iam_policy_document\" \"d%d", j)))
		}
		add(dir+"main.tf", `module "a" {
  source   = "../../modules/role"
  for_each = toset(["111111111111", "222222222222", "333333333333"])
  who      = each.value
}
`)
	}
	return fsys, files
}

// Cost grows with the number of files: a root of 30 files, then more of them.
func BenchmarkRoots(b *testing.B) {
	for _, n := range []int{1, 2, 4, 130} {
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			fsys, files := monorepo(n)
			b.ReportAllocs()
			start := cpuTime()
			for b.Loop() {
				docs, _, _ := Extract(source.NewTree(fsys), files, Options{})
				roles := 0
				for _, d := range docs {
					if d.Note == "" {
						roles++
					}
				}
				if roles != 3*n {
					b.Fatalf("%d roles, want %d", roles, 3*n)
				}
			}
			b.ReportMetric(float64(len(files)), "files")
			b.ReportMetric(float64((cpuTime()-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// cpuTime returns the processor time that the process has used, which other work on the machine does not change.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Cost grows with the number of module instances.
func BenchmarkInstances(b *testing.B) {
	for _, n := range []int{100, 200, 400} {
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			fsys, files := monorepo(0)
			fsys["main.tf"] = &fstest.MapFile{Data: fmt.Appendf(nil, "module \"m\" {\n  source = \"./modules/role\"\n  count = %d\n  who = \"${count.index}\"\n}\n", n)}
			files = append(files, "main.tf")
			start := cpuTime()
			b.ReportAllocs()
			for b.Loop() {
				if docs, _, _ := Extract(source.NewTree(fsys), files, Options{}); len(docs) != n {
					b.Fatalf("%d roles", len(docs))
				}
			}
			b.ReportMetric(float64((cpuTime()-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}
