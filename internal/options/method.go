package options

import (
	"fmt"
	"math"

	"reseal/internal/cli"
	"reseal/plan"
)

// Methods are the ways to re-encrypt an object.
func Methods() []string {
	return []string{string(plan.MethodCopy), string(plan.MethodUpdate), string(plan.MethodAuto)}
}

// Versions are which versions of objects there are to be chosen.
func Versions() []string { return []string{"current", "all"} }

// methodErrors reads what is about the way objects are re-encrypted, and says
// what of it does not go together.
func (s *Selection) methodErrors(o *plan.Options) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	updates := o.Method == plan.MethodUpdate || o.Method == plan.MethodAuto
	switch {
	case !updates && o.Method != plan.MethodCopy:
		errs = append(errs, cli.ChoiceError("--method", string(o.Method), Methods()...))
	case updates && o.SSE == plan.TargetAES256:
		bad("--method %s: there is no update back to SSE-S3, only --method copy", o.Method)
	}
	switch {
	case s.Versions != "current" && s.Versions != "all":
		errs = append(errs, cli.ChoiceError("--versions", s.Versions, Versions()...))
	case o.AllVersions && !updates:
		bad("--versions all needs --method update or auto: a copy of an old version would become the current one, so the history would change its order")
	}
	if o.CopyVia != "" && o.CopyVia != plan.ViaMultipart {
		errs = append(errs, cli.ChoiceError("--copy-via", o.CopyVia, plan.ViaMultipart))
	}
	if o.ACL != "" && o.ACL != plan.BucketOwnerFullControl {
		errs = append(errs, cli.ChoiceError("--acl", o.ACL, plan.BucketOwnerFullControl))
	}
	if s.Confirm != "all" {
		share, err := cli.ParsePercent(s.Confirm)
		switch {
		case err != nil:
			bad("--confirm: want all or a share: %w", err)
		case !updates && share < 1:
			bad("--confirm is about updates: the answer to a copy is its proof")
		default:
			o.Unconfirmed = int64(math.Round((1 - share) * 1e6))
		}
	}
	return errs
}
