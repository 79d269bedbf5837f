package notify

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An address gets the event as JSON, with the password of the address; a busy one gets
// it again, with the same id.
func TestPost(t *testing.T) {
	var bodies, ids []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies, ids = append(bodies, string(body)), append(ids, r.Header.Get("Idempotency-Key"))
		user, password, _ := r.BasicAuth()
		if r.Method != http.MethodPost || r.URL.Path != "/hook" || r.URL.RawQuery != "token=s3" || user != "u" || password != "p" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s by %q with %v", r.Method, r.URL, user, r.Header)
		}
	}))
	defer server.Close()
	post, err := ParseURL(strings.Replace(server.URL, "http://", "http://u:p@", 1) + "/hook?token=s3")
	if err != nil {
		t.Fatal(err)
	}
	e := &Event{Schema: Schema, ID: "a-1", Kind: Finished, Job: "./job"}
	if err := post.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	var got Event
	if len(bodies) != 1 || json.Unmarshal([]byte(bodies[0]), &got) != nil || got.ID != "a-1" || got.Kind != Finished || ids[0] != "a-1" {
		t.Errorf("got %q with %q", bodies, ids)
	}
}

// answers is a transport that answers with these codes in turn, 0 being none.
type answers struct {
	codes []int
	at    []time.Duration
	began time.Time
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.at = append(a.at, time.Since(a.began))
	code := a.codes[0]
	if len(a.codes) > 1 {
		a.codes = a.codes[1:]
	}
	if code == 0 {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	return &http.Response{StatusCode: code, Body: http.NoBody, Header: http.Header{"Location": {"https://elsewhere.example.com"}}}, nil
}

// What may help is tried again, after 1, 2, 4, 8 and 16 seconds; what cannot help is not.
// No secret of the address is in an error.
func TestPostTriesAgain(t *testing.T) {
	for name, c := range map[string]struct {
		codes []int
		tries int
		after time.Duration
		want  string
	}{
		"busy":         {[]int{503, 429, 500, 200}, 4, 7 * time.Second, ""},
		"away":         {[]int{0, 0, 204}, 3, 3 * time.Second, ""},
		"away for all": {[]int{0}, 6, 31 * time.Second, "connection refused"},
		"refused":      {[]int{403}, 1, 0, "HTTP status 403"},
		"elsewhere":    {[]int{302}, 1, 0, "redirects are not followed"},
		"broken":       {[]int{500}, 6, 31 * time.Second, "HTTP status 500"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				post, err := ParseURL("https://user:hidden@hooks.example.com/hidden?token=hidden")
				if err != nil {
					t.Fatal(err)
				}
				a := &answers{codes: c.codes, began: time.Now()}
				post.client.Transport = a
				err = post.Deliver(t.Context(), new(Event))
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				if err != nil && strings.Contains(err.Error(), "hidden") || strings.Contains(post.Name(), "hidden") {
					t.Errorf("a secret: %v, %s", err, post.Name())
				}
				if len(a.at) != c.tries || a.at[len(a.at)-1] != c.after {
					t.Errorf("tried at %v, want %d tries, the last after %v", a.at, c.tries, c.after)
				}
			})
		})
	}
}

// A try that gets no answer ends, and the end of the context ends all tries.
func TestPostEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		post, err := ParseURL("https://hooks.example.com/")
		if err != nil {
			t.Fatal(err)
		}
		post.client.Transport = silence{}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 15*time.Second, errLate)
		defer cancel()
		began := time.Now()
		err = post.Deliver(ctx, new(Event))
		if took := time.Since(began); took != 15*time.Second || err == nil {
			t.Errorf("error %v after %v, want one after 15 s", err, took)
		}
	})
}

// silence is a transport that gives no answer.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// Only https, and http to this machine, are taken; no error shows a secret.
func TestParseURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://hooks.example.com/x":          "",
		"http://127.0.0.1:8080/x":              "",
		"http://[::1]:8080/x":                  "",
		"http://localhost/x":                   "",
		"http://hooks.example.com/hidden":      "want https",
		"http://127.0.0.1.example.com":         "want https",
		"ftp://u:hidden@hooks.example.com":     "want https",
		"hooks.example.com/hidden":             "want an address",
		"":                                     "want an address",
		"https:hidden":                         "want an address",
		"https://u:hidden@hooks.example.com:x": "want an address",
	} {
		_, err := ParseURL(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden")) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"https://hooks.example.com":         "https://hooks.example.com",
		"https://hooks.example.com/":        "https://hooks.example.com",
		"https://u:p@hooks.example.com":     "https://hooks.example.com/[left out]",
		"https://hooks.example.com/T0/B0":   "https://hooks.example.com/[left out]",
		"https://hooks.example.com:8?a=b#c": "https://hooks.example.com:8/[left out]",
	} {
		u, err := url.Parse(text)
		if err != nil || Masked(u) != want {
			t.Errorf("%s is masked as %s (%v), want %s", text, Masked(u), err, want)
		}
	}
}
