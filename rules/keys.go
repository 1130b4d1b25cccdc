package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/access"
)

// A keyClass says who decides what the value of a condition key is.
type keyClass uint8

const (
	otherKey       keyClass = iota
	identityKey             // AWS, from who the caller is: an outsider cannot have the value
	principalTag            // the administrator of the caller's account
	sourceKey               // AWS, from the resource a service acts for
	networkKey              // AWS, from a VPC or an endpoint: an outsider cannot have the value
	addressKey              // AWS, from the address that the request comes from
	mfaKey                  // AWS, from how the caller signed in
	timeKey                 // the clock
	externalIDKey           // the caller: a value that is shared but no secret
	callerKey               // the caller, freely
	claimKey                // the identity provider
	assumedKey              // what the role is: it is the same whoever calls
	environmentKey          // AWS, and it says nothing about the caller
)

// presence says whether a request has a condition key.
type presence uint8

const (
	unsure presence = iota
	always
	sometimes
	never
)

// globalKeys are the keys that AWS has for requests of all services, in lower case and sorted.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var globalKeys = []string{
	"aws:assumedroot", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:chatbotsourcearn", "aws:currenttime",
	"aws:ec2instancesourceprivateipv4", "aws:ec2instancesourcevpc", "aws:epochtime", "aws:federatedprovider",
	"aws:isworkforceidentity", "aws:multifactorauthage", "aws:multifactorauthpresent", "aws:principalaccount", "aws:principalarn",
	"aws:principalisawsservice", "aws:principalorgid", "aws:principalorgpaths", "aws:principalservicename",
	"aws:principalservicenameslist", "aws:principaltype", "aws:referer", "aws:requestedregion", "aws:resourceaccount",
	"aws:resourceorgid", "aws:resourceorgpaths", "aws:securetransport", "aws:signinsessionarn", "aws:sourceaccount", "aws:sourcearn",
	"aws:sourceidentity", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc",
	"aws:sourcevpcarn", "aws:sourcevpce", "aws:tagkeys", "aws:tokenissuetime", "aws:useragent", "aws:userid", "aws:username",
	"aws:viaawsmcpservice", "aws:viaawsservice", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:vpcsourceip",
	"ec2:roledelivery", "ec2:sourceinstancearn", "glue:credentialissuingservice", "lambda:sourcefunctionarn", "ssm:sourceinstancearn",
}

// stsKeys are the keys of STS that a request for a role may have, in lower case and sorted.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
var stsKeys = []string{
	"sts:externalid", "sts:requestcontextproviders", "sts:roleauthorizedbyidp", "sts:rolesessionname", "sts:sourceidentity",
	"sts:taskpolicyarn", "sts:transitivetagkeys",
}

