package profile

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// served serves profiles at an address of this machine until the test ends.
func served(t *testing.T, address string, outside bool) string {
	t.Helper()
	s, err := Listen(address, outside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Begin(t.Context(), func(err error) { t.Error(err) }))
	return "http://" + s.Addr().String()
}

func get(t *testing.T, url, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestProfilesAreServed(t *testing.T) {
	at := served(t, "127.0.0.1:0", false)
	if status, text := get(t, at+"/debug/pprof/goroutine?debug=1", ""); status != http.StatusOK || !strings.Contains(text, "goroutine profile:") {
		t.Errorf("%d: %.200s", status, text)
	}
	if status, text := get(t, at+"/debug/pprof/heap", "localhost:1"); status != http.StatusOK || text == "" {
		t.Errorf("%d: %.200s", status, text)
	}
	for path, want := range map[string]int{"/debug/pprof/cmdline": http.StatusNotFound, "/": http.StatusNotFound, "/metrics": http.StatusNotFound} {
		if status, text := get(t, at+path, ""); status != want {
			t.Errorf("%s: %d: %.200s", path, status, text)
		}
	}
	if status, _ := get(t, at+"/debug/pprof/heap", "evil.example:80"); status != http.StatusForbidden {
		t.Errorf("another host gets %d", status)
	}
}

func TestProfilesStayOnThisMachine(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:80"} {
		if s, err := Listen(address, false); !errors.As(err, new(*OutsideError)) {
			t.Errorf("%s: %v, %v", address, s, err)
		}
	}
	at := served(t, "0.0.0.0:0", true)
	port := at[strings.LastIndexByte(at, ':'):]
	if status, _ := get(t, "http://127.0.0.1"+port+"/debug/pprof/heap", "machine.example"); status != http.StatusOK {
		t.Errorf("one that is meant for others: %d", status)
	}
}
