package metrics

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
)

// A page in a browser that has its own name lead to this machine reads nothing. Where
// other machines may scrape, any name is right.
func TestHostIsChecked(t *testing.T) {
	for _, c := range []struct {
		address, host string
		want          int
	}{
		{"127.0.0.1:0", "127.0.0.1", http.StatusOK},
		{"127.0.0.1:0", "localhost:9099", http.StatusOK},
		{"127.0.0.1:0", "[::1]:9099", http.StatusOK},
		{"127.0.0.1:0", "LocalHost", http.StatusOK},
		{"localhost:0", "localhost", http.StatusOK},
		{"127.0.0.1:0", "evil.example", http.StatusForbidden},
		{"127.0.0.1:0", "evil.example:9099", http.StatusForbidden},
		{"127.0.0.1:0", "localhost.evil.example", http.StatusForbidden},
		{"localhost:0", "evil.example", http.StatusForbidden},
		{":0", "reseal.example:9099", http.StatusOK},
	} {
		if got := answerTo(t, c.address, c.host); got != c.want {
			t.Errorf("%s, asked as %s: %d, want %d", c.address, c.host, got, c.want)
		}
	}
}

// answerTo is the status with which a server at address answers a scrape that names host.
func answerTo(t *testing.T, address, host string) int {
	t.Helper()
	m, err := Listen(address, busy(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var server sync.WaitGroup
	server.Go(func() { m.Serve(ctx, slog.New(slog.DiscardHandler)) })
	defer server.Wait()
	defer cancel()
	_, port, err := net.SplitHostPort(m.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