// tagPrefixes begin the names of keys that end in the name of a tag or a context.
var tagPrefixes = []string{"aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "iam:resourcetag/", "sts:requestcontext/"}

// samlKeys are the keys that come from a SAML assertion, in lower case and sorted.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
var samlKeys = []string{
	"saml:aud", "saml:cn", "saml:commonname", "saml:doc", "saml:eduorghomepageuri", "saml:eduorgidentityauthnpolicyuri",
	"saml:eduorglegalname", "saml:eduorgsuperioruri", "saml:eduorgwhitepagesuri", "saml:edupersonaffiliation",
	"saml:edupersonassurance", "saml:edupersonentitlement", "saml:edupersonnickname", "saml:edupersonorgdn",
	"saml:edupersonorgunitdn", "saml:edupersonprimaryaffiliation", "saml:edupersonprimaryorgunitdn",
	"saml:edupersonprincipalname", "saml:edupersonscopedaffiliation", "saml:edupersontargetedid", "saml:givenname", "saml:iss",
	"saml:mail", "saml:name", "saml:namequalifier", "saml:organizationstatus", "saml:primarygroupsid", "saml:sub",
	"saml:sub_type", "saml:surname", "saml:uid", "saml:x500uniqueidentifier",
}

// known reports whether key, in lower case, is a global key, one of STS or one of SAML. Claims of OIDC issuers are another
// matter: see claimPresence.
func knownKey(key string) bool {
	for _, table := range [][]string{globalKeys, stsKeys, samlKeys} {
		if _, found := slices.BinarySearch(table, key); found {
			return true
		}
	}
	return hasTagPrefix(key)
}

func hasTagPrefix(key string) bool {
	for _, prefix := range tagPrefixes {
		if strings.HasPrefix(key, prefix) && len(key) > len(prefix) {
			return true
		}
	}
	return false
}

// multivalued reports whether key, in lower case, holds a list.
func multivalued(key string) bool {
	switch key {
	case "aws:principalorgpaths", "aws:sourceorgpaths", "aws:resourceorgpaths", "aws:vpceorgpaths", "aws:calledvia", "aws:tagkeys",
		"aws:principalservicenameslist", "sts:transitivetagkeys", "sts:requestcontextproviders":
		return true
	}
	return strings.HasPrefix(key, "saml:eduorg") || strings.HasPrefix(key, "saml:eduperson") && key != "saml:edupersonorgdn" &&
		!strings.HasPrefix(key, "saml:edupersonprimary") && key != "saml:edupersonprincipalname" ||
		key == "saml:cn" || strings.HasSuffix(key, ":amr")
}

// classOf says who decides about the value of key, in lower case.
func classOf(key string) keyClass {
	switch key {
	case "aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:userid", "aws:username":
		return identityKey
	case "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner":
		return sourceKey
	case "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
		"aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4":
		return networkKey
	case "aws:sourceip", "aws:vpcsourceip":
		return addressKey
	case "aws:multifactorauthpresent", "aws:multifactorauthage":
		return mfaKey
	case "aws:currenttime", "aws:epochtime", "aws:tokenissuetime":
		return timeKey
	case "sts:externalid":
		return externalIDKey
	case "sts:rolesessionname", "sts:sourceidentity", "aws:sourceidentity", "aws:tagkeys", "sts:transitivetagkeys", "aws:useragent", "aws:referer":
		return callerKey
	case "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths":
		return assumedKey
	case "aws:securetransport", "aws:requestedregion", "aws:principaltype", "aws:principalisawsservice", "aws:viaawsservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast",
		"aws:federatedprovider":
		return environmentKey
	}
	switch {
	case strings.HasPrefix(key, "aws:principaltag/"):
		return principalTag
	case strings.HasPrefix(key, "aws:requesttag/"):
		return callerKey
	case strings.HasPrefix(key, "aws:resourcetag/"), strings.HasPrefix(key, "iam:resourcetag/"):
		return assumedKey
	case strings.HasPrefix(key, "saml:"):
		return claimKey
	case strings.Contains(key, ":") && strings.Contains(key[:strings.LastIndexByte(key, ':')], ".") && !knownKey(key):
		return claimKey
	}
	return otherKey
}

// presenceOf says whether a request for action of a principal of that kind has key, in lower case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func presenceOf(key string, kind subjectKind, issuer, action string) presence {
	if classOf(key) == claimKey {
		return claimPresence(key, kind, issuer)
	}
	switch key {
	case "aws:currenttime", "aws:epochtime", "aws:securetransport", "aws:requestedregion", "aws:resourceaccount":
		return always
	case "sts:rolesessionname":
		if kind == service {
			return sometimes
		}
		return always
	case "sts:externalid":
		if action != access.AssumeRole || kind.federated() {
			return never
		}
		return sometimes
	case "aws:sourceip", "aws:useragent":
		return sometimes
	case "sts:roleauthorizedbyidp":
		if kind == oidcProvider || kind == webIdentity {
			return sometimes
		}
		return never
	}
	if hasTagPrefix(key) && !strings.HasPrefix(key, "aws:principaltag/") {
		return sometimes
	}
	switch {
	case kind == unclear:
		return unsure
	case kind == service:
		return servicePresence(key)
	case kind.federated():
		switch classOf(key) {
		case identityKey, principalTag, mfaKey:
			if key == "aws:userid" || key == "aws:principalaccount" {
				return unsure // of unsigned calls AWS does not say
			}
			return never
		case sourceKey:
			return never
		}
		return sometimes
	}
	switch key {
	case "aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:userid":
		return always
	case "aws:principalisawsservice", "aws:viaawsservice":
		return always
	case "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:principalservicename",
		"aws:principalservicenameslist":
		return never
	case "aws:username":
		if kind == role || kind == session {
			return never
		}
		return sometimes
	}
	if knownKey(key) {
		return sometimes
	}
	return never
}

// servicePresence says whether a service's request has key.
func servicePresence(key string) presence {
	switch key {
	case "aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist":
		return always
	case "aws:principalorgid", "aws:principalorgpaths", "aws:username", "aws:multifactorauthpresent", "aws:multifactorauthage":
		return never
	case "aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:userid":
		return unsure
	}
	if strings.HasPrefix(key, "aws:principaltag/") {
		return unsure // IAM Roles Anywhere sends tags of the certificate
	}
	if knownKey(key) {
		return sometimes
	}
	return never
}
