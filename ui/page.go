package ui

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"slices"
)

//go:embed page/page.html
var pageHTML []byte

//go:embed page/page.css
var pageCSS []byte

//go:embed page/chart.js
var chartJS []byte

//go:embed page/page.js
var pageJS []byte

// page is the one page, with its style and its script in it, and the policy under which
// a browser runs no other.
type page struct {
	body   []byte
	policy string
}

func newPage() *page {
	script := slices.Concat([]byte("\"use strict\";\n"), chartJS, pageJS)
	body := bytes.Replace(pageHTML, []byte("/*style*/"), pageCSS, 1)
	body = bytes.Replace(body, []byte("/*script*/"), script, 1)
	return &page{body, "default-src 'none'; script-src " + hashOf(script) + "; style-src " + hashOf(pageCSS) +
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" +
		"; require-trusted-types-for 'script'; trusted-types 'none'"}
}

// hashOf names a script or a style for a content security policy.
func hashOf(code []byte) string {
	sum := sha256.Sum256(code)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// ServeHTTP sends the page. It has nothing of the job: the browser asks for that.
func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.policy)
	_, _ = w.Write(p.body) // a browser that went away is no matter
}
