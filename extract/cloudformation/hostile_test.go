package cloudformation

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

const goodRole = `
  Good:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
`

// extractFiles returns what Extract makes of the first of the files, given as name and content in turn, within bounds of time
// and memory.
func extractFiles(t *testing.T, files ...string) ([]*policy.Document, []source.Problem) {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	tree := source.NewTree(fsys)
	file, err := tree.File(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	docs, _, problems := Extract(tree, file, Options{})
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<30 {
		t.Errorf("allocated %d MB", used>>20)
	}
	for _, d := range docs {
		if d.Value == nil && len(d.Unresolved) == 0 && len(d.Faults) == 0 {
			t.Errorf("%s: nothing is known and nothing is said", d.Role)
		}
	}
	return docs, problems
}

func document1(docs []*policy.Document, role string) *policy.Document {
	for _, d := range docs {
		if d.Role == role {
			return d
		}
	}
	return nil
}

// TestHostileTemplates: each gives a problem or an unresolved policy that says why, and the good role beside it is found.
func TestHostileTemplates(t *testing.T) {
	role := func(document string) string {
		return "\n  Bad:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: " + document + "\n"
	}
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	var merges strings.Builder
	merges.WriteString("m0: &m0 {k: v}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&merges, "m%d: &m%d {<<: [*m%d], k%da: v, k%db: v, k%dc: v}\n", i, i, i-1, i, i, i)
	}
	tests := []struct {
		name, template string
		says           string // part of a problem or of the reason for something unresolved
		lost           bool   // the good role cannot be found either
	}{
		{"billion laughs", laughs.String() + "Resources:" + role("{Statement: *a11}") + goodRole, "more than 4000 values", false},
		{"an alias within its anchor", "Resources:" + role("&d {Statement: [*d]}") + goodRole, "stands within the value that it names", false},
		{"conditions in a circle", "Conditions:\n  A: !Not [!Condition B]\n  B: !Or [!Condition A, !Condition C]\n  C: !Condition A\nResources:" +
			role("{Statement: {Effect: !If [A, Allow, Deny], Principal: {AWS: x}, Action: sts:AssumeRole}}") + goodRole, "depends on itself", false},
		{"flow nested 10,000 deep", "Resources:" + goodRole + role(strings.Repeat("[", 10000)+strings.Repeat("]", 10000)), "", true},
		{"flow nested 3,000 deep", "Resources:" + goodRole + role(strings.Repeat("[", 3000)+strings.Repeat("]", 3000)), "nested more than", false},
		{"JSON nested 10,000 deep", `{"Resources": {"Bad": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ` +
			strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000) + `}}}}`, "nested", true},
		{"intrinsics nested 400 deep", "Resources:" + role(strings.Repeat("{Fn::Sub: [a, {b: ", 150)+"x"+strings.Repeat("}]}", 150)) + goodRole, "", false},
		{"a loop in a loop in a loop", `Resources:
  Fn::ForEach::A: [A, [1,2,3,4,5,6,7,8,9,10], {Fn::ForEach::B: [B, [1,2,3,4,5,6,7,8,9,10], {Fn::ForEach::C: [C, [1,2,3,4,5,6,7,8,9,10],
    {Fn::ForEach::D: [D, [1,2,3,4,5,6,7,8,9,10], {Fn::ForEach::E: [E, [1,2,3,4,5,6,7,8,9,10], {"R${A}${B}${C}${D}${E}": {Type: "AWS::SNS::Topic"}}]}]}]}]}]
` + goodRole, "more turns than trustvet follows", false},
		{"loops deeper than the service takes", `Resources:
  Fn::ForEach::A: [A, [1], {Fn::ForEach::B: [B, [1], {Fn::ForEach::C: [C, [1], {Fn::ForEach::D: [D, [1], {Fn::ForEach::E: [E, [1],
    {Fn::ForEach::F: [F, [1], {R: {Type: "AWS::SNS::Topic"}}]}]}]}]}]}]
` + goodRole, "more than 5 deep", false},
		{"more alternatives than are shown", alternativesTemplate(10) + goodRole, "more than 64 policies", false},
		{"a null resource", "Resources:\n  Null:\n  Also: ~\n  List: []\n  Text: x" + goodRole, "", false},
		{"unknown types", "Resources:\n  A: {Type: My::Own::Thing}\n  B: {Type: 7}\n  C: {Type: [x]}\n  D: {Type: {Ref: X}}" + goodRole, "", false},
		{"a tab", "Resources:" + goodRole + "  Tab:\n\tType: AWS::IAM::Role\n", "character that cannot start any token", false},
		{"an unknown tag", "Resources:" + role("!Mystery {Statement: []}") + goodRole, "does not know the function Fn::Mystery", false},
		{"merge keys of merge keys", merges.String() + "Resources:" + role("{<<: *m39}") + goodRole, "", false},
		{"a key that is a mapping", "Resources:" + goodRole + "  ? {a: b}\n  : c\n", "a key must be a string", false},
		{"resources that contain themselves", "Resources: &r" + goodRole + "  Loop: *r\n", "stands within", false},
		{"a role named by itself", "Resources:\n  Bad:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: !GetAtt Bad.Arn\n      AssumeRolePolicyDocument:\n" +
			"        Statement: {Effect: Allow, Principal: {AWS: !GetAtt Bad.Arn}, Action: sts:AssumeRole}" + goodRole, "", false},
		{"an include that leaves the tree", "Resources:" + role("{Fn::Transform: {Name: AWS::Include, Parameters: {Location: ../../etc/passwd}}}") + goodRole,
			"outside the scanned tree", false},
		{"an include of an absolute path", "Resources:" + role("{Fn::Transform: {Name: AWS::Include, Parameters: {Location: /etc/passwd}}}") + goodRole,
			"outside the scanned tree", false},
		{"an include of the template itself", "Resources:" + role("{Fn::Transform: {Name: AWS::Include, Parameters: {Location: t.yaml}}}") + goodRole, "includes itself", false},
		{"a nested stack that leaves the tree", "Resources:\n  Bad: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ../../other.yaml}}" + goodRole,
			"outside the scanned tree", false},
		{"a nested stack of itself", "Resources:\n  Bad: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: t.yaml}}" + goodRole, "itself part of", false},
		{"a macro", "Transform: [Mine]\nResources:" + goodRole, "may change what this template stands for", false},
		{"no text at all", "", "", true},
		{"half a file", "AssumeRolePolicyDocument: {Statement: [", "", true},
		{"bytes that are not UTF-8", "Resources:" + role("{Statement: \"\xff\xfe\"}") + goodRole, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			docs, problems := extractFiles(t, "t.yaml", test.template)
			said := test.says == ""
			for _, p := range problems {
				said = said || strings.Contains(p.Message, test.says)
			}
			for _, d := range docs {
				for _, u := range d.Unresolved {
					said = said || u.Hole != nil && strings.Contains(u.Hole.Reason, test.says)
				}
			}
			if !said {
				t.Errorf("nothing says %q\n%s", test.says, show(docs, problems))
			}
			if good := document1(docs, "Good"); !test.lost && (good == nil || len(good.Statements) != 1) {
				t.Errorf("the good role is lost\n%s", show(docs, problems))
			}
			if test.lost && len(docs) == 0 && len(problems) == 0 && test.template != "" {
				t.Error("nothing was found and nothing is said")
			}
		})
	}
}

