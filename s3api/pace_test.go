package s3api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Each request of a paced client waits for its turn: pages and repeats, too.
func TestPacedCountsEveryRequest(t *testing.T) {
	var turns, asked atomic.Int64
	s := serve(t, func(request) reply {
		switch asked.Add(1) {
		case 1:
			return failure(503, "SlowDown", "no")
		case 2:
			return reply{body: "<ListInventoryConfigurationsResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListInventoryConfigurationsResult>"}
		}
		return reply{body: "<ListInventoryConfigurationsResult><IsTruncated>false</IsTruncated></ListInventoryConfigurationsResult>"}
	})
	paced := func(c *Client, err error) *Client {
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	turn := func(context.Context) error { turns.Add(1); return nil }
	c := paced(client(t, s.URL).Paced(turn, time.Minute))
	c = paced(c.Paced(turn, time.Minute)) // once is enough
	c = paced(c.InRegion("eu-central-1"))
	if _, err := c.Inventories(t.Context(), bucket); err != nil || turns.Load() != 3 || asked.Load() != 3 {
		t.Errorf("%d turns for %d requests, %v; want 3", turns.Load(), asked.Load(), err)
	}
	ended := errors.New("no turn any more")
	c = paced(client(t, s.URL).Paced(func(context.Context) error { return ended }, time.Minute))
	if _, err := c.Inventories(t.Context(), bucket); !errors.Is(err, ended) || asked.Load() != 3 {
		t.Errorf("%v, %d requests; want that there is no turn, and no request", err, asked.Load())
	}
}

// A question that is not answered in time is not asked again, and others are.
func TestPacedEndsSilence(t *testing.T) {
	hermetic(t)
	var silent, broken atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("versioning"):
			silent.Add(1)
			<-r.Context().Done()
		case r.URL.Query().Has("requestPayment"): // begins to answer, and does not end
			broken.Add(1)
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte("<RequestPaymentConfiguration>"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		default:
			_, _ = w.Write([]byte("<ReplicationConfiguration><Role>r</Role></ReplicationConfiguration>"))
		}
	}))
	defer s.Close()
	c, err := client(t, s.URL).Paced(func(context.Context) error { return nil }, 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	facts := aFacts()
	for _, setting := range []Setting{VersioningSetting, PayerSetting} {
		if err := c.ReadSetting(t.Context(), bucket, setting, &facts); !errors.Is(err, context.DeadlineExceeded) || KindOf(err) != Unreachable {
			t.Errorf("%s: %v (%s), want that the time is over", setting, err, KindOf(err))
		}
	}
	if silent.Load() != 1 || broken.Load() != 1 {
		t.Errorf("asked %d and %d times, want once", silent.Load(), broken.Load())
	}
}
