package policy

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/source"
)

// fileText returns the whole of src as a Text with its places.
func fileText(src string) Text {
	f := source.NewFile("p.json", []byte(src))
	return String(src, source.Span{File: f, Start: 0, End: len(src)})
}

// withHoles returns src as a Text in which each «expr» is a hole.
func withHoles(src string) Text {
	f := source.NewFile("p.json", []byte(src))
	var parts []Part
	for i := 0; i < len(src); {
		start := strings.Index(src[i:], "«")
		if start < 0 {
			start = len(src) - i
		}
		if start > 0 {
			parts = append(parts, Literal(src[i:i+start], source.Span{File: f, Start: i, End: i + start}))
		}
		i += start
		if i < len(src) {
			end := i + strings.Index(src[i:], "»")
			parts = append(parts, HolePart(&Hole{Expr: src[i+len("«") : end]}, source.Span{File: f, Start: i, End: end + len("»")}))
			i = end + len("»")
		}
	}
	return NewText(parts...)
}

func TestJSONReadsWhatEncodingJSONReads(t *testing.T) {
	for _, src := range []string{
		`{}`, `[]`, `""`, `{"a": [1, -2.5e+3, true, false, null, "x"]}`, ` {"a" : {"b":["c"]}} `,
		`"é👩‍👩‍👧‍👦 \u00e9 \ud83d\ude00 \ud83d \\ \" \/ \b\f\n\r\t"`, `{"":""}`, `[[[]]]`, "[\r\n1\t]",
		``, ` `, `{`, `[`, `"`, `"\`, `"\u12`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[1 2]`, `{"a":1 "b":2}`, `{a:1}`, `tru`, `nullx`,
		`01`, `1.`, `.5`, `-`, `1e`, `+1`, `'a'`, "\"\n\"", "\"\x01\"", `// c`, `{} {}`, `{"a":1}x`, `"\q"`, `[,1]`, `{,}`,
	} {
		var want any
		wantErr := json.Unmarshal([]byte(src), &want)
		v, err := ParseJSON(fileText(src))
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s: got error %v, encoding/json has %v", src, err, wantErr)
			continue
		}
		if err != nil {
			continue
		}
		var got any
		if e := json.Unmarshal(v.JSON(), &got); e != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: printed as %s (%v)", src, v.JSON(), e)
		}
	}
}

