package s3api

import (
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/plan"
)

// Facts are asked for side by side: no answer comes before each question was asked, and
// what is unknown is said in one order all the same.
func TestFactsAreAskedSideBySide(t *testing.T) {
	const questions = 9
	var mu sync.Mutex
	seen := map[string]bool{}
	all := make(chan struct{})
	s := serve(t, func(r request) reply {
		if r.method == "HEAD" {
			return reply{header: map[string]string{"X-Amz-Bucket-Region": "eu-west-1"}}
		}
		mu.Lock()
		name, _, _ := strings.Cut(r.query, "=")
		if seen[name] = true; len(seen) == questions {
			select {
			case <-all:
			default:
				close(all)
			}
		}
		mu.Unlock()
		select {
		case <-all:
		case <-time.After(20 * time.Second): // one after the other
			t.Errorf("?%s is not answered before the other questions: %d were asked", name, len(seen))
		case <-t.Context().Done():
		}
		if name == "ownershipControls" { // else Block Public Access is asked for afterwards
			return reply{body: "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"}
		}
		return failure(403, "AccessDenied", "Access Denied")
	})
	got, unknown, err := asAWS(client(t, s.URL)).Facts(t.Context(), bucket)
	if err != nil || got.ACLs != plan.No {
		t.Fatalf("%v, ACLs %v", err, got.ACLs)
	}
	var ops []string
	for _, u := range unknown {
		ops = append(ops, strings.TrimPrefix(u.Op, "Get"))
	}
	want := "BucketVersioning BucketLifecycleConfiguration ObjectLockConfiguration BucketWebsite BucketReplication BucketNotificationConfiguration BucketRequestPayment BucketEncryption"
	if strings.Join(ops, " ") != want {
		t.Errorf("unknown: %v\nwant     %s", ops, want)
	}
}

// The error is the one of the first question, however late its answer comes.
func TestTheFirstFactsErrorIsTold(t *testing.T) {
	others := make(chan struct{})
	s := serve(t, func(r request) reply {
		switch {
		case r.method == "HEAD":
			return reply{header: map[string]string{"X-Amz-Bucket-Region": "eu-west-1"}}
		case strings.HasPrefix(r.query, "encryption"):
			close(others)
			return failure(403, "InvalidAccessKeyId", "unknown")
		case strings.HasPrefix(r.query, "versioning"):
			select {
			case <-others:
			case <-time.After(20 * time.Second):
				t.Error("versioning is not answered before encryption was asked for")
			case <-t.Context().Done():
			}
			return failure(404, "NoSuchBucket", "gone")
		}
		return failure(404, "NoSuchThing", "none")
	})
	if _, _, err := asAWS(client(t, s.URL)).Facts(t.Context(), bucket); KindOf(err) != NoBucket {
		t.Errorf("%v (%s), want that of versioning", err, KindOf(err))
	}
}
