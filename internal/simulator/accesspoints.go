package simulator

import (
	"slices"
	"strings"
	"time"
)

// AccessPoint is an access point of a bucket.
type AccessPoint struct{ Name, Bucket string }

// AddAccessPoint plays CreateAccessPoint of the S3 Control API by the bucket's owner. Requests by way of it are not
// played, nor is its policy.
func (w *World) AddAccessPoint(p AccessPoint) {
	w.accessPoints = append(w.accessPoints, p)
	slices.SortFunc(w.accessPoints, func(a, b AccessPoint) int { return strings.Compare(a.Name, b.Name) })
}

// ListAccessPointsInput asks for the access points of an account; of one bucket, where it is named.
type ListAccessPointsInput struct {
	Principal       Principal
	Account, Bucket string
}

// ListAccessPoints returns all of them by name: the pages of S3 are not played.
func (w *World) ListAccessPoints(now time.Time, in *ListAccessPointsInput) ([]AccessPoint, *Error) {
	c := call{w: w, now: w.clock(now), op: OpListAccessPoints, req: &Request{Principal: in.Principal}}
	var out []AccessPoint
	err := w.faults.strike(&c, false)
	if err == nil && in.Account != c.account() {
		err = accessDenied()
	}
	if err == nil {
		err = w.AllowOther(in.Principal, c.op.action(), "*", in.Account)
	}
	if err == nil {
		for _, p := range w.accessPoints {
			if in.Bucket == "" || p.Bucket == in.Bucket {
				out = append(out, p)
			}
		}
	}
	return out, c.leave(err)
}
