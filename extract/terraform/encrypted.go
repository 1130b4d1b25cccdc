package terraform

import (
	"bytes"
	"path"

	"github.com/trustvet/trustvet/internal/source"
)

// Files that git-crypt has encrypted are in the repository as what they are, to whoever has no key. They are no mistake of
// anybody, and what they say is not known: it may be anything. https://www.agwa.name/projects/git-crypt/

// encrypted reports whether git-crypt has encrypted src.
func encrypted(src []byte) bool { return bytes.HasPrefix(src, []byte("\x00GITCRYPT\x00")) }

const encryptedReason = "encrypted by git-crypt"

func (l *loader) encryptedProblem(f *source.File) {
	l.problem(source.Problem{Span: source.Span{File: f}, Message: encryptedReason})
}

// setUnknown makes all variables of the root module that the encrypted file f may set unknown.
func (e *evaluator) setUnknown(f *source.File, given map[string]*value) {
	e.l.encryptedProblem(f)
	for name, b := range e.root.mod.variables {
		u := unknown("var."+name, e.l.constraint(b.load(e.l)).typ, b.header())
		u.hole.Reason = path.Base(f.Name) + " is " + encryptedReason
		given[name] = u
	}
}