func TestSyntaxErrorsPointAtTheirCause(t *testing.T) {
	for _, test := range []struct{ src, text, message string }{
		{`{"a":1,}`, `}`, `JSON has no comma before '}'`},
		{`{"a" 1}`, `1`, `a colon must stand here, not '1'`},
		{`{"a":1 "b":2}`, `"`, `a comma or } must stand here, not '"'`},
		{`["a" x]`, `x`, `a comma or ] must stand here, not 'x'`},
		{`{'a':1}`, `'`, `JSON has only double quotes: a name in double quotes must stand here`},
		{"{\n// why\n}", `/`, `JSON has no comments: a name in double quotes must stand here`},
		{`{"a":"b`, `"`, `this string does not end`},
		{`{"a":`, ``, `the text ends where a value must follow`},
		{`{} x`, `x`, `there is more text after the end of the JSON value`},
		{`["\q"]`, `\`, `JSON has no such escape`},
		{strings.Repeat("[", 600), `[`, `the JSON is nested more than 500 levels deep`},
	} {
		_, err := ParseJSON(fileText(test.src))
		if err == nil || err.Message != test.message || err.Span.Text() != test.text {
			t.Errorf("%.40s: got %+v, want %q at %q", test.src, err, test.message, test.text)
		}
	}
}

func TestTheTextUnderASpanIsItsSpelling(t *testing.T) {
	src := `{"é👩‍👩‍👧‍👦": "plain", "b\u002dc": ["x\ny", 12, true, "", "😀\ud83d\ude00z"]}`
	v, err := ParseJSON(fileText(src))
	if err != nil {
		t.Fatal(err)
	}
	check := func(text Text) {
		t.Helper()
		want := text.String()
		var got string
		if e := json.Unmarshal([]byte(`"`+text.Span.Text()+`"`), &got); e != nil || got != want {
			t.Errorf("span of %q covers %q", want, text.Span.Text())
		}
		for _, p := range text.Parts {
			for i := range p.Literal { // every slice keeps its own place
				var s string
				if e := json.Unmarshal([]byte(`"`+p.Slice(i, len(p.Literal)).Span.Text()+`"`), &s); e != nil || s != p.Literal[i:] {
					t.Errorf("span of %q from byte %d covers %q", want, i, p.Slice(i, len(p.Literal)).Span.Text())
				}
			}
		}
	}
	for _, m := range v.Members {
		check(m.Key)
	}
	for _, leaf := range v.Leaves() {
		check(leaf.Value.Text)
	}
	if got := v.Members[1].Value.Span.Text(); got != `["x\ny", 12, true, "", "😀\ud83d\ude00z"]` {
		t.Errorf("span of the list covers %q", got)
	}
}

func TestHolesStandForValuesElementsMembersAndPieces(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{`«x»`, `"${x}"`},
		{`{"a": «x», "b": "p«y»q«z»"}`, `{"a":"${x}","b":"p${y}q${z}"}`},
		{`["a", «x», "b"]`, `["a","${x}","b"]`},
		{`["a" «x» "b"]`, `["a","${x}","b"]`},
		{`["a"«x»]`, `["a","${x}"]`},
		{`[«x»]`, `["${x}"]`},
		{`[«x»«y»]`, `["${x}","${y}"]`},
		{`{«m»}`, `{"${m}":"${m}"}`},
		{`{"a":1 «m» "b":2}`, `{"a":1,"${m}":"${m}","b":2}`},
		{`{"a":1, «m», "b":2}`, `{"a":1,"${m}":"${m}","b":2}`},
		{`{"«k»:sub": "v"}`, `{"${k}:sub":"v"}`},
		{`{«k»: "v"}`, `{"${k}":"v"}`},
		{`{"a": «x»«y»}`, `{"a":"${x}","${y}":"${y}"}`},
	} {
		v, err := ParseJSON(withHoles(test.src))
		if err != nil {
			t.Errorf("%s: %v", test.src, err)
			continue
		}
		if got := string(v.JSON()); got != test.want {
			t.Errorf("%s: got %s, want %s", test.src, got, test.want)
		}
	}
	for _, src := range []string{`{"a": 1«x»2}`, `tr«x»ue`} {
		if v, err := ParseJSON(withHoles(src)); err == nil {
			t.Errorf("%s: read as %s", src, v.JSON())
		}
	}
}

func TestMembersOfTheSameNameAreKeptAndReported(t *testing.T) {
	v, err := ParseJSON(fileText(`{"S":[{"C":{"a":1,"b":2,"a":3}}],"S2":{},"S2":{"x":1,"x":1,"x":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range v.Duplicates() {
		got = append(got, d.Path+": "+d.Hidden.Key.String()+"="+string(d.Hidden.Value.JSON())+" < "+string(d.Kept.Value.JSON()))
	}
	want := []string{"S[0].C: a=1 < 3", ": S2={} < {\"x\":1,\"x\":1,\"x\":2}", "S2: x=1 < 2", "S2: x=1 < 2"}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], `{"x":1,"x":1,"x":2}`, `{"x":2}`)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := string(v.JSON()); got != `{"S":[{"C":{"b":2,"a":3}}],"S2":{"x":2}}` {
		t.Errorf("printed as %s", got)
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,true,null,"\u00e9"]}`, `{"a":«x»,"b":"c«y»"}`, "[\xff]", `"\ud83d\ude00"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Count(src, "«") != strings.Count(src, "»") || strings.Contains(src, "»") && strings.Index(src, "»") < strings.Index(src, "«") {
			t.Skip()
		}
		text := fileText(src)
		v, err := ParseJSON(text)
		if err != nil {
			if !err.Span.IsZero() && (err.Span.Start < 0 || err.Span.End > len(src) || err.Span.Start > err.Span.End) {
				t.Fatalf("span %d-%d of an error lies outside the text", err.Span.Start, err.Span.End)
			}
			return
		}
		if !json.Valid(v.JSON()) {
			t.Fatalf("printed as %q", v.JSON())
		}
		for _, leaf := range v.Leaves() {
			s := leaf.Value.Span
			if s.Start < 0 || s.End > len(src) || s.Start > s.End {
				t.Fatalf("span %d-%d of %s lies outside the text", s.Start, s.End, leaf.Path)
			}
		}
		Parse("fuzz", v)
	})
}
