package s3api

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// A storage class that HeadObject leaves out is asked for again in another way: it
// would become STANDARD with the copy.
func TestClassThatHeadObjectLeavesOut(t *testing.T) {
	s := simulate(t, simulator.Config{})
	at := time.Unix(1_700_000_000, 0)
	seedClass(t, s, simulator.StandardIA, 9)
	seedClass(t, s, simulator.StandardIA, 0)
	seedClass(t, s, simulator.Standard, 7)
	for _, tt := range []struct {
		name     string
		key      string
		row      inventory.StorageClass
		written  time.Time // as the row has it
		asks     int64
		contrary bool
	}{
		{"left out", "STANDARD_IA9", inventory.StandardIA, at, 1, true},
		{"left out, of an empty object", "STANDARD_IA0", inventory.StandardIA, at, 1, true},
		{"as it is", "STANDARD7", inventory.StandardIA, at, 1, false},
		{"written since", "STANDARD7", inventory.StandardIA, at.Add(-time.Hour), 0, false},
		{"as in the report", "STANDARD7", inventory.Standard, at, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rc := RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)}
			rc.Options.CopyVia = plan.ViaMultipart
			r := lying(rewriter(t, s.aws, rc), func(answer any) {
				if out, ok := answer.(*s3.HeadObjectOutput); ok {
					out.StorageClass = ""
				}
			})
			rec := aRecord(tt.key)
			rec.ETag, rec.StorageClass, rec.LastModified = etag, tt.row, tt.written.Add(123*time.Millisecond)
			s.calls()
			_, err := r.Inspect(t.Context(), decide(t, rc, rec, nil), &gate{})
			if asks := s.calls()["GetObject"]; asks != tt.asks {
				t.Errorf("GetObject %d times, want %d", asks, tt.asks)
			}
			if !tt.contrary {
				if err != nil {
					t.Errorf("Inspect: %v", err)
				}
				return
			}
			var two *contradiction
			if oe := objectError(t, err); oe.Class != engine.Permanent || !oe.Contradicted || !errors.As(err, &two) || !strings.Contains(oe.Words(), "STANDARD_IA") {
				t.Errorf("class %v: %v; want a contradiction that names the class", oe.Class, err)
			}
		})
	}
}

// seedClass puts an object there that is named after its class and size.
func seedClass(t *testing.T, s *simulation, class simulator.StorageClass, size int) {
	t.Helper()
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		return w.SeedObject(bucket, simulator.ObjectInfo{Key: string(class) + string(rune('0'+size)), Size: int64(size), ETag: etag, StorageClass: class,
			LastModified: time.Unix(1_700_000_000, 0), Metadata: &simulator.Metadata{ContentType: "text/plain", Expires: "Thu, 01 Dec 2039 16:00:00 GMT",
				User: map[string]string{"origin": "camera 7"}}}, simulator.Bytes([]byte("123456789"[:size])))
	})
}

// A snapshot is none where HeadObject shows less of the object than GetObject does.
func TestSnapshotOfWhatHeadObjectLeavesOut(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedClass(t, s, simulator.StandardIA, 9)
	for _, tt := range []struct {
		name  string
		lie   func(*s3.HeadObjectOutput)
		word  string // "" for no contradiction
		times int    // that the lie is told
	}{
		{"metadata", func(o *s3.HeadObjectOutput) { maps.DeleteFunc(o.Metadata, func(string, string) bool { return true }) }, "user metadata", 9},
		{"Expires", func(o *s3.HeadObjectOutput) { o.ExpiresString = nil }, "Expires", 9},
		{"class", func(o *s3.HeadObjectOutput) { o.StorageClass = "" }, "storage class", 9},
		{"once", func(o *s3.HeadObjectOutput) { o.StorageClass = "" }, "", 1},
		{"never", func(*s3.HeadObjectOutput) {}, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rc, n := RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)}, 0
			r := lying(rewriter(t, s.aws, rc), func(answer any) {
				if out, ok := answer.(*s3.HeadObjectOutput); ok {
					if n++; n <= tt.times {
						tt.lie(out)
					}
				}
			})
			_, err := r.Snapshot(t.Context(), decide(t, rc, aRecord("STANDARD_IA9"), nil), &gate{})
			if tt.times == 0 {
				if err != nil {
					t.Errorf("Snapshot: %v", err)
				}
				return
			}
			oe := objectError(t, err)
			if tt.word == "" {
				if oe.Class != engine.Changed { // so that it is looked at anew
					t.Errorf("class %v: %v; want another look", oe.Class, err)
				}
				return
			}
			if oe.Class != engine.Permanent || !strings.Contains(oe.Words(), tt.word) {
				t.Errorf("class %v: %v; want a contradiction about %s", oe.Class, err, tt.word)
			}
		})
	}
}

// Where the first byte of an object is read for its class, what else HeadObject leaves
// out is found out as well.
func TestFirstByteShowsWhatHeadObjectLeavesOut(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedClass(t, s, simulator.Standard, 7)
	rc := RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)}
	r := lying(rewriter(t, s.aws, rc), func(answer any) {
		if out, ok := answer.(*s3.HeadObjectOutput); ok {
			out.ExpiresString, out.CacheControl = nil, nil
			out.Metadata = map[string]string{}
		}
	})
	rec := aRecord("STANDARD7")
	rec.ETag, rec.StorageClass, rec.LastModified = etag, inventory.StandardIA, time.Unix(1_700_000_000, 0)
	_, err := r.Inspect(t.Context(), decide(t, rc, rec, nil), &gate{})
	oe := objectError(t, err)
	for _, word := range []string{"user metadata", "Expires"} {
		if !oe.Contradicted || !strings.Contains(oe.Words(), word) {
			t.Errorf("%v; want a contradiction about %s", err, word)
		}
	}
}

// A GetObject of an object says all of it that HeadObject does.
func TestHeadOfGetIsThatOfHead(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedClass(t, s, simulator.StandardIA, 9)
	name, key := bucket, "STANDARD_IA9"
	out, err := s.aws.preflight.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: &key, Range: firstByte(), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	got, want := headOfGet(out), see(t, s.aws, bucket, key)
	got.RequestID, want.RequestID = "", ""
	if !reflect.DeepEqual(got, want) {
		t.Errorf("GetObject shows\n%+v, HeadObject\n%+v", got, want)
	}
}
