package campaign

import "reseal/control/metrics"

// Metrics are the buckets of the list as metrics have them.
func (s *Status) Metrics() (all []metrics.EndedBucket) {
	for i := range s.Buckets {
		r := &s.Buckets[i]
		if r.State == LeftOut {
			continue
		}
		b := metrics.EndedBucket{Bucket: r.Bucket, State: string(r.State), Done: r.Done, Failed: r.Failed, Left: -1, Bytes: r.Bytes, Spent: r.Spent}
		if r.Left != nil {
			b.Left = *r.Left
		}
		all = append(all, b)
	}
	return all
}
