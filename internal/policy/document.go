// Package policy holds role trust policies: the document on a role that says who may assume it.
//
// Extractors build a Value, JSON as far as it is known with the place of every token, and Parse reads the elements of the
// policy language from it. A string that the code does not determine is a Text with holes that know what they stand for.
// Nothing in this package knows where a policy came from, and nothing judges it.
package policy

import (
	"strings"

	"github.com/trustvet/trustvet/internal/source"
)

// A Document is the trust policy of one role, or one of the policies that it may have.
type Document struct {
	Role    string // the role's address: aws_iam_role.ci, module.x.aws_iam_role.ci["a"], a logical ID
	When    string // the condition under which the role has this policy: "var.public is true"; "" when it always has
	Account Text   // the account that the role is in, where the code says it; otherwise the zero Text
	// Dormant: the role exists only when inputs have other values than their defaults, so that When speaks of inputs that may
	// have one.
	Dormant bool

	Value      *Value // the policy as written, nil when nothing of it is known
	Version    Text   // "2012-10-17"; the zero Text when there is none
	ID         Text
	Statements []*Statement
	Faults     []Fault      // where its shape is not that of a policy, so that IAM refuses it
	Unresolved []Unresolved // what of it is not known and cannot be held in a Text

	Span  source.Span   // the policy, or the place that says what it is
	Calls []source.Span // the module calls and nested stacks that lead here, outermost first
	// Note says what a reader must know about where the policy comes from: "trust-shaped, but no role uses it". A document
	// with a note gives no finding above level note.
	Note string

	// What a program that made the template says about the role, when one did (the AWS CDK).
	Construct string      // the path of its construct: Shop/CartRole/Resource
	CreatedAt string      // where the program makes it, as file:line:column; "" when that is not known
	Created   source.Span // the same, when that file is in the scanned tree: up to the end of the line
}

// A Statement is one element of a policy's Statement list.
type Statement struct {
	Index         int // in the list, from 0
	Sid           Text
	Effect        Effect
	Principals    []Principal
	NotPrincipals []Principal
	Actions       []Text
	NotActions    []Text
	Conditions    []Condition
	Span          source.Span
	Faulty        bool // one of the document's Faults lies in it: IAM refuses it
	// Incomplete: elements of it are not known (see Document.Unresolved): a principal or a condition may be missing here.
	Incomplete bool
}

// An Effect is what a statement does when it matches.
type Effect uint8

const (
	NoEffect Effect = iota // missing, unknown, or not one of the two
	Allow
	Deny
)

var effectNames = [...]string{"", "Allow", "Deny"}

func (e Effect) String() string { return effectNames[e] }

// A Principal is one entry of a Principal or NotPrincipal element.
type Principal struct {
	Type   PrincipalType
	ID     Text
	Issuer string // see IssuerOf
	Span   source.Span
}

// A PrincipalType is the key under which a principal is listed.
type PrincipalType uint8

const (
	NoPrincipalType PrincipalType = iota // not one that IAM knows, or not known
	AWS
	Service
	Federated
	CanonicalUser
	Anyone // the bare string "*", and the key "*", instead of an object
)

var principalTypeNames = [...]string{"?", "AWS", "Service", "Federated", "CanonicalUser", "*"}

func (t PrincipalType) String() string { return principalTypeNames[t] }

// A Condition is one key of one operator of a Condition element, with its values. All conditions of a statement must hold.
type Condition struct {
	Operator Operator
	Key      Text
	Name     string // see KeyName
	Values   []Text
	Span     source.Span // from the key to the last value
}

// KeyName returns the name of a condition key as AWS compares names, in lower case, "" where it is not known. The slash at the end of
// some issuers' addresses is left out: a principal may be written without it.
func KeyName(key Text) string {
	name, _ := key.Literal()
	name = strings.ToLower(name)
	if i := strings.LastIndexByte(name, ':'); i > 0 && name[i-1] == '/' {
		return name[:i-1] + name[i:]
	}
	return name
}

// An Operator is a condition operator taken apart: ForAllValues:StringLikeIfExists.
type Operator struct {
	Text     Text
	Set      SetOperator
	Name     string // without set operator and IfExists, in AWS's own spelling where it is known: StringLike
	IfExists bool
	Known    bool // AWS has such an operator
}

// A SetOperator says how an operator treats a key with several values.
type SetOperator uint8

const (
	NoSet SetOperator = iota
	ForAllValues
	ForAnyValue
)

