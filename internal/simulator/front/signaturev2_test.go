package front

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"reseal/internal/simulator"
)

// ask sends a request that the SDK would not send, as it is.
func (r *rig) ask(t *testing.T, method, path, body string, headers ...string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// TestSignatureVersion2: it is refused as such, and not taken for no signature.
func TestSignatureVersion2(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	put(t, r.s3(longLived), "k", "hello")
	const path, signed = "/" + testBucket + "/k", "AWSAccessKeyId=AKID&Signature=c2lnbmF0dXJl&Expires=4102444800"
	for name, query := range map[string]string{"header": "", "query": "?" + signed, "other order": "?Expires=4102444800&Signature=x&AWSAccessKeyId=AKID", "key alone": "?AWSAccessKeyId=AKID"} {
		var headers []string
		if query == "" {
			headers = []string{"Authorization", "AWS AKID:c2lnbmF0dXJl"}
		}
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			status, answer := r.ask(t, method, path+query, "", headers...)
			if status != 400 || !strings.Contains(answer, "<Code>InvalidRequest</Code>") ||
				!strings.Contains(answer, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.") {
				t.Errorf("%s, %s: %d %s", name, method, status, answer)
			}
		}
	}
	if status, answer := r.ask(t, "GET", path+"?"+signed, "", "Authorization", "AWS AKID:c2lnbmF0dXJl"); status != 400 || !strings.Contains(answer, "Only one auth mechanism allowed") {
		t.Errorf("two signatures: %d %s", status, answer)
	}
	if status, answer := r.ask(t, "GET", path+"?Expires=4102444800", ""); status != 403 {
		t.Errorf("no signature at all: %d %s", status, answer)
	}
}
