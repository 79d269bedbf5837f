package front

import "testing"

func TestXMLText(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü 猫":      "plain ü 猫",
		`<&>"'`:          "&lt;&amp;&gt;&quot;'",
		"\x01\t\n\r\x7f": "&#x1;&#x9;&#xa;&#xd;\x7f",
		"bad\xff":        "bad\uFFFD",
	} {
		if got := string(appendXMLText(nil, in)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	seen := map[string]bool{}
	ids := requestIDs{seed: 7}
	for range 1000 {
		id, host := ids.next()
		if len(id) != 16 || len(host) != 56 || seen[id] || seen[host] {
			t.Fatalf("ids %q %q, want 16 and 56 letters that were not there before", id, host)
		}
		seen[id], seen[host] = true, true
	}
}

func TestHostBucket(t *testing.T) {
	f := &Front{config: Config{Domains: []string{"localhost", "s3.amazonaws.com", "eu.s3.amazonaws.com"}}}
	for host, want := range map[string]string{
		"localhost": "", "LOCALHOST:9000": "", "127.0.0.1:9000": "", "[::1]:9000": "", "s3.amazonaws.com": "", "other.example": "",
		"b.localhost:9000": "b", "a.b.localhost": "a.b", "x.s3.amazonaws.com": "x", "x.eu.s3.amazonaws.com": "x", "eu.s3.amazonaws.com": "",
	} {
		if got := f.hostBucket(host); got != want {
			t.Errorf("host %q names bucket %q, want %q", host, got, want)
		}
	}
}
