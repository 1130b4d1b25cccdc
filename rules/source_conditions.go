package rules

import (
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/policy"
)

// sendsSource are the services, without .amazonaws.com and sorted, of which the documentation of AWS shows aws:SourceArn or
// aws:SourceAccount in the trust policy of a role that they assume. AWS publishes no list, and a condition on a key that a
// service does not send makes the role unassumable, so a service is here only with a page of its documentation:
//
//	appstream: https://docs.aws.amazon.com/appstream2/latest/developerguide/example-fleet-machine.html
//	bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-iam-role.html
//	frauddetector: https://docs.aws.amazon.com/frauddetector/latest/ug/confused-deputy-prevention.html
//	iot: https://docs.aws.amazon.com/iot/latest/developerguide/cross-service-confused-deputy-prevention.html
//	personalize: https://docs.aws.amazon.com/personalize/latest/dg/cross-service-confused-deputy-prevention.html
//	scheduler: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
//	vpc-flow-logs: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
var sendsSource = []string{
	"appstream", "bedrock", "frauddetector", "iot", "personalize", "scheduler", "vpc-flow-logs",
}

// sourceService reports whether pr is a service that sends the resource it acts for.
func sourceService(pr policy.Principal) bool {
	name, known := sample(pr.ID)
	if !known || pr.Type != policy.Service {
		return false
	}
	_, found := slices.BinarySearch(sendsSource, strings.TrimSuffix(name, ".amazonaws.com"))
	return found
}

// isService reports whether pr is the service of that name, without .amazonaws.com.
func isService(pr policy.Principal, name string) bool {
	s, known := sample(pr.ID)
	return known && pr.Type == policy.Service && strings.TrimSuffix(strings.TrimSuffix(s, ".cn"), ".amazonaws.com") == name
}
