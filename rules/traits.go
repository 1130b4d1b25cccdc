package rules

import (
	"strings"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
)

// Traits are what a policy has that most policies have not. A rule says which of them it cannot do without, so that for an ordinary
// policy few rules have anything to look at: see Rule.needs.
type traits uint64

const (
	denies          traits = 1 << iota // a statement with Deny
	siblings                           // more than one statement
	oddActions                         // an action that is none of those for roles as AWS writes them, or NotAction
	conditions                         // a condition
	unknownOperator                    // one with an operator that AWS does not have, or that is not known

	// Whom one of its statements names.
	trustsAWS
	trustsAnyAWS
	trustsUser
	trustsSession
	trustsUniqueID
	trustsService
	trustsSourceService // see sourceService
	trustsFederated
	trustsSAML    // or an identity provider that is not known
	trustsCluster // see mayBeCluster
	trustsShared  // an issuer with many tenants: see issuerOf
	trustsPrivate // an issuer that is neither shared nor that of a cluster
	trustsGitHub

	// What one of its conditions asks about: see classOf.
	asksIdentity
	asksTag
	asksSource
	asksAddress
	asksMFA
	asksTime
	asksExternalID
	asksCaller
	asksOrganization
	asksList

	// How one of its conditions asks.
	usesNull
	usesIfExists
	usesForAllValues
	usesNegation
	usesWildcard
)

// asks are the traits of conditions by the class of their key. Some classes are not worth one.
var asks = [environmentKey + 1]traits{
	identityKey: asksIdentity, principalTag: asksTag, sourceKey: asksSource, addressKey: asksAddress, mfaKey: asksMFA, timeKey: asksTime,
	externalIDKey: asksExternalID, callerKey: asksCaller,
}

// traitsOf returns the traits of a policy. They are worked out as the rules that need them would.
func traitsOf(d *policy.Document) traits {
	var t traits
	if len(d.Statements) > 1 {
		t |= siblings
	}
	for _, s := range d.Statements {
		if s.Effect == policy.Deny {
			t |= denies
		}
		if len(s.NotActions) > 0 {
			t |= oddActions
		}
		for _, a := range s.Actions {
			t |= traitsOfAction(a)
		}
		for i := range s.Principals {
			t |= traitsOfPrincipal(s.Principals[i])
		}
		for i := range s.Conditions {
			t |= traitsOfCondition(&s.Conditions[i])
		}
	}
	return t
}

func traitsOfAction(a policy.Text) traits {
	switch name, _ := a.Literal(); name {
	case access.AssumeRole, access.AssumeRoleWithSAML, access.AssumeRoleWithWebIdentity, access.TagSession, access.SetSourceIdentity, access.SetContext:
		return 0
	}
	return oddActions
}

func traitsOfPrincipal(pr policy.Principal) traits {
	var t traits
	switch pr.Type {
	case policy.AWS:
		t = trustsAWS
	case policy.Service:
		t = trustsService
		if sourceService(pr) {
			t |= trustsSourceService
		}
		return t
	case policy.Federated:
		t = trustsFederated
		if mayBeCluster(pr) {
			t |= trustsCluster
		}
	}
	switch kindOf(pr) {
	case anyAWS:
		t |= trustsAnyAWS
	case user:
		t |= trustsUser
	case session:
		t |= trustsSession
	case uniqueID:
		t |= trustsUniqueID
	case samlProvider, unclear:
		t |= trustsSAML
	case oidcProvider, webIdentity:
		address := pr.Issuer
		if isGitHub(address) {
			t |= trustsGitHub
		}
		switch _, shared := issuerOf(address); {
		case shared:
			t |= trustsShared
		case !isCluster(pr):
			t |= trustsPrivate
		}
	}
	return t
}

func traitsOfCondition(c *policy.Condition) traits {
	t := conditions
	key := c.Name
	t |= asks[classOf(key)]
	if isOrganizationKey(key) {
		t |= asksOrganization
	}
	if multivalued(key) {
		t |= asksList
	}
	if !c.Operator.Known {
		t |= unknownOperator
	}
	if c.Operator.Name == "Null" {
		t |= usesNull
	}
	if c.Operator.IfExists {
		t |= usesIfExists
	}
	if c.Operator.Set == policy.ForAllValues {
		t |= usesForAllValues
	}
	if negated(c.Operator) {
		t |= usesNegation
	}
	for _, v := range c.Values {
		if wild(withoutHoles(v)) {
			t |= usesWildcard
		}
	}
	return t
}

// isOrganizationKey reports whether key, in lower case, holds the ID of an organization or paths in one.
func isOrganizationKey(key string) bool {
	return strings.HasPrefix(key, "aws:") && (strings.HasSuffix(key, "orgid") || strings.HasSuffix(key, "orgpaths"))
}
