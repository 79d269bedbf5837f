package preflight

import "reseal/policy"

// loadBalancerService is whom policies let deliver the logs of Application and
// Classic Load Balancers today. A Network Load Balancer delivers by
// delivery.logs.amazonaws.com, to buckets under KMS, too.
const loadBalancerService = "logdelivery.elasticloadbalancing.amazonaws.com"

// loadBalancerAccounts are the accounts of Elastic Load Balancing, by Region, which
// older policies name instead. The list is as public Terraform code has it, the
// provider's aws_elb_service_account among it (read 2026-11-29).
func loadBalancerAccounts() map[string]string {
	return map[string]string{
		"127311923021": "us-east-1", "033677994240": "us-east-2", "027434742980": "us-west-1", "797873946194": "us-west-2",
		"098369216593": "af-south-1", "754344448648": "ap-east-1", "718504428378": "ap-south-1", "582318560864": "ap-northeast-1",
		"600734575887": "ap-northeast-2", "383597477331": "ap-northeast-3", "114774131450": "ap-southeast-1", "783225319266": "ap-southeast-2",
		"589379963580": "ap-southeast-3", "985666609251": "ca-central-1", "054676820928": "eu-central-1", "156460612806": "eu-west-1",
		"652711504416": "eu-west-2", "009996457667": "eu-west-3", "897822967062": "eu-north-1", "635631232127": "eu-south-1",
		"076674570225": "me-south-1", "507241528517": "sa-east-1", "048591011584": "us-gov-west-1", "190560391635": "us-gov-east-1",
		"638102146993": "cn-north-1", "037604701340": "cn-northwest-1",
	}
}

// loadBalancers tells whether a statement lets load balancers deliver logs.
func loadBalancers(s *policy.Statement) bool {
	for _, service := range s.Principals.Services {
		if service == loadBalancerService {
			return true
		}
	}
	accounts := loadBalancerAccounts()
	for _, arn := range s.Principals.AWS {
		if accounts[accountOf(arn)] != "" {
			return true
		}
	}
	return false
}

// loadBalancerLogsStop says what becomes of the logs that load balancers deliver
// (Elastic Load Balancing, Application Load Balancers, enable-health-check-logging,
// read 2026-11-29: "The only server-side encryption option that's supported is Amazon
// S3-managed keys (SSE-S3)"). The pages on access logs, enable-access-logging, and of
// Classic Load Balancers are said to have the same sentence; they were not read.
func loadBalancerLogsStop(by string) string {
	return "the bucket receives logs of Application or Classic Load Balancers (" + by + "): they are delivered only to buckets whose default encryption is SSE-S3, " +
		"so under a key they would stop arriving, and no statement of the key's policy helps; send them to a bucket of their own first"
}