// alternativesTemplate returns a template with a role whose policy depends on n conditions.
func alternativesTemplate(n int) string {
	var params, conditions, statements strings.Builder
	for i := range n {
		fmt.Fprintf(&params, "  P%d: {Type: String}\n", i)
		fmt.Fprintf(&conditions, "  C%d: !Equals [!Ref P%d, 'yes']\n", i, i)
		fmt.Fprintf(&statements, "          - !If [C%d, {Effect: Allow, Principal: {AWS: p%d}, Action: sts:AssumeRole}, !Ref 'AWS::NoValue']\n", i, i)
	}
	return "Parameters:\n" + params.String() + "Conditions:\n" + conditions.String() +
		"Resources:\n  Bad:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement:\n" + statements.String()
}

// TestWrongArity calls every function with every shape of argument that it does not take.
func TestWrongArity(t *testing.T) {
	functions := []string{"Ref", "Fn::Sub", "Fn::Join", "Fn::Split", "Fn::Select", "Fn::If", "Fn::FindInMap", "Fn::GetAtt", "Fn::ImportValue",
		"Fn::Base64", "Fn::Cidr", "Fn::GetAZs", "Fn::ToJsonString", "Fn::Length", "Fn::Transform", "Fn::ForEach::X", "Fn::And", "Fn::Or", "Fn::Not",
		"Fn::Equals", "Fn::GetStackOutput", "Condition", "Fn::Nope"}
	arguments := []string{"~", "''", "x", "7", "true", "[]", "[a]", "[a, b]", "[a, b, c]", "[a, b, c, d]", "{}", "{a: b}", "[[], []]", "[[a], [b], [c]]",
		"{Ref: X}", "{Ref: 'AWS::NoValue'}", "[{Ref: 'AWS::NoValue'}, {Ref: 'AWS::NoValue'}]", "[-1, [a]]", "['', {Ref: X}]", "[a, {b: [c]}]", "[~, ~, ~]", "[a, [], {}]"}
	for _, f := range functions {
		for _, a := range arguments {
			call := "{" + "'" + f + "': " + a + "}"
			template := "Conditions:\n  C: " + call + "\n  D: !Equals [" + call + ", x]\nMappings:\n  a: {b: {c: d}}\nResources:\n  'N':\n    Type: AWS::IAM::Role\n    Condition: C\n    Properties:\n" +
				"      AssumeRolePolicyDocument: " + call + "\n  P:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: " + call +
				"\n      AssumeRolePolicyDocument:\n        Statement:\n          - {Effect: !If [D, Allow, Deny], Principal: {AWS: [" + call + "]}, Action: " + call + ", Condition: " + call + "}\n" + goodRole
			docs, _ := extractFiles(t, "t.yaml", template)
			if document1(docs, "Good") == nil || document1(docs, "P") == nil {
				t.Errorf("%s: a role is lost", call)
			}
		}
	}
}

