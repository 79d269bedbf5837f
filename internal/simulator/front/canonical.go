package front

import (
	"cmp"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// appendCanonicalRequest appends the canonical request of Signature Version 4
// (IAM User Guide, "Create a signed AWS API request", read 2026-11-21) with
// S3's exception: the path is encoded once and not normalised.
func appendCanonicalRequest(dst []byte, r *http.Request, rawPath string, q query, auth *authorization, payloadHash string) ([]byte, *wireError) {
	path, err := unescape(rawPath, false)
	if err != nil {
		return nil, newError(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	}
	dst = append(dst, r.Method...)
	dst = append(dst, '\n')
	if auth.scope.service == serviceS3 {
		dst = appendEscaped(dst, path, true)
	} else { // all others sign the path as it was sent, encoded once more
		dst = appendEscaped(dst, rawPath, true)
	}
	dst = append(dst, '\n')
	dst = appendCanonicalQuery(dst, q)
	dst = append(dst, '\n')
	for i, name := range auth.headers.sent {
		dst = append(dst, name...)
		dst = append(dst, ':')
		dst = appendHeaderValue(dst, r, auth.headers.canonical[i])
		dst = append(dst, '\n')
	}
	dst = append(dst, '\n')
	dst = append(dst, auth.signedHeaders...)
	dst = append(dst, '\n')
	return append(dst, payloadHash...), nil
}

// appendCanonicalQuery appends the parameters encoded and sorted by their
// encoded form, without the signature itself.
func appendCanonicalQuery(dst []byte, q query) []byte {
	if len(q) == 0 {
		return dst
	}
	encoded := make([]param, 0, len(q))
	for _, p := range q {
		if p.name == "X-Amz-Signature" {
			continue
		}
		encoded = append(encoded, param{
			string(appendEscaped(nil, p.name, false)),
			string(appendEscaped(nil, p.value, false)),
		})
	}
	slices.SortFunc(encoded, func(a, b param) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	for i, p := range encoded {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, p.name...)
		dst = append(dst, '=')
		dst = append(dst, p.value...)
	}
	return dst
}

// headerList is a SignedHeaders list taken apart.
type headerList struct {
	sent      []string // names as sent, which is how they enter the signature
	canonical []string // the same as net/http spells them
}

func newHeaderList(list string) *headerList {
	h := &headerList{sent: strings.Split(list, ";")}
	for _, name := range h.sent {
		h.canonical = append(h.canonical, textproto.CanonicalMIMEHeaderKey(name))
	}
	return h
}

// has reports whether a canonical name is in the list.
func (h *headerList) has(name string) bool { return slices.Contains(h.canonical, name) }

// maxHeaderLists bounds the lists remembered; a client has one for each kind of
// request it sends.
const maxHeaderLists = 256

// headerLists remembers lists, as taking one apart costs more than the rest of
// the signature check. It is safe for concurrent use; the zero value is ready.
type headerLists struct {
	mu    sync.RWMutex
	lists map[string]*headerList
}

func (h *headerLists) list(list string) *headerList {
	h.mu.RLock()
	l := h.lists[list]
	h.mu.RUnlock()
	if l != nil {
		return l
	}
	l = newHeaderList(strings.Clone(list))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lists == nil || len(h.lists) >= maxHeaderLists {
		h.lists = make(map[string]*headerList)
	}
	h.lists[strings.Clone(list)] = l
	return l
}

// appendHeaderValue appends the values of a header, by its canonical name, trimmed, with runs of
// spaces as one, joined by commas. net/http keeps a few headers outside of
// Request.Header; they are looked up where it puts them.
func appendHeaderValue(dst []byte, r *http.Request, name string) []byte {
	switch name {
	case "Host":
		return appendTrimmed(dst, r.Host)
	case "Content-Length":
		if r.ContentLength >= 0 {
			return strconv.AppendInt(dst, r.ContentLength, 10)
		}
		return dst
	case "Transfer-Encoding":
		return append(dst, strings.Join(r.TransferEncoding, ",")...)
	}
	for i, value := range r.Header[name] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendTrimmed(dst, value)
	}
	return dst
}

func appendTrimmed(dst []byte, s string) []byte {
	s = strings.Trim(s, " \t")
	if !strings.Contains(s, "  ") {
		return append(dst, s...)
	}
	for i := range len(s) {
		if s[i] == ' ' && s[i-1] == ' ' { // s does not begin with a space
			continue
		}
		dst = append(dst, s[i])
	}
	return dst
}
