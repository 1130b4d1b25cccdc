package cloudformation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// TestSatisfiableAgreesWithEnumeration asks for random constraints whether they can hold together, in one question and as a
// world does, and compares with the outcome of trying all values.
func TestSatisfiableAgreesWithEnumeration(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	hole := func(i int) policy.Text {
		h := &policy.Hole{Expr: fmt.Sprint("P", i)}
		if i == 0 {
			h.Choices = []string{"a", "b"}
		}
		return policy.NewText(policy.HolePart(h, source.Span{}))
	}
	const variables = 4
	values := []string{"a", "b", "c", "d", "e", "f", "g"}
	var random func(depth int, made *[]*formula) *formula
	random = func(depth int, made *[]*formula) *formula {
		var f *formula
		switch n := r.IntN(8); {
		case len(*made) > 0 && n < 2:
			return (*made)[r.IntN(len(*made))]
		case depth == 0 || n == 2:
			f = newEquals(hole(r.IntN(variables)), policy.String(values[r.IntN(3)], source.Span{}))
		case n == 3:
			f = newEquals(hole(r.IntN(variables)), hole(r.IntN(variables)))
		case n == 4:
			f = connect(not, random(depth-1, made))
		case n < 7:
			f = connect(and, random(depth-1, made), random(depth-1, made), random(depth-1, made))
		default:
			f = connect(or, random(depth-1, made), random(depth-1, made))
		}
		*made = append(*made, f)
		return f
	}
	var holds func(f *formula, at []string) bool
	holds = func(f *formula, at []string) bool {
		render := func(t policy.Text) string {
			if lit, known := t.Literal(); known {
				return lit
			}
			return at[t.Parts[0].Hole.Expr[1]-'0']
		}
		switch f.op {
		case constTrue, constFalse:
			return f.op == constTrue
		case not:
			return !holds(f.args[0], at)
		case equals:
			return render(f.left) == render(f.right)
		}
		for _, a := range f.args {
			if holds(a, at) == (f.op == or) {
				return f.op == or
			}
		}
		return f.op == and
	}
	enumerate := func(cs []constraint) bool {
		at := make([]string, variables)
		var try func(i int) bool
		try = func(i int) bool {
			if i == variables {
				for _, c := range cs {
					if holds(c.f, at) != c.want {
						return false
					}
				}
				return true
			}
			for _, at[i] = range values {
				if i == 0 && at[i] > "b" {
					continue
				}
				if try(i + 1) {
					return true
				}
			}
			return false
		}
		return try(0)
	}
	impossible := 0
	for range 3000 {
		e := newEvaluator(nil, Options{})
		w := &world{e: e}
		w.reset(nil)
		var made []*formula
		for range 4 {
			c := constraint{random(3, &made), r.IntN(2) == 0}
			if c.f.op == constTrue || c.f.op == constFalse {
				continue
			}
			all := append(w.assumed[:len(w.assumed):len(w.assumed)], c)
			want := enumerate(all)
			if got := e.satisfiable(all); got != want {
				t.Fatalf("in one question: %v, want %v: %s", got, want, describeConstraints(all))
			}
			if got := w.satisfiable(c); got != want {
				t.Fatalf("in a world: %v, want %v: %s", got, want, describeConstraints(all))
			}
			if want {
				w.assume(c)
			} else {
				impossible++
			}
		}
	}
	if impossible < 500 {
		t.Errorf("only %d of the questions have the answer no", impossible)
	}
}

func describeConstraints(cs []constraint) string {
	var describe func(f *formula) string
	describe = func(f *formula) string {
		if f.op == equals {
			return f.left.String() + "=" + f.right.String()
		}
		var args []string
		for _, a := range f.args {
			args = append(args, describe(a))
		}
		return map[operator]string{and: "and", or: "or", not: "not", constTrue: "true", constFalse: "false"}[f.op] + "(" + strings.Join(args, ", ") + ")"
	}
	var all []string
	for _, c := range cs {
		all = append(all, fmt.Sprint(describe(c.f), " is ", c.want))
	}
	return strings.Join(all, "; ")
}

// TestConditionsThatNameEachOther has a chain of conditions each of which names the one before it twice, so that written out
// the last one would have 2^60 parts. No two that follow each other can both be false.
func TestConditionsThatNameEachOther(t *testing.T) {
	const n = 60
	var b strings.Builder
	b.WriteString("Parameters:\n")
	for i := range n {
		fmt.Fprintf(&b, "  P%d: {Type: String}\n", i)
	}
	b.WriteString("Conditions:\n  C0: !Equals [!Ref P0, a]\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  C%d: !Or [!And [!Condition C%d, !Equals [!Ref P%d, a]], !Not [!And [!Condition C%d, !Equals [!Ref P%d, b]]]]\n", i, i-1, i, i-1, i)
	}
	b.WriteString("Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement:\n")
	for i := range n {
		fmt.Fprintf(&b, "          - !If [C%d, {Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: %q}}, !Ref AWS::NoValue]\n", i, fmt.Sprintf("%012d", i))
	}
	file := source.NewFile("chain.yaml", []byte(b.String()))
	e := newEvaluator(source.NewTree(nil), Options{})
	roots, err := e.read(newPage(file), file.Name)
	if err != nil {
		t.Fatal(err)
	}
	e.extract(roots[0], file.Name)
	if len(e.problems) > 0 {
		t.Errorf("a problem: %s", e.problems[0].Message)
	}
	if e.searched > 25_000_000 {
		t.Errorf("the searches took %d steps", e.searched)
	}
	if len(e.docs) != maxAlternatives+1 {
		t.Fatalf("%d alternatives", len(e.docs))
	}
	for _, d := range e.docs[:maxAlternatives] {
		for i := 1; i < n; i++ {
			if strings.Contains(d.When+" ", fmt.Sprintf("C%d is false and C%d is false ", i-1, i)) {
				t.Errorf("two conditions that follow each other are false: %s", d.When)
			}
		}
	}
	t.Logf("%d steps", e.searched)
}

// TestASearchThatIsGivenUpIsAProblem has conditions that say that 12 things cannot be 11 different ones.
func TestASearchThatIsGivenUpIsAProblem(t *testing.T) {
	const n = 12
	var b strings.Builder
	b.WriteString("Parameters:\n")
	for i := range n {
		fmt.Fprintf(&b, "  P%d: {Type: String, AllowedValues: [a, b, c, d, e, f, g, h, i, j, k]}\n", i)
	}
	b.WriteString("Conditions:\n  Different: !And\n")
	for i := range n {
		for j := range i {
			fmt.Fprintf(&b, "    - !Not [!Equals [!Ref P%d, !Ref P%d]]\n", i, j)
		}
	}
	b.WriteString("Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: !If [Different, {}, {Statement: []}]\n")
	file := source.NewFile("pigeons.yaml", []byte(b.String()))
	docs, _, problems := Extract(source.NewTree(nil), file, Options{})
	if len(docs) != 2 {
		t.Errorf("%d alternatives, want both", len(docs))
	}
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "1000000 steps") || problems[0].Span.File != file {
		t.Errorf("problems: %v", problems)
	}
}