// TestALineThatIsNotYAML: what it belongs to is known to be incomplete, the rest is read.
func TestALineThatIsNotYAML(t *testing.T) {
	docs, problems := extractFiles(t, "t.yaml", `Resources:
  Bad:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {AWS: x}
            %bad
            Action: sts:AssumeRole
`+goodRole)
	bad := document1(docs, "Bad")
	if bad == nil || len(bad.Unresolved) == 0 || document1(docs, "Good") == nil {
		t.Error(show(docs, problems))
	}
	if len(problems) != 1 || !problems[0].Unreadable {
		t.Error("want one problem", problems)
	}
}

// TestLargeHostileTemplates: the work grows with the size of what is written, whatever it is.
func TestLargeHostileTemplates(t *testing.T) {
	const n = 1 << 16
	role := "\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: "
	repeat := func(n int, format string, args func(i int) []any) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, args(i)...)
		}
		return b.String()
	}
	tests := map[string]string{
		"opening braces":          role + "x\n# " + strings.Repeat("{{", n),
		"opening braces, percent": role + "x\n# " + strings.Repeat("{%", n),
		"lines of directives":     role + "x\n" + strings.Repeat("{{ x }}\n", n/4),
		"directives in a line":    role + "'" + strings.Repeat("{{ x }}", n/4) + "'",
		"variables":               role + "!Sub '" + strings.Repeat("${a}", n/4) + "'",
		"open variables":          role + "!Sub '" + strings.Repeat("${", n) + "'",
		"open references":         role + "'" + strings.Repeat("{{resolve:", n/8) + "'",
		"serverless variables":    role + "'" + strings.Repeat("${self:", n/8) + strings.Repeat("}", n/8) + "'",
		"a block scalar":          role + "|\n" + strings.Repeat("        {\n", n/10),
		"a folded scalar":         role + ">\n" + strings.Repeat("        a\n\n", n/10),
		"escapes":                 role + "\"" + strings.Repeat("\\x41", n/4) + "\"",
		"pieces":                  role + "!Split [',', '" + strings.Repeat("a,", n/2) + "']",
		"bad lines":               role + "x\n" + strings.Repeat("  %bad\n", n/8),
		"aliases":                 "a: &a x\n" + role + "[" + strings.Repeat("*a, ", n/8) + "]",
		"the same role again":     "Resources:\n" + strings.Repeat("  R: {Type: 'AWS::IAM::Role', Properties: {}}\n", n/40),
		"conditions in a chain": "Conditions:\n" + repeat(n/64, "  C%d: !And [!Condition C%d, !Equals [!Ref A%d, b]]\n", func(i int) []any { return []any{i, i + 1, i} }) +
			role + "!If [C0, a, b]",
		"a wide condition": "Conditions:\n  C: !Or\n" + repeat(n/64, "    - !Equals [!Ref A%d, !Ref B%d]\n", func(i int) []any { return []any{i, i} }) + role + "!If [C, a, b]",
		"names in a chain": "Resources:\n" + repeat(n/64, "  R%d: {Type: 'AWS::IAM::Role', Properties: {RoleName: !GetAtt R%d.Arn, AssumeRolePolicyDocument: {Statement: {Principal: {AWS: !GetAtt R%d.Arn}}}}}\n",
			func(i int) []any { return []any{i, i + 1, i} }),
		"names that double": "Resources:\n" + repeat(60, "  R%d: {Type: 'AWS::IAM::Role', Properties: {RoleName: !Sub '${R%d.Arn}${R%d}', AssumeRolePolicyDocument: {Statement: {Principal: {AWS: !GetAtt R%d.Arn}}}}}\n",
			func(i int) []any { return []any{i, i + 1, i + 1, i} }),
	}
	for name, template := range tests {
		t.Run(name, func(t *testing.T) {
			if docs, problems := extractFiles(t, "t.yaml", template); len(docs) == 0 && len(problems) == 0 {
				t.Error("nothing was found and nothing is said")
			}
		})
	}
}

// TestStacksThatFanOut has 100 stacks of a template that has 100 stacks, and so on: 100^8 roles.
func TestStacksThatFanOut(t *testing.T) {
	var files []string
	for i := range 9 {
		var b strings.Builder
		b.WriteString("Resources:" + goodRole)
		for j := range 100 {
			fmt.Fprintf(&b, "  S%d: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: t%d.yaml}}\n", j, i+1)
		}
		files = append(files, fmt.Sprintf("t%d.yaml", i), b.String())
	}
	docs, problems := extractFiles(t, files...)
	if len(docs) != maxStacks+1 {
		t.Errorf("%d roles, want one of each stack and its own", len(docs))
	}
	var bounds int
	for _, p := range problems {
		if strings.Contains(p.Message, "more than 200 nested stacks") && p.Unreadable && p.Span.File != nil {
			bounds++
		}
	}
	if bounds != 1 {
		t.Errorf("%d problems say that there are too many stacks, want one", bounds)
	}
}
