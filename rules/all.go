package rules

// All are the rules in the order in which they look at a document. It matters: what IAM refuses or what never matches comes
// first, then from the most specific to the most general, since a statement or principal that has its finding gets no other
// (see Pass.claim).
var All = []*Rule{
	// What IAM refuses.
	ActionNotSTS,
	ConditionOperatorUnknown,
	ConditionDuplicateKey,
	DenyNotPrincipal,
	ServicePrincipalUnknown,
	PolicyRejectedByIAM,
	PolicySize,

	// What lets nobody in.
	ActionPrincipalMismatch,
	DanglingPrincipalID,
	ConditionLiteralWildcard,
	ConditionPrincipalARNSessionForm,
	OIDCWrongIssuerKey,
	MFANotApplicable,
	ConditionKeyUnknown,
	ConditionKeyNotInContext,
	PrincipalMixedKinds,
	OIDCProviderOtherAccount,
	SAMLAudienceUnexpected,
	GitHubSubMalformed,

	ConditionNullInverted,

	// Who gets in, from the most specific cause to the most general.
	ConditionForAllValuesVacuous,
	MFAIfExistsInAllow,
	ConditionIfExistsVacuous,
	ConditionNegatedOnly,
	ConditionUserIDUnanchored,
	SourceIPUnrestricted,
	ConditionPrincipalTagUnbounded,
	ConditionCallerControlled,
	GitHubSubAnyOrg,
	GitHubSubTemplateUnsafe,
	GitLabSubUnscoped,
	TFCSubUnscoped,
	SocialIdpAppMissing,
	CIOIDCSubUnscoped,
	ExternalIDWildcard,
	ConditionWildcardValue,
	OIDCTenancyClaimMissing,
	CognitoAudienceMissing,
	CognitoUnauthenticated,
	GitHubSubOrgWide,
	GitHubSubRepoPrefix,
	GitHubSubPullRequest,
	GitHubSubAnyRef,
	GitLabSubAnyRef,
	IRSASubMissing,
	IRSASubWildcard,
	OIDCPrivateNoSubject,
	OIDCAudienceMissing,
	SAMLAudienceMissing,
	PrincipalAnyAWSContextOnly,
	PrincipalAnyAWS,
	PrincipalAnyAWSOrgWide,
	ThirdPartyWithoutExternalID,

	ActionNotAction,
	ActionWildcard,
	PolicyVersionLegacy,
	TrustPolicyUnresolved,

	// What the comparison of two states says.
	TrustWidened,

	// What the scan says of ignores.
	SuppressionWithoutReason,
	SuppressionExpired,
	SuppressionUnused,
}
