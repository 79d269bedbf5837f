package engine

// breaker tells denials of single objects from the lack of a permission: it
// stops a run whose objects are denied one after the other.
//
// Without s3:ListBucket S3 answers 403 for an object that is gone, so a denial
// that a HeadObject did not confirm weighs little.
type breaker struct {
	confirmed int64 // denials in a row of objects that are known to be there
	doubtful  int64 // denials in a row that may be deleted objects
}

// Denials after which a run stops, without an object done between them.
const (
	confirmedDenials = 10
	doubtfulDenials  = 200
)

// see takes note of one result, and returns why the run is to stop, if it is.
func (b *breaker) see(r *Result) error {
	switch {
	case r.Outcome == Done:
		*b = breaker{}
		return nil
	case r.Outcome != Failed || r.Err == nil || r.Err.Class != Denied:
		return nil // shows neither that objects can be re-encrypted nor that they cannot
	case r.Task.Head != nil:
		b.confirmed++
	default:
		b.doubtful++
	}
	if b.confirmed >= confirmedDenials || b.doubtful >= doubtfulDenials {
		return &BreakerError{Seen: b.confirmed + b.doubtful, Err: r.Err}
	}
	return nil
}
