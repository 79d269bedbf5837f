package s3api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"
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