// operators are the names of IAM's condition operators in lower case, with AWS's spelling.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = map[string]string{
	"stringequals": "StringEquals", "stringnotequals": "StringNotEquals",
	"stringequalsignorecase": "StringEqualsIgnoreCase", "stringnotequalsignorecase": "StringNotEqualsIgnoreCase",
	"stringlike": "StringLike", "stringnotlike": "StringNotLike",
	"numericequals": "NumericEquals", "numericnotequals": "NumericNotEquals",
	"numericlessthan": "NumericLessThan", "numericlessthanequals": "NumericLessThanEquals",
	"numericgreaterthan": "NumericGreaterThan", "numericgreaterthanequals": "NumericGreaterThanEquals",
	"dateequals": "DateEquals", "datenotequals": "DateNotEquals",
	"datelessthan": "DateLessThan", "datelessthanequals": "DateLessThanEquals",
	"dategreaterthan": "DateGreaterThan", "dategreaterthanequals": "DateGreaterThanEquals",
	"bool": "Bool", "binaryequals": "BinaryEquals",
	"ipaddress": "IpAddress", "notipaddress": "NotIpAddress",
	"arnequals": "ArnEquals", "arnlike": "ArnLike", "arnnotequals": "ArnNotEquals", "arnnotlike": "ArnNotLike",
	"null": "Null",
}

// ParseOperator takes a condition operator apart. Letter case does not matter to it.
func ParseOperator(t Text) Operator {
	op := Operator{Text: t}
	s, known := t.Literal()
	if !known {
		return op
	}
	name := strings.ToLower(s)
	if rest, ok := strings.CutPrefix(name, "forallvalues:"); ok {
		op.Set, name = ForAllValues, rest
	} else if rest, ok := strings.CutPrefix(name, "foranyvalue:"); ok {
		op.Set, name = ForAnyValue, rest
	}
	if rest, ok := strings.CutSuffix(name, "ifexists"); ok {
		op.IfExists, name = true, rest
	}
	op.Name, op.Known = operators[name]
	if op.Name == "Null" && op.IfExists {
		op.Known = false // NullIfExists is a syntax error to IAM
	}
	if !op.Known {
		op.Name = s
	}
	return op
}

// A Fault is a place where a document's shape is not that of a trust policy.
type Fault struct {
	Code      FaultCode
	Statement *Statement // nil when the fault is of the document
	Span      source.Span
	Message   string // what is wrong there, lower case, without a period
}

// A FaultCode names a kind of fault.
type FaultCode string

const (
	InvalidJSON      FaultCode = "invalid-json"
	NotAnObject      FaultCode = "not-an-object"
	MissingElement   FaultCode = "missing-element"
	EmptyElement     FaultCode = "empty-element"
	UnknownElement   FaultCode = "unknown-element"
	MisplacedElement FaultCode = "misplaced-element" // an element of statements beside them
	BothElements     FaultCode = "both-elements"     // Action and NotAction, Principal and NotPrincipal
	WrongType        FaultCode = "wrong-type"
	WrongEffect      FaultCode = "wrong-effect"
	WrongPrincipal   FaultCode = "wrong-principal" // a bare string, or a key that is no principal type
	DuplicateElement FaultCode = "duplicate-element"
)

// Fail records that trustvet itself failed while it looked at d, as err says. It is as if a bound on its work had been
// reached: see Limit.
func (d *Document) Fail(err error) {
	d.Unresolved = append(d.Unresolved, Unresolved{What: "the policy", Hole: &Hole{Reason: err.Error(), Limit: true}, Span: d.Span})
}

// Limit returns a hole of d that is there because a bound on trustvet's own work was reached, nil when there is none.
func (d *Document) Limit() *Hole {
	for _, u := range d.Unresolved {
		if u.Hole != nil && u.Hole.Limit {
			return u.Hole
		}
	}
	if d.Value == nil {
		return nil
	}
	return d.Value.limit()
}

func (v *Value) limit() *Hole {
	if v.Hole != nil && v.Hole.Limit {
		return v.Hole
	}
	if h := v.Text.limit(); h != nil {
		return h
	}
	for _, e := range v.Elements {
		if h := e.limit(); h != nil {
			return h
		}
	}
	for _, m := range v.Members {
		if h := m.Key.limit(); h != nil {
			return h
		}
		if h := m.Value.limit(); h != nil {
			return h
		}
	}
	return nil
}

func (t Text) limit() *Hole {
	for _, p := range t.Parts {
		if p.Hole != nil && p.Hole.Limit {
			return p.Hole
		}
	}
	return nil
}

// An Unresolved is a part of a document that is not known and has no place in a Text: a whole statement, a condition block.
type Unresolved struct {
	What   string // "the policy", "a statement", "Principal", "Condition", "Effect", …
	Hole   *Hole
	Span   source.Span
	Within *Statement // nil when it is a statement or the policy
}
