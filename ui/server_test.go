package ui

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// ask sends one request as a browser may, and returns status and answer.
func ask(t *testing.T, s *Server, method, path, host string, header map[string]string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.listener.Addr().String()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	a, err := http.DefaultTransport.RoundTrip(r) // which follows nothing
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(body)
}

// Only who knows the token gets in, by an address of this machine, and not by way of a
// page of somebody else. Nothing can be changed.
func TestWhoGetsIn(t *testing.T) {
	s, _ := serve(t, night())
	token, port := "/"+s.guard.token+"/", s.listener.Addr().String()[strings.LastIndex(s.listener.Addr().String(), ":"):]
	type header = map[string]string
	for _, tt := range []struct {
		what, method, path, host string
		header                   header
		want                     int
	}{
		{"the page", "GET", token, "", nil, 200},
		{"the page by its name", "GET", token, "localhost" + port, nil, 200},
		{"the page through a tunnel", "GET", token, "localhost:9999", nil, 200},
		{"the page by IPv6", "GET", token, "[::1]" + port, nil, 200},
		{"HEAD of the page", "HEAD", token, "", nil, 200},
		{"HEAD of the stream", "HEAD", token + "events", "", nil, 200},
		{"a link from elsewhere", "GET", token, "", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		{"its own origin", "GET", token, "", header{"Origin": "http://" + s.listener.Addr().String(), "Sec-Fetch-Site": "same-origin"}, 200},
		{"without the last slash", "GET", strings.TrimSuffix(token, "/"), "", nil, 308},
		{"no token", "GET", "/", "", nil, 403},
		{"no token, the stream", "GET", "/events", "", nil, 403},
		{"another token", "GET", "/" + newToken() + "/", "", nil, 403},
		{"part of the token", "GET", token[:20] + "/", "", nil, 403},
		{"the token as a parameter", "GET", "/?token=" + s.guard.token, "", nil, 403},
		{"a name that points here", "GET", token, "evil.example" + port, nil, 421},
		{"an address of another machine", "GET", token, "192.0.2.1" + port, nil, 421},
		{"a name that ends in localhost", "GET", token, "localhost.evil.example", nil, 421},
		{"another origin", "GET", token + "events", "", header{"Origin": "http://evil.example"}, 403},
		{"no origin to speak of", "GET", token + "events", "", header{"Origin": "null"}, 403},
		{"another port's origin", "GET", token + "events", "", header{"Origin": "http://127.0.0.1:1"}, 403},
		{"a frame elsewhere", "GET", token, "", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		{"a script elsewhere", "GET", token + "events", "", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		{"POST", "POST", token, "", nil, 405},
		{"DELETE", "DELETE", token + "events", "", nil, 405},
		{"something else", "GET", token + "plan.json", "", nil, 404},
		{"a way out", "GET", token + "../../etc/passwd", "", nil, 404},
	} {
		a, body := ask(t, s, tt.method, tt.path, tt.host, tt.header)
		if a.StatusCode != tt.want {
			t.Errorf("%s: %s, want %d", tt.what, a.Status, tt.want)
		}
		h := a.Header
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; ") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "DENY" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || len(a.Cookies()) > 0 {
			t.Errorf("%s: header %v", tt.what, h)
		}
		if tt.want >= 400 && (strings.Contains(body, s.guard.token) || strings.Contains(body, "acme")) {
			t.Errorf("%s: the refusal tells %q", tt.what, body)
		}
	}
}

// A page that others on the network may see answers by numbers and by the name that was
// given, and is served only where that is meant.
func TestOtherMachines(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "host.example:0"} {
		_, err := Listen(Config{Address: address, Source: night()})
		if outside := new(OutsideError); !errors.As(err, &outside) {
			t.Errorf("%s: %v, want that others reach it", address, err)
		}
	}
	s, err := Listen(Config{Address: "0.0.0.0:0", Outside: true, Source: night()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if strings.Contains(s.URL(), "0.0.0.0") {
		t.Errorf("the address %s leads nowhere", s.URL())
	}
	g := &guard{name: "batch-1.example", outside: true}
	for host, want := range map[string]bool{"batch-1.example:80": true, "BATCH-1.example": true, "10.0.0.7:80": true, "[fe80::1]:80": true, "evil.example:80": false, "": false} {
		if got := g.knowsHost(host); got != want {
			t.Errorf("host %q: %v, want %v", host, got, want)
		}
	}
}

// The page runs its own script and no other, has nothing of other addresses, and makes
// no markup of what it gets.
func TestThePageRunsOnlyItsOwnScript(t *testing.T) {
	s, _ := serve(t, night())
	a, body := ask(t, s, "GET", "/"+s.guard.token+"/", "", nil)
	policy := a.Header.Get("Content-Security-Policy")
	for _, part := range []string{"script", "style"} {
		found := regexp.MustCompile(`(?s)<`+part+`>(.*?)</`+part+`>`).FindAllStringSubmatch(body, -1)
		if len(found) != 1 || len(found[0][1]) < 1000 || !strings.Contains(policy, part+"-src "+hashOf([]byte(found[0][1]))+";") {
			t.Errorf("%d elements %s, or not the one that %q names", len(found), part, policy)
		}
	}
	for _, never := range []string{"unsafe-", "http:", "https:", "*"} {
		if strings.Contains(policy, never) {
			t.Errorf("the policy %q has %s", policy, never)
		}
	}
	for _, must := range []string{"connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, must) {
			t.Errorf("the policy %q lacks %s", policy, must)
		}
	}
	if bad := regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|\son\w+=|\ssrc=|url\(|@import|https?://[^w]`).FindAllString(body, -1); len(bad) > 0 {
		t.Errorf("the page has %q", bad)
	}
}

// stream is an open stream of a page.
type stream struct {
	t    *testing.T
	body io.ReadCloser
	in   *bufio.Reader
}

// openStream opens the stream as a page does; its status is returned where that is not 200.
func openStream(t *testing.T, s *Server) (*stream, int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if a.StatusCode != 200 {
		a.Body.Close()
		return nil, a.StatusCode
	}
	if got := a.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	t.Cleanup(func() { a.Body.Close() })
	return &stream{t, a.Body, bufio.NewReader(a.Body)}, 200
}

// next returns the next message; nil where the stream has ended.
func (s *stream) next() *message {
	s.t.Helper()
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return nil
		}
		if data, is := strings.CutPrefix(line, "data: "); is {
			m := new(message)
			if err := json.Unmarshal([]byte(data), m); err != nil {
				s.t.Fatalf("%v: %q", err, data)
			}
			return m
		}
	}
}

