package policy

import (
	"net/netip"
	"slices"
	"strings"
)

// fixing are the condition keys that S3 counts as limits on who is meant,
// where their values are fixed (S3 User Guide,
// access-control-block-public-access, "The meaning of public", read
// 2026-11-29). Lower case.
var fixing = []string{
	"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
	"aws:userid", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount",
	"aws:principalservicename", "s3:x-amz-server-side-encryption-aws-kms-key-id",
	"s3:dataaccesspointarn", "s3:dataaccesspointaccount",
}

// Public tells whether S3 counts a bucket policy as public: whether one of its
// statements allows something to everybody without a condition that limits who
// is meant to fixed values. A Deny changes nothing about that.
func (d *Document) Public() bool {
	return slices.ContainsFunc(d.Statements, func(s Statement) bool {
		everybody := s.NotPrincipal || s.Principals.Anyone
		return !s.Deny && everybody && !slices.ContainsFunc(s.Conditions, func(c Condition) bool { return c.fixes() })
	})
}

// fixes tells whether a condition limits who is meant to fixed values.
func (c *Condition) fixes() bool {
	op, ok := operators[c.Operator]
	if !ok || op.negated || c.IfExists || c.All || c.Operator == "Null" || c.Operator == "Bool" {
		return false
	}
	key := strings.ToLower(c.Key)
	if !slices.Contains(fixing, key) {
		return false
	}
	wide := slices.ContainsFunc(c.Values, func(v string) bool {
		switch key {
		case "aws:sourceip":
			return wideNetwork(v)
		case "s3:dataaccesspointarn": // only the account has to be fixed
			f := strings.SplitN(v, ":", 6)
			return len(f) < 6 || strings.ContainsAny(f[4], "*?$")
		case "aws:userid":
			v = strings.TrimSuffix(v, ":*") // AROLEID:* names the sessions of one role
		}
		return strings.ContainsAny(v, "*?") || strings.Contains(v, "${")
	})
	return !wide
}

// wideNetwork tells a range of addresses that S3 counts as public: wider than
// /8, for IPv6 than /32. Private ranges never are.
func wideNetwork(v string) bool {
	if !strings.Contains(v, "/") {
		_, err := netip.ParseAddr(v)
		return err != nil
	}
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return true
	}
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 32
}
