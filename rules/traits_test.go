package rules_test

import (
	"fmt"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/rules"
)

// TestRulesNeedWhatTheySay: a rule that looked at policies without the traits that it needs would neither find nor claim anything.
func TestRulesNeedWhatTheySay(t *testing.T) {
	docs := append(append(fixturePolicies(t), everyPolicy(t)...), ordinaryPolicies(t)...)
	for _, d := range docs {
		one := []*policy.Document{d}
		got, want := said(rules.Run(one, rules.Options{})), ""
		rules.RunAll(func() { want = said(rules.Run(one, rules.Options{})) })
		if got != want {
			t.Errorf("of %s the rules say\n%swith all of them at work\n%s", d.Role, got, want)
		}
	}
}

func said(findings []rules.Finding) string {
	text := ""
	for _, f := range findings {
		text += fmt.Sprintf("%s %s %v %s %v\n", f.Level, f.Rule.ID, f.Span, f.Message, f.Witness)
	}
	return text
}
