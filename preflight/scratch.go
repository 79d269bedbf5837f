package preflight

import (
	"fmt"

	"reseal/plan"
)

// KeepsScratch says why a bucket would not let go of scratch objects, nil where
// nothing is known to keep it from that.
func KeepsScratch(bucket string, f plan.Facts) error {
	switch {
	case f.Retention == plan.Yes:
		return fmt.Errorf("bucket %s gives every new object a retention, so scratch objects could not be deleted again", bucket)
	case f.MFADelete == plan.Yes:
		return fmt.Errorf("%s (bucket %s)", MFADelete, bucket)
	}
	return nil
}
