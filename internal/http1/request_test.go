package http1

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What Finish accepts, net/http's server reads as the one request that was meant.
func FuzzRequest(f *testing.F) {
	f.Add("PUT", "/b/a%20key", "x-id=CopyObject", "s3.example.com", "X-Amz-Acl", "private", "")
	f.Add("HEAD", "/k", "", "[::1]:9000", "A", " b\t", "")
	f.Add("PUT", "/k", "encryption=", "h", "A", "ü\xff", "<x/>")
	for _, evil := range []string{"a\r\nB: c", "a\nb", "a\rb", "a\x00", "\x7f", "a b", "a:b", "", "#", "\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n"} {
		f.Add(evil, "/k", "", "h", "A", "b", "")
		f.Add("PUT", evil, "", "h", "A", "b", "")
		f.Add("PUT", "/k", evil, "h", "A", "b", "")
		f.Add("PUT", "/k", "", evil, "A", "b", "")
		f.Add("PUT", "/k", "", "h", evil, "b", "")
		f.Add("PUT", "/k", "", "h", "A", evil, "")
	}
	f.Fuzz(func(t *testing.T, method, path, query, host, name, value, body string) {
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length", "Transfer-Encoding", "Trailer", "Host", "Expect", "Connection":
			return // the caller's to answer for
		}
		var r Request
		r.Start(method, path, query, host)
		r.Header(name, value)
		if body != "" {
			return // its length is the caller's, too
		}
		if r.Finish("") != nil {
			return
		}
		in := bufio.NewReader(strings.NewReader(string(r.out)))
		got, err := http.ReadRequest(in)
		if err != nil {
			if strings.HasPrefix(path, "/") && !strings.Contains(path+query, "%") && !strings.ContainsAny(host, "[]:") && method != http.MethodConnect && method != "PRI" {
				t.Fatalf("%q is accepted; net/http: %v", r.out, err)
			}
			return
		}
		target := path
		if query != "" {
			target += "?" + query
		}
		want := strings.Trim(value, " \t")
		if got.Method != method || got.RequestURI != target || len(got.Header)-len(got.Header["Content-Length"]) > 1 || strings.TrimSpace(got.Header.Get(name)) != strings.TrimSpace(want) {
			t.Errorf("%q is read as %s %s %q, want %s %s, %s: %q", r.out, got.Method, got.RequestURI, got.Header, method, target, name, want)
		}
		if _, err := io.Copy(io.Discard, got.Body); err != nil || in.Buffered() != 0 {
			t.Errorf("%q leaves %d bytes, %v", r.out, in.Buffered(), err)
		}
	})
}

// A request that could be read as two is refused before anything is sent, and the
// next one made in the same memory is not.
func TestRequestRefusesLineBreaks(t *testing.T) {
	var r Request
	for _, evil := range []string{"A\r\nX-Amz-Acl: public-read", "A\nB", "A\x00", "A\x7f"} {
		for where := range 5 {
			texts := [5]string{"PUT", "/k", "q=1", "Name", "value"}
			texts[where] = evil
			r.Start(texts[0], texts[1], texts[2], "h")
			r.Header(texts[3], texts[4])
			if err := r.Finish(""); !errors.Is(err, ErrUnlawful) {
				t.Errorf("%q: %v, want ErrUnlawful", texts, err)
			}
			if err := new(Client).Do(t.Context(), &r, soon(), new(Answer)); !errors.Is(err, ErrUnlawful) {
				t.Errorf("%q: sent: %v", texts, err)
			}
			r.Start("PUT", "/k", "", "h")
			r.HeaderBytes("Name", []byte(evil))
			if err := r.Finish(""); !errors.Is(err, ErrUnlawful) {
				t.Errorf("bytes %q: %v, want ErrUnlawful", evil, err)
			}
		}
	}
	r.Start("PUT", "/k", "", "h")
	r.Header("Name", " value\t")
	if err := r.Finish(""); err != nil || string(r.out) != "PUT /k HTTP/1.1\r\nHost: h\r\nName: value\r\nContent-Length: 0\r\n\r\n" {
		t.Errorf("%v, %q", err, r.out)
	}
}
