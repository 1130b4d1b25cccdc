// Package cloudformation reads role trust policies from CloudFormation templates: YAML and JSON, SAM, CDK output, templates
// nested in templates, serverless.yml, and fragments of all these.
//
// A template is kept as it is written, as nodes, and evaluated from the roles on demand. What the template does not settle
// stays open: a parameter becomes a hole, and a condition makes the role be evaluated once for each outcome, so that every
// policy that the role can have is seen together with when it has it. Nothing is guessed: a parameter's default is not its
// value unless a deployment is described by Options.Parameters.
package cloudformation

import (
	"fmt"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Options say what is known about a deployment of the templates.
type Options struct {
	// Parameters are the values of the template's parameters in a deployment; one that is not named has its default then.
	// Pseudo parameters may be named too: AWS::Region. When it is nil, nothing is known, and a role gives a document for
	// every policy that some parameters lead to.
	Parameters map[string]string
}

// Extract returns the trust policies of the roles in a file, and what could not be read or resolved. A role whose policy
// depends on conditions gives several documents, the first of them the one under the parameters' defaults. The companions of
// the roles come with them. The documents are nil when nothing in the file is a role of a template or of a fragment of one, and
// empty when conditions keep all its roles from being created.
func Extract(tree *source.Tree, file *source.File, opts Options) ([]*policy.Document, []*policy.Companion, []source.Problem) {
	if !Candidate(file.Src) {
		return nil, nil, nil
	}
	e := newEvaluator(tree, opts)
	roots, err := e.read(newPage(file), file.Name)
	for _, root := range roots {
		e.extract(root, file.Name)
	}
	if err != nil {
		e.unreadable(newPage(file), err)
	}
	return e.docs, e.companions(), source.SortProblems(e.problems)
}

// extract adds the documents of the templates and roles that the document root of a file holds.
func (e *evaluator) extract(root *node, name string) {
	for _, t := range e.templates(root, name) {
		e.distinguish(t)
		e.template(t)
	}
}

// distinguish gives the names in t a prefix when an earlier template of the file, in another document of a YAML stream or beside
// it in one that holds several, has a resource of the same name: template2/Role.
func (e *evaluator) distinguish(t *template) {
	if e.taken == nil {
		e.taken = map[string]bool{}
	}
	e.found++
	for _, r := range t.resources {
		switch r.kind {
		case roleType, samFunctionType, samStateMachineType, stackType, samStackType, stackSetType:
			if e.taken[r.id] {
				t.prefix = fmt.Sprintf("template%d/", e.found)
			}
		}
	}
	for _, r := range t.resources {
		e.taken[r.id] = true
	}
}

// unreadable reports a page that is neither JSON nor YAML. With directives of another template language in it, it was not
// meant to be.
func (e *evaluator) unreadable(p *page, err error) {
	var offset int
	message := err.Error()
	if s, ok := err.(*syntaxError); ok {
		offset = s.offset
	}
	templated := len(p.gaps) > 0
	if templated {
		message = "not readable even with the template directives left out: " + message
	}
	e.problems = append(e.problems, source.Problem{Span: p.span(offset, offset), Message: message, Unreadable: !templated})
}

// maxProblems bounds the problems reported for one file.
const maxProblems = 200

// exceeded reports that a bound was reached and something therefore not looked at, which makes the run fail. It is never
// left out, however many problems there are.
func (e *evaluator) exceeded(span source.Span, format string, args ...any) {
	if e.aside {
		return
	}
	p := source.Problem{Span: span, Message: fmt.Sprintf(format, args...), Unreadable: true}
	if !e.reported[p] {
		e.reported[p] = true
		e.problems = append(e.problems, p)
	}
}

func (e *evaluator) problem(span source.Span, format string, args ...any) {
	if e.aside {
		return
	}
	p := source.Problem{Span: span, Message: fmt.Sprintf(format, args...)}
	if len(e.reported) < maxProblems && !e.reported[p] {
		e.reported[p] = true
		e.problems = append(e.problems, p)
	}
}
