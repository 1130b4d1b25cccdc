package source

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestPositionsCountAsPeopleAndSARIFDo(t *testing.T) {
	for _, test := range []struct {
		name, src, at string // the place is just before the first at
		line          int
		column, utf16 int
	}{
		{"first byte", "abc", "a", 1, 1, 1},
		{"after LF", "a\nbc", "c", 2, 2, 2},
		{"after CRLF", "a\r\nbc", "b", 2, 1, 1},
		{"a lone CR ends no line", "a\rb", "b", 1, 3, 3},
		{"U+2028 ends no line", "a\u2028b", "b", 1, 3, 3},
		{"two-byte letter", "é=x", "x", 1, 3, 3},
		{"emoji of seven code points", "👩‍👩‍👧‍👦x", "x", 1, 8, 12},
		{"byte order mark", "\uFEFFab", "b", 1, 2, 2},
		{"byte order mark, second line", "\uFEFFa\nb", "b", 2, 1, 1},
		{"not UTF-8", "\xff\xfex", "x", 1, 3, 3},
		{"end of file", "ab\n", "", 2, 1, 1},
	} {
		f := NewFile("f", []byte(test.src))
		offset := strings.Index(test.src, test.at)
		if test.at == "" {
			offset = len(test.src)
		}
		if got := f.Position(offset); got != (Position{test.line, test.column}) {
			t.Errorf("%s: position %v, want %d:%d", test.name, got, test.line, test.column)
		}
		if got := f.PositionUTF16(offset); got != (Position{test.line, test.utf16}) {
			t.Errorf("%s: UTF-16 position %v, want %d:%d", test.name, got, test.line, test.utf16)
		}
		if got := f.Offset(f.Position(offset)); got != offset {
			t.Errorf("%s: offset %d, want %d", test.name, got, offset)
		}
	}
}

func TestColumnsOfALongLineAreCounted(t *testing.T) {
	for _, unit := range []string{"a", "é", "€", "👩", "aé€👩\xff", "\xe2\x82"} {
		src := "x\n" + strings.Repeat(unit, 3*blockSize) + "\ny"
		f := NewFile("f", []byte(src))
		for offset := 2; offset <= len(src); offset += 97 {
			start := strings.LastIndexByte(src[:offset], '\n') + 1
			if got, want := f.Position(offset).Column, utf8.RuneCountInString(src[start:offset])+1; got != want {
				t.Fatalf("%q: byte %d is in column %d, want %d", unit, offset, got, want)
			}
			if got, want := f.PositionUTF16(offset).Column, len(utf16.Encode([]rune(src[start:offset])))+1; got != want {
				t.Fatalf("%q: byte %d is in UTF-16 column %d, want %d", unit, offset, got, want)
			}
		}
	}
}

// A template or policy on one line is common, and a column of it must not cost the length of the line.
func BenchmarkPosition(b *testing.B) {
	f := NewFile("f", []byte(strings.Repeat("aé€👩", 1<<18)))
	f.Position(0)
	b.ReportAllocs()
	for b.Loop() {
		f.Position(len(f.Src) - 1)
	}
}

func TestLineIsTheTextWithoutItsEnd(t *testing.T) {
	f := NewFile("f", []byte("\uFEFFone\r\ntwo\n\nfour"))
	for n, want := range map[int]string{1: "one", 2: "two", 3: "", 4: "four"} {
		if got := f.Line(n); got == nil && want != "" || string(got) != want {
			t.Errorf("line %d is %q, want %q", n, got, want)
		}
	}
	if f.Line(0) != nil || f.Line(5) != nil {
		t.Error("a line that is not there has text")
	}
}

func FuzzPosition(f *testing.F) {
	f.Add("a\r\né👩‍👩‍👧‍👦\n\xff", 5)
	f.Add("\uFEFFa", 1)
	f.Fuzz(func(t *testing.T, src string, offset int) {
		file := NewFile("f", []byte(src))
		p := file.Position(offset)
		if p.Line < 1 || p.Column < 1 || p.Line > strings.Count(src, "\n")+1 {
			t.Fatalf("position %v of byte %d", p, offset)
		}
		if offset < 0 || offset > len(src) || offset < len(src) && !utf8.RuneStart(src[offset]) {
			return
		}
		start := strings.LastIndexByte(src[:offset], '\n') + 1
		if start == 0 && strings.HasPrefix(src, byteOrderMark) {
			start = min(len(byteOrderMark), offset)
		}
		if want := len(utf16.Encode([]rune(src[start:offset]))) + 1; file.PositionUTF16(offset).Column != want {
			t.Fatalf("UTF-16 column %d, want %d", file.PositionUTF16(offset).Column, want)
		}
	})
}

func TestApplyRefusesEditsThatOverlapOrLieOutside(t *testing.T) {
	f := NewFile("f", []byte("0123456789"))
	at := func(i, j int) Span { return Span{f, i, j} }
	got, err := Apply(f, []Edit{{at(8, 9), ""}, {at(2, 4), "xy!"}, {at(4, 4), "+"}})
	if err != nil || string(got) != "01xy!+45679" {
		t.Errorf("got %q, %v", got, err)
	}
	for name, edits := range map[string][]Edit{
		"overlap":      {{at(2, 5), ""}, {at(4, 6), ""}},
		"outside":      {{at(8, 11), ""}},
		"backwards":    {{at(5, 4), ""}},
		"another file": {{Span{NewFile("g", nil), 0, 0}, ""}},
	} {
		if got, err := Apply(f, edits); err == nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestSpansAreOrderedAndJoined(t *testing.T) {
	f, g := NewFile("a", []byte("0123456789")), NewFile("b", nil)
	if (Span{}).Compare(Span{File: f}) >= 0 || (Span{File: f}).Compare(Span{File: g}) >= 0 ||
		(Span{f, 1, 2}).Compare(Span{f, 1, 3}) >= 0 || (Span{f, 1, 2}).Compare(Span{f, 1, 2}) != 0 {
		t.Error("spans are not ordered by file, start, end")
	}
	if got := (Span{f, 1, 3}).To(Span{f, 5, 7}); got != (Span{f, 1, 7}) {
		t.Errorf("joined %v", got)
	}
	if got := (Span{f, 5, 7}).To(Span{f, 1, 3}); got != (Span{f, 5, 7}) {
		t.Errorf("joined backwards %v", got)
	}
	if !(Span{f, 1, 7}).Contains(Span{f, 1, 7}) || (Span{f, 1, 7}).Contains(Span{f, 0, 3}) || (Span{}).Contains(Span{}) {
		t.Error("Contains is wrong")
	}
}
