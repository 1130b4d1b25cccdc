// Package access says who can assume a role. Decide answers for one request, Who for all of them.
//
// # The model
//
// A request is a caller, an action, and a context: condition keys that are absent, have one value, or several. A statement
// matches a request when its Principal covers the caller, its Action the action, and each of its conditions holds. The trust
// policy allows what some Allow matches and no Deny matches. Decide, with its evaluate files, computes exactly that, line by
// line as the AWS documentation has it. Assume adds the permissions that a call with session tags, a source identity or a
// context needs besides. What the caller's own identity policy must allow, and what organizations subtract, is not in the
// code that trustvet reads: a grant says what the role's side allows.
//
// Who finds all requests at once:
//
//   - Callers fall into finitely many classes (class.go): the principals that the policy names one by one; the users, roles,
//     federated users and the root of each account that it names and of one that it does not; the services and providers
//     that it names and others. A class decides which keys a call has and what they can be (key.go, claim.go): a service has
//     no aws:PrincipalOrgID, a web identity always has its sub.
//   - Within a class, the requests that an Allow matches are a product: one set of values for each key. Such a box (solve.go)
//     is a list of clauses, conditions or their opposites, and it is empty exactly when the clauses of one key have no
//     solution. Taking away a Deny turns a box into a union of boxes.
//   - A solution is a value, found in sets of one kind (set.go): texts by automata of the globs (glob.go), numbers, instants
//     and addresses by trying the bounds and the gaps between them (line.go).
//   - Keys that depend on each other, as aws:PrincipalArn and aws:PrincipalAccount do, are made to agree when the solutions
//     are put together into a request (witness.go). Decide then judges that request. It shares no matching code with the
//     sets, so that a mistake in one of the two shows.
//
// The rule to keep in mind: what is not known admits everything in an Allow and nothing in a Deny. A hole of a document (see
// policy.Hole) that is the role's own account, its partition and the like is one example value throughout (World); an unknown
// one becomes, in a principal or a key, the string that lets in the most, and in a value of a condition whatever the witness
// needs. Policy variables are treated like unknown values and then replaced in the witness. All work is bounded; a grant past
// the bound is kept and marked Undecided.
//
// # Use
//
//	for _, g := range access.Who(d, access.Options{Now: now}) {
//		if g.Undecided || g.Callers[0].Unknown != nil { … }              // no ground for a finding
//		g.Has(access.AnyAWS)                                             // lets in every AWS account
//		g.Bounds("sts:ExternalId")                                       // the key bounds it, in every part of it
//		g.MayLack("aws:MultiFactorAuthPresent")                          // some call without the key is allowed
//		r, ok := g.Find(access.If("StringNotLike", sub, "repo:acme/*"))  // a confirmed request outside acme
//	}
//
// Rules are questions to Grant.Find: conditions written as in a policy, answered with a request that Decide confirms. The
// conditions that bound a grant are in Guard, the Deny statements that take something away from it in Less, the unknown values
// that it depends on in Rests. Grants for sts:TagSession and the other permissions that assume nothing alone have that Action.
// A Grant is for one goroutine at a time.
//
// Find asks a whole policy. Added compares two policies, Implies answers whether one lies in the other. Dead says that no
// request at all can match a statement, and the smallest set of conditions that is the reason; Void that a condition restricts
// nothing; Shadowed that a statement changes nothing beside the others. These answers are certain: a statement of which
// something that matters is not known is neither dead nor shadowed.
//
// # Literature
//
// Zelkova decides such questions with an SMT solver (Backes and others, Semantic-based Automated Reasoning for AWS Access
// Policies using SMT, FMCAD 2018); IAM Access Analyzer summarizes the requests that a policy allows in findings as grants do
// here (Backes and others, Stratified Abstraction of Access Control Policies, CAV 2020); that trust questions can be decided
// without a solver was shown for S3 (Bouchet and others, Block Public Access, ESEC/FSE 2020). The semantics are those of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
package access
