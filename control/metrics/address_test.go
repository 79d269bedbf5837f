package metrics

import "testing"

func TestMetricsAddress(t *testing.T) {
	for text, want := range map[string]string{"": "", ":9325": "127.0.0.1:9325", "9325": "127.0.0.1:9325", "0.0.0.0:9325": "0.0.0.0:9325",
		"[::1]:0": "[::1]:0", "metrics.example.com:80": "metrics.example.com:80"} {
		if got, err := Address(text); err != nil || got != want {
			t.Errorf("metrics.Address(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"localhost", ":http", ":70000", "1:2:3", "-1", ":"} {
		if got, err := Address(text); err == nil {
			t.Errorf("metrics.Address(%q) = %q, want an error", text, got)
		}
	}
}
