package simulator

import "time"

// StoredFigures are the metrics BucketSizeBytes and NumberOfObjects of AWS/S3 of one day (S3 User Guide,
// metrics-dimensions, read 2026-11-30): all versions, in the objects delete markers, too.
type StoredFigures struct {
	Day     time.Time // at which it begins
	Objects int64
	Bytes   map[string]int64 // by the dimension StorageType
}

// SetStoredFigures says what metrics a bucket has, whatever is in it; nil has them counted again.
func (w *World) SetStoredFigures(bucket string, f *StoredFigures) {
	if w.figures == nil {
		w.figures = map[string]*StoredFigures{}
	}
	w.figures[bucket] = f
}

// StoredFigures are the newest daily metrics of a bucket of the account in a Region, nil where there are none: for a
// bucket that is empty, not there, or elsewhere. They are counted once a day, at the first question.
func (w *World) StoredFigures(now time.Time, account, region, bucket string) *StoredFigures {
	b := w.buckets[bucket]
	if b == nil || b.owner != account || b.region != region {
		return nil
	}
	yesterday := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	if f := w.figures[bucket]; f != nil && !f.Day.Before(yesterday) {
		return f
	}
	f := &StoredFigures{Day: yesterday, Bytes: map[string]int64{}}
	for o := range w.Walk(bucket) {
		f.Objects++
		if !o.DeleteMarker {
			f.Bytes[storageType(o.StorageClass)] += o.Size
		}
	}
	if f.Objects == 0 {
		return nil
	}
	w.SetStoredFigures(bucket, f)
	return f
}

// storageType is the dimension under which the bytes of a class are counted.
func storageType(c StorageClass) string {
	switch c {
	case StandardIA:
		return "StandardIAStorage"
	case OneZoneIA:
		return "OneZoneIAStorage"
	case IntelligentTiering:
		return "IntelligentTieringFAStorage"
	case GlacierIR:
		return "GlacierInstantRetrievalStorage"
	case Glacier:
		return "GlacierStorage"
	case DeepArchive:
		return "DeepArchiveStorage"
	case ReducedRedundancy:
		return "ReducedRedundancyStorage"
	}
	return "StandardStorage"
}

// RegionOf is the Region of a bucket, "" where there is no such bucket.
func (w *World) RegionOf(bucket string) string {
	if b := w.buckets[bucket]; b != nil {
		return b.region
	}
	return ""
}
