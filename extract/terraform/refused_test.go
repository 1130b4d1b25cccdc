package terraform

import (
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/source"
)

// Who calls a module that is too much says so, and not that there is none.
func TestARefusedModuleIsNotMissing(t *testing.T) {
	l := newLoader(source.NewTree(fstest.MapFS{
		"main.tf":   {Data: []byte("module \"role\" {\n  source = \"./b\"\n}\n")},
		"b/main.tf": {Data: []byte("resource \"aws_iam_role\" \"r\" {}\n")},
	}))
	l.refuse("b", "not looked at: it is too much")
	root := l.module(".")
	e := newEvaluator(l, root, &Options{})
	m, why := e.calledModule(e.root, root.calls["role"])
	if want := "module source ./b is not looked at: it is too much"; m != nil || why != want {
		t.Errorf("the called module is %v, %q, want %q", m, why, want)
	}
}
