package main

import (
	"errors"
	"fmt"
	"strings"

	"reseal/plan"
)

// fromKeyErrors says what is wrong with --from-key. An alias is refused, as reports and
// objects name keys: what it leads to may change in the course of a job.
func fromKeyErrors(o *plan.Options) (errs []error) {
	for _, key := range o.FromKeys {
		switch {
		case key == "":
			errs = append(errs, errors.New(`--from-key "": want the ARN or id of a KMS key`))
		case strings.Contains(key, "alias/"):
			errs = append(errs, fmt.Errorf("--from-key %q is an alias: want the ARN or id of the key, as objects name it (aws kms describe-key --key-id ALIAS)", key))
		case o.Rekey && o.SSE == plan.TargetKMS && plan.SameKey(key, o.KMSKeyID):
			errs = append(errs, fmt.Errorf("--from-key %q is the key to re-encrypt under: nothing would change", key))
		}
	}
	if len(o.FromKeys) > 0 && !o.Rekey && o.SSE == plan.TargetKMS {
		errs = append(errs, errors.New("--from-key needs --rekey: without it objects under any KMS key are left alone"))
	}
	return errs
}
