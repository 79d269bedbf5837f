package s3api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/inventory"
)

// A listing ends, whatever the server does, and names nothing twice.
func TestListDistrustsTheServer(t *testing.T) {
	page := func(next string, names ...string) reply {
		var b strings.Builder
		fmt.Fprintf(&b, "<ListBucketResult><IsTruncated>%v</IsTruncated><NextContinuationToken>%s</NextContinuationToken><EncodingType>url</EncodingType>", next != "", next)
		for _, n := range names {
			fmt.Fprintf(&b, "<Contents><Key>%s</Key><Size>1</Size><ETag>&quot;e&quot;</ETag></Contents>", n)
		}
		return reply{body: b.String() + "</ListBucketResult>"}
	}
	n := 0
	for _, tt := range []struct {
		name   string
		answer func(request) reply
		want   string // names, or "" for an error
	}{
		{"repeats a name", func(r request) reply {
			if strings.Contains(r.query, "continuation-token=t1") {
				return page("", "b%2F+1", "c")
			}
			return page("t1", "a", "b%2F+1")
		}, "a,b/ 1,c"},
		{"many pages", func(r request) reply {
			n++
			if n == 3*maxBarrenPages {
				return page("")
			}
			return page(fmt.Sprint("t", n), fmt.Sprint(n))
		}, "many"},
		{"same token for ever", func(request) reply { return page("t1", "a") }, ""},
		{"new token for ever", func(request) reply { n++; return page(fmt.Sprint("t", n), "a") }, ""},
		{"truncated without a token", func(request) reply {
			return reply{body: "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}
		}, ""},
		{"bad encoding", func(request) reply { return page("", "a%zz") }, ""},
		{"denied", func(request) reply { return failure(403, "AccessDenied", "no") }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.answer)
			list, err := client(t, s.URL).Source(bucket).List(t.Context(), "p/")
			var names []string
			for _, o := range list {
				names = append(names, o.Name)
			}
			if tt.want == "many" && err == nil && len(names) == 3*maxBarrenPages-1 {
				return
			}
			if got := strings.Join(names, ","); (err != nil) != (tt.want == "") || err == nil && got != tt.want {
				t.Errorf("List = %q, %v; want %q", got, err, tt.want)
			}
			if tt.name == "denied" && !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%v is not fs.ErrPermission", err)
			}
		})
	}
}

// The report may lie in another Region than the job's bucket.
func TestSourceTurnsToTheBucketsRegion(t *testing.T) {
	s := serve(t, func(r request) reply {
		if !strings.Contains(r.header.Get("Authorization"), "/sa-east-1/s3/") {
			return reply{status: 301, header: map[string]string{"X-Amz-Bucket-Region": "sa-east-1"}, body: "<Error><Code>PermanentRedirect</Code></Error>"}
		}
		return reply{header: map[string]string{"Etag": `"e"`}, body: "data"}
	})
	src := client(t, s.URL).Source(bucket)
	for range 2 {
		r, info, err := src.Open(t.Context(), "manifest.json", 0, "")
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || string(data) != "data" || info.ETag != "e" || info.Size != 4 {
			t.Errorf("Open = %q, %+v, %v", data, info, err)
		}
	}
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests, want 3: the Region is remembered", n)
	}
}

// A server that sends the whole object where the rest was asked for would have
// its bytes put in the wrong place.
func TestSourceRefusesIgnoredRanges(t *testing.T) {
	s := serve(t, func(request) reply { return reply{body: "0123456789"} })
	if _, _, err := client(t, s.URL).Source(bucket).Open(t.Context(), "f", 5, ""); err == nil {
		t.Error("Open at 5 took a whole object")
	}
}

// stalled never gives a byte, like a connection whose other end vanished.
type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s stalled) Close() error             { return nil }

func TestSourceGivesUpStalledReads(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := &body{inner: stalled{ctx}, cancel: cancel, stall: time.Millisecond}
	_, err := b.Read(make([]byte, 1))
	if err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("Read = %v; want an error that does not say the caller gave up", err)
	}
}

