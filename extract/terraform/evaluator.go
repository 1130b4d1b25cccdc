package terraform

import (
	"fmt"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// What an evaluation may cost. Real roots stay two orders of magnitude below.
const (
	maxSteps     = 500_000   // expressions and elements for one role
	maxRootSteps = 5_000_000 // and for all roles of a root module
	maxDepth     = 1_000     // of references and expressions in each other
	maxElements  = 100_000   // of one list or object
	maxBytes     = 16 << 20  // of strings built for one role
	maxInstances = 5_000     // of one block
)

// An evaluator evaluates the expressions of one root module and of the modules it calls, each when it is first asked for.
type evaluator struct {
	l         *loader
	opts      *Options
	workspace string
	root      *instance
	given     bool // values for variables of the root module are given: the others have their defaults

	steps, total, depth, bytes int
	spent                      string // the budget that is used up
	instances, roles           int    // of modules, and of roles, so far

	choices
	busy       map[memoKey]bool
	layouts    map[*hclsyntax.ObjectConsExpr]objectLayout
	expansions map[expansionKey]*expansion
	children   map[expansionKey][]*instance
	unclaimed  []unclaimed
	companions []*policy.Companion // of stacks
	aside      bool                // companions are looked at: no role uses what they use, and they report nothing
	// accounts holds the provider configuration of each hole that stands for "the own account" of that provider.
	accounts map[*policy.Hole]string
	created  map[blockPlace]bool // roles that have instances
	// What people see for expressions of the current role, and all of that.
	shownAs map[string]string
	taken   map[string]bool
}

type memoKey struct {
	inst *instance
	name string
}

// A fixedKey is an expression of a module instance that stands outside of iterations and templates, so that its value follows
// from the instance and from choices alone.
type fixedKey struct {
	inst *instance
	expr hclsyntax.Expression
}

// once returns the value of name in inst, computed by f when it is first needed. A value that depends on a choice holds
// for the choices of the current run only.
func (e *evaluator) once(inst *instance, name string, span source.Span, f func() *value) *value {
	k := memoKey{inst, name}
	if v, ok := e.settled[k]; ok {
		return v
	}
	if v, ok := e.recall(k); ok {
		e.consulted++
		return v
	}
	if e.busy[k] {
		return failed(span, name+" depends on itself")
	}
	e.busy[k] = true
	before, sharpened, without, asked := e.consulted, e.sharpened, e.without, e.asked
	e.sharpened, e.without, e.asked = false, false, &questions{}
	made := e.candidate(assumption{}, f)
	r := &remembered{made.val, e.asked.list, e.state(), e.sharpened, e.without}
	e.sharpened, e.without, e.asked = sharpened, without, asked
	e.take(made.picks...)
	delete(e.busy, k)
	switch {
	case e.spent != "":
	case e.consulted == before:
		e.settled[k] = made.val
	case e.picking:
		e.picked[k] = made
	default:
		e.chosen[k] = r
		e.keep(k, r)
	}
	e.rest(r)
	return made.val
}

// spend counts n steps. It reports false when the budget is used up.
func (e *evaluator) spend(n int) bool {
	e.steps += n
	e.total += n
	if e.spent == "" && e.steps > maxSteps {
		e.spent = fmt.Sprintf("evaluation takes more than %d steps", maxSteps)
	}
	if e.spent == "" && e.total > maxRootSteps {
		e.spent = fmt.Sprintf("evaluation of the root module takes more than %d steps", maxRootSteps)
	}
	return e.spent == ""
}

// renew gives the next role its own budget.
func (e *evaluator) renew() {
	e.steps, e.bytes = 0, 0
	e.shownAs, e.taken = nil, nil
	if e.total <= maxRootSteps {
		e.spent = ""
	}
}

// exceed returns v. A failure for a bound of ours uses up the budget, so that no try and no condition makes something else of
// it: what Terraform would see there is not known.
func (e *evaluator) exceed(v *value) *value {
	if v.limit && e.spent == "" {
		e.spent = v.more().reason
	}
	return v
}

// spendBytes counts n bytes of strings.
func (e *evaluator) spendBytes(n int) bool {
	e.bytes += n
	if e.bytes > maxBytes && e.spent == "" {
		e.spent = fmt.Sprintf("evaluation builds more than %d bytes of strings", maxBytes)
	}
	return e.spent == ""
}
