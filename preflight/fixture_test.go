package preflight

// The names of the account in the tests.
const (
	simRegion  = "us-east-1"
	simAccount = "111122223333"
	simKey     = "arn:aws:kms:us-east-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000001"
	simUser    = "arn:aws:iam::111122223333:user/simulated"
	otherKey   = "arn:aws:kms:us-east-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000002"
)
