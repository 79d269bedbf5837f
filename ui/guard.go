package ui

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"

	"reseal/internal/ownhost"
)

// guard lets only those in who know the token, and who came by the address that was
// printed, not by a name or a page of somebody else.
type guard struct {
	token   string
	name    string // host name of the address, "" where it is a number
	outside bool   // other machines may ask
	next    http.Handler
}

// newToken returns 256 random bits, as they stand in the address.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// ServeHTTP answers GET and HEAD below /TOKEN/.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer") // the address has the token
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	token, path, below := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case !g.knowsHost(r.Host):
		http.Error(w, "This page answers only at the address that reseal printed.", http.StatusMisdirectedRequest)
	case !g.knowsToken(token):
		http.Error(w, "Open the whole address that reseal printed: it has a token that this one lacks.", http.StatusForbidden)
	case !ownOrigin(r):
		http.Error(w, "Another page asked for this one.", http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "This page only looks.", http.StatusMethodNotAllowed)
	case !below:
		h.Set("Location", "/"+g.token+"/")
		w.WriteHeader(http.StatusPermanentRedirect)
	default:
		r.URL.Path = "/" + path
		g.next.ServeHTTP(w, r)
	}
}

// knowsToken compares in a time that does not depend on how much is right.
func (g *guard) knowsToken(token string) bool {
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(g.token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// knowsHost tells whether a request came by an address that nobody else can point at
// this machine: a number, localhost, or the name that was asked for. A port may differ,
// as where an ssh tunnel leads here.
func (g *guard) knowsHost(host string) bool {
	at, known := ownhost.Known(host, g.name)
	return known && (!at.IsValid() || g.outside || at.IsLoopback())
}

// ownOrigin tells whether no page of somebody else sent the request. A person may follow
// a link to the page from anywhere, who then knows the token.
func ownOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}
