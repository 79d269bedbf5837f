package front

// Service names as they stand in a credential scope.
const (
	serviceS3     = "s3"
	serviceKMS    = "kms"
	serviceQuotas = "servicequotas"
	serviceSTS    = "sts"
)

func knownService(name string) bool {
	switch name {
	case serviceS3, serviceKMS, serviceQuotas, serviceSTS:
		return true
	}
	return false
}
