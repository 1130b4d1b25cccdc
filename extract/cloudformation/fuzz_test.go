package cloudformation

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

func seeds(f *testing.F, pattern string) {
	names, _ := filepath.Glob(fixtures + "/*/" + pattern)
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil && len(b) < 4096 {
			f.Add(b)
		}
	}
}

// checkNode calls fail for each node below n whose place lies outside its page or whose text is not spelled where it is said
// to be. It adds the nodes to seen.
func checkNode(n *node, seen map[*node]bool, fail func(format string, args ...any)) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	span := n.span()
	if span.File != nil && (span.Start < 0 || span.End < span.Start || span.End > len(span.File.Src)) {
		fail("%q: the place %d to %d is outside the file", n.text, span.Start, span.End)
		return
	}
	if n.scalar() && n.style != derived {
		if _, _, ok := spell(n.page.src, int(n.start), n.style, n.text); !ok && utf8.ValidString(n.text) {
			fail("%q in style %d at byte %d: it is not known how it is spelled\n%.300s", n.text, n.style, n.start, n.page.src)
		}
		v := &policy.Value{Kind: policy.StringKind, Text: n.value()}
		if _, wrong := checkPlaces(v); wrong != "" && utf8.ValidString(n.text) && n.text != "" {
			fail("%s", wrong)
		}
	}
	for _, e := range n.elements {
		checkNode(e, seen, fail)
	}
	for _, m := range n.members {
		checkNode(m.key, seen, fail)
		checkNode(m.value, seen, fail)
	}
}

// FuzzYAML: whatever is read has places within the file that spell it.
func FuzzYAML(f *testing.F) {
	seeds(f, "*.yaml")
	f.Add([]byte("a:\n  - |+\n    \n  - >+\n     \n\n  - >-\n    \nb: |\n   \n"))
	f.Add([]byte("a: \"b\u2028 c\\n\u2029\n\n d\"\ne: 'f \u2028\u2029 g'\nh: i\u2028 j\n"))
	f.Add([]byte("a: |2\n   x\n  y\nb: >-\n\n  f\n\n   g\n  h\nc: \"\\x41\\\n  b\"\nd: 'e''f\n\n  g'"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if !utf8.Valid(src) {
			return // yaml.v3 decodes UTF-16, of which no byte has a place
		}
		p := newPage(source.NewFile("t.yaml", src))
		docs, _ := readYAML(p)
		for _, d := range docs {
			checkNode(d, map[*node]bool{}, t.Fatalf)
		}
	})
}

// FuzzJSON: what encoding/json takes is read, and says the same.
func FuzzJSON(f *testing.F) {
	seeds(f, "*.json")
	f.Add([]byte("{\"a\": \"\\n b\u2028 c \u2029\"}"))
	f.Add([]byte(`{"a":"\ud83d\ude00\/\u0041","b":[1,-2.5e3,true,null],"":{}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		file := source.NewFile("t.json", src)
		n, err := readJSON(&page{file: file, src: src})
		if err == nil {
			checkNode(n, map[*node]bool{}, t.Fatalf)
		}
		var want any
		dec := json.NewDecoder(bytes.NewReader(src))
		dec.UseNumber()
		if !json.Valid(src) || !utf8.Valid(src) || dec.Decode(&want) != nil {
			return
		}
		if err != nil {
			if err.Error() == "nested more than 500 levels deep" {
				return
			}
			t.Fatalf("%q: %v", src, err)
		}
		got, _ := json.Marshal(plain(n))
		expected, _ := json.Marshal(want)
		if !bytes.Equal(got, expected) {
			t.Fatalf("got %s, want %s", got, expected)
		}
	})
}

// plain returns n as encoding/json would.
func plain(n *node) any {
	switch n.kind {
	case nullNode:
		return nil
	case boolNode:
		return n.text == "true"
	case numberNode:
		return json.Number(n.text)
	case stringNode:
		return n.text
	case listNode:
		list := []any{}
		for _, e := range n.elements {
			list = append(list, plain(e))
		}
		return list
	}
	object := map[string]any{}
	for _, m := range n.members {
		object[m.key.text] = plain(m.value)
	}
	return object
}

// FuzzIntrinsics: no argument of any function makes the evaluator fail, loop or lose the role.
func FuzzIntrinsics(f *testing.F) {
	for _, call := range []string{"!Sub ['${a}${b.c}${!d}', {a: !Ref X}]", "!Join [',', !Split ['|', 'a|b']]", "!Select [0, !GetAZs '']", "!If [C, a, !Ref 'AWS::NoValue']",
		"!FindInMap [M, !Ref X, b, {DefaultValue: c}]", "{'Fn::Transform': {Name: AWS::Include, Parameters: {Location: t.yaml}}}", "{'Fn::ForEach::L': [X, [1], {'${X}': !Ref X}]}",
		"!GetAtt R.Arn", "{{ .X }}", "&a [*a]", "{'Fn::ToJsonString': {a: b}}", "!Cidr [a, 1, 2]"} {
		f.Add(call)
	}
	f.Fuzz(func(t *testing.T, call string) {
		src := "Parameters:\n  X: {Type: String, AllowedValues: [a, b]}\nConditions:\n  C: !Equals [!Ref X, a]\nMappings:\n  M: {a: {b: 1}, b: {b: 2}}\nResources:\n" +
			"  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement:\n          - Principal:\n              AWS: " + call + "\n"
		file := source.NewFile("t.yaml", []byte(src))
		tree := source.NewTree(fstest.MapFS{"t.yaml": &fstest.MapFile{Data: []byte(src)}})
		docs, _, problems := Extract(tree, file, Options{})
		if len(docs) == 0 && len(problems) == 0 {
			t.Fatal("the role is lost and nothing is said")
		}
		Extract(tree, file, Options{Parameters: map[string]string{}})
	})
}
