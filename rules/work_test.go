package rules_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// Each policy may take the engine a while, and there may be any number of them. All that are judged are the same ones on every
// machine; of the others a bound says that nobody has looked at them.
func TestPoliciesThatTakeLongTogetherAreGivenUp(t *testing.T) {
	hard := func(n int) *policy.Document {
		var b strings.Builder
		b.WriteString(`{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}, "Condition": {"StringLike": {"aws:PrincipalArn": ["x"`)
		for i := range 30 {
			fmt.Fprintf(&b, `, "*a%d*"`, i)
		}
		b.WriteString(`]}}}`)
		for i := range 30 {
			fmt.Fprintf(&b, `, {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}, "Condition": {"StringLike": {"aws:PrincipalArn": "*%d*"}, "Bool": {"aws:SecureTransport": "false"}}}`, i+n)
		}
		b.WriteString("]}")
		return parse(fmt.Sprint("r", n), source.NewFile(fmt.Sprintf("p%03d.json", n), []byte(b.String())))
	}
	run := func(processors int) (judged string) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		var docs []*policy.Document
		for n := range 60 {
			docs = append(docs, hard(n))
		}
		start := time.Now()
		findings := rules.Run(docs, rules.Options{})
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%d policies take %v", len(docs), took)
		}
		for _, d := range docs {
			if d.Limit() == nil {
				judged += " " + d.Role
			}
		}
		if len(findings) == 0 {
			t.Error("nothing is found")
		}
		return judged
	}
	first := run(1)
	if n := len(strings.Fields(first)); n == 0 || n == 60 {
		t.Errorf("%d of 60 policies are judged", n)
	}
	if again := run(4); again != first {
		t.Errorf("with other processors %q are judged, not %q", again, first)
	}
}

// A message shows the beginning of a long name, and the name still identifies the finding.
func TestMessagesOfLongNamesAreShort(t *testing.T) {
	find := func(role string) rules.Finding {
		src := `{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}`
		findings := rules.Run([]*policy.Document{parse(role, source.NewFile("p.json", []byte(src)))}, rules.Options{})
		if len(findings) == 0 {
			t.Fatal("nothing is found")
		}
		return findings[0]
	}
	long := strings.Repeat("r", 100_000)
	a, b := find(long+"a"), find(long+"b")
	if len(a.Message) > 5000 || !strings.Contains(a.Message, "r…") {
		t.Errorf("the message has %d bytes", len(a.Message))
	}
	if a.Fingerprint() == b.Fingerprint() {
		t.Error("two roles have one fingerprint")
	}
}
