package policyfile

import (
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/source"
)

// BenchmarkDismissal: a file without a policy, as most are.
func BenchmarkDismissal(b *testing.B) {
	src := []byte(`{"dependencies":{` + strings.TrimSuffix(strings.Repeat(`"package":"^1.0.0",`, 2000), ",") + "}}")
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if docs, _ := Extract(source.NewFile("package.json", src)); len(docs) != 0 {
			b.Fatal(docs)
		}
	}
}

func BenchmarkExtract(b *testing.B) {
	src := []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if docs, _ := Extract(source.NewFile("p.json", src)); len(docs) != 1 {
			b.Fatal(docs)
		}
	}
}
