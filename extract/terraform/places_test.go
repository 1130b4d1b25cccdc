package terraform

import (
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// A text that is parsed on its own has a name that no other one has, though files are let go of in between.
func TestEachTextHasItsName(t *testing.T) {
	l := newLoader(nil)
	file := source.NewFile("main.tf", []byte("x"))
	parts := []policy.Part{policy.Literal("x", source.Span{File: file, End: 1})}
	l.addOrigin(file.Name, &origin{src: file.Src, file: file})
	first, _ := l.addText(parts)
	delete(l.origins, file.Name)
	if second, _ := l.addText(parts); second == first {
		t.Errorf("two texts are called %q", second)
	}
}
