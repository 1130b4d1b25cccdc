package rules_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// refusals are the rules that say that IAM refuses a policy.
var refusals = map[string]bool{
	"policy-rejected-by-iam": true, "action-not-sts": true, "condition-operator-unknown": true, "condition-duplicate-key": true,
	"service-principal-unknown": true, "deny-notprincipal": true, "policy-size": true, "oidc-tenancy-claim-missing": true,
	"cognito-audience-missing": true,
}

// TestAccept compares what the rules say about documents with what IAM does when they are written. Of a refusal without a
// source there is only the belief that IAM refuses.
func TestAccept(t *testing.T) {
	f, err := os.Open("testdata/accept.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct {
			ID, AWS, Source string
			Policy          json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		text := string(c.Policy)
		if strings.HasPrefix(text, `"`) {
			if err := json.Unmarshal(c.Policy, &text); err != nil {
				t.Fatal(err)
			}
		}
		refused := ""
		for _, fd := range rules.Run([]*policy.Document{parse(c.ID, source.NewFile(c.ID+".json", []byte(text)))}, rules.Options{}) {
			if refusals[fd.Rule.ID] && fd.Level >= rules.Warning {
				refused = fd.Rule.ID + ": " + fd.Message
			}
		}
		switch {
		case c.AWS == "reject" && refused == "" && c.Source != "":
			t.Errorf("%s: IAM refuses it (%s), the rules do not", c.ID, c.Source)
		case c.AWS == "reject" && refused == "":
			t.Logf("%s: believed to be refused, and the rules do not say so", c.ID)
		case c.AWS == "accept" && refused != "":
			t.Errorf("%s: IAM accepts it, but %s", c.ID, refused)
		}
	}
}