// A stream brings the job as it changes, says when it cannot be read, and has the end of
// it as its last message.
func TestStream(t *testing.T) {
	p := night()
	s, stop := serve(t, p)
	one, _ := openStream(t, s)
	if m := one.next(); m.View.Progress.More != "1,301,221 of 3,000,000 objects" || m.Over || m.Problem != "" {
		t.Errorf("first message: %+v", m)
	}
	p.set(func(p *played) { p.err = errors.New("the disk is gone") })
	for {
		if m := one.next(); m.Problem == "the disk is gone" && m.View.Title == "s3://acme-media-archive" {
			break
		}
	}
	p.set(func(p *played) { p.err = nil })
	p.over(0, "all of its work was done")
	go stop()
	var last *message
	for m := one.next(); m != nil; m = one.next() {
		last = m
	}
	if last == nil || !last.Over || last.Problem != "" || last.View.Progress.Moving || last.View.Events[0].Kind != "end" {
		t.Errorf("last message: %+v", last)
	}
}

// A stream ends with its request, and the job is not read for nobody.
func TestStreamEndsWithItsContext(t *testing.T) {
	s, _ := serve(t, night())
	one, _ := openStream(t, s)
	one.next()
	one.body.Close()
	for s.hub.watched() || len(s.free) > 0 { // or the test never ends
		time.Sleep(time.Millisecond)
	}
}

// So many pages are updated, and no more; where one is closed there is room again.
func TestPagesAreBounded(t *testing.T) {
	s, _ := serve(t, night())
	var open []*stream
	for range maxPages {
		one, status := openStream(t, s)
		if status != 200 {
			t.Fatalf("page %d: %d", len(open)+1, status)
		}
		open = append(open, one)
	}
	if _, status := openStream(t, s); status != http.StatusServiceUnavailable {
		t.Errorf("one more page: %d", status)
	}
	if m := open[0].next(); m == nil || m.View == nil {
		t.Error("the pages that are open get nothing any more")
	}
	open[1].body.Close()
	for status := 0; status != 200; time.Sleep(time.Millisecond) {
		_, status = openStream(t, s)
	}
}

// A page that takes nothing holds up neither the reading, nor other pages, nor the end.
func TestSlowPage(t *testing.T) {
	p := night()
	p.rest.Log = make([]string, 2000) // more than the kernel holds for a page
	for i := range p.rest.Log {
		p.rest.Log[i] = strings.Repeat(fmt.Sprint(i), 1000)
	}
	s, stop := serve(t, p)
	slow, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprintf(slow, "GET /%s/events HTTP/1.1\r\nHost: localhost\r\n\r\n", s.guard.token)
	for !s.hub.watched() {
		time.Sleep(time.Millisecond)
	}
	other, _ := openStream(t, s)
	for range 5 {
		if m := other.next(); m == nil {
			t.Fatal("the other page gets nothing")
		}
	}
	go func() { // or it is slow, too
		for other.next() != nil {
		}
	}()
	stop()
	if conn, err := net.Dial("tcp", s.listener.Addr().String()); err == nil {
		conn.Close()
		t.Error("the address is still taken after the end")
	}
}

// Nothing listens any more after Close.
func TestClose(t *testing.T) {
	s, err := Listen(Config{Address: "localhost:0", Source: night()})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	d := net.Dialer{}
	if conn, err := d.DialContext(context.Background(), "tcp", s.listener.Addr().String()); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
}