// What may pass is told from what waiting does not help, and expired credentials
// are read anew before they count as either.
func TestSourceTellsWhatMayPass(t *testing.T) {
	for _, tt := range []struct {
		name      string
		reply     reply
		renewable bool
		waits     bool
	}{
		{"failing", failure(503, "ServiceUnavailable", "later"), false, true},
		{"no answer", reply{hangup: true}, false, true},
		{"throttled", failure(503, "SlowDown", "less"), false, true},
		{"expired", failure(400, "ExpiredToken", "old"), true, true},
		{"expired for good", failure(400, "ExpiredToken", "old"), false, false},
		{"denied", failure(403, "AccessDenied", "no"), true, false},
		{"missing", failure(404, "NoSuchKey", "none"), true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(request) reply { return tt.reply })
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			c := client(t, s.URL)
			c.credentials.fixed.Store(!tt.renewable)
			c.credentials.worked.Store(true)
			_, _, err := c.Source(bucket).Open(t.Context(), "f", 0, "")
			if err == nil || errors.Is(err, inventory.ErrUnanswered) != tt.waits {
				t.Errorf("%v: waiting for it = %v, want %v", err, !tt.waits, tt.waits)
			}
		})
	}
}

// A report file whose turn comes after the credentials ran out is read with those
// that are there by then.
func TestSourceRenewsCredentials(t *testing.T) {
	n := 0
	s := serve(t, func(request) reply {
		if n++; n == 1 {
			return failure(400, "ExpiredToken", "old")
		}
		return reply{body: "data"}
	})
	c := client(t, s.URL)
	c.credentials.worked.Store(true)
	body, _, err := c.Source(bucket).Open(t.Context(), "f", 0, "")
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(body); err != nil || string(data) != "data" || c.credentials.loaded.IsZero() {
		t.Errorf("%q, %v; credentials read anew at %v", data, err, c.credentials.loaded)
	}
	_ = body.Close()
}

// A connection on which nothing comes is given up, and that is no word of the
// caller's: reading, listing and writing are tried again.
func TestDocumentsGiveUpDeadConnections(t *testing.T) {
	stopped := make(chan struct{})
	var mu sync.Mutex
	seen := map[string]int{}
	s := serve(t, func(r request) reply {
		op := r.method + r.query
		mu.Lock()
		seen[op]++
		first := seen[op] == 1
		mu.Unlock()
		if first {
			<-stopped // as if the other end had vanished
		}
		if strings.Contains(r.query, "list-type") {
			return reply{body: "<ListBucketResult></ListBucketResult>"}
		}
		return reply{body: "data", header: map[string]string{"Etag": `"e"`}}
	})
	defer close(stopped)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	d := client(t, s.URL).Documents(bucket)
	d.source.stall = 50 * time.Millisecond
	if data, _, _, err := d.Get(t.Context(), "lock"); err != nil || string(data) != "data" {
		t.Errorf("Get = %q, %v", data, err)
	}
	if err := d.List(t.Context(), "", func(string, int64) error { return nil }); err != nil {
		t.Errorf("List: %v", err)
	}
	if etag, err := d.Put(t.Context(), "lock", []byte("mine"), ""); err != nil || etag != `"e"` {
		t.Errorf("Put = %q, %v", etag, err)
	}
}

// So is one on which the answer stops half way.
func TestDocumentsGiveUpStalledAnswers(t *testing.T) {
	n := 0
	s := serve(t, func(request) reply {
		if n++; n == 1 {
			return reply{body: "da", header: map[string]string{"Content-Length": "4"}} // and then the connection ends
		}
		return reply{body: "data"}
	})
	if data, _, _, err := client(t, s.URL).Documents(bucket).Get(t.Context(), "lock"); err != nil || string(data) != "data" {
		t.Errorf("Get = %q, %v", data, err)
	}
}
