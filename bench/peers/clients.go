package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/valyala/fasthttp"

	"reseal/internal/http1"
)

// answerLimit is how long an answer may take, for every client.
const answerLimit = 10 * time.Minute

// tuned is the transport that reseal gives net/http and package http1.
func tuned(config *tls.Config, inFlight int) *http.Transport {
	if config != nil {
		config = config.Clone()
		config.NextProtos = []string{"http/1.1"}
		config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		config.DynamicRecordSizingDisabled = true
	}
	t := &http.Transport{DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSClientConfig: config,
		MaxIdleConnsPerHost: inFlight, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		ResponseHeaderTimeout: answerLimit, DisableCompression: true, Protocols: new(http.Protocols)}
	t.Protocols.SetHTTP1(true)
	return t
}

// viaHTTP1 copies with reseal's own client.
func viaHTTP1(j *job, s *signer, u *url.URL, transport *http.Transport) func() copier {
	c := http1.New(transport, u)
	return func() copier {
		var r http1.Request
		var a http1.Answer
		return func(key string) (int, error) {
			path, headers := s.copyOf(j, u.Host, key)
			r.Start(http.MethodPut, path, "", u.Host)
			for _, p := range headers {
				if p.name != "host" {
					r.Header(p.name, p.value)
				}
			}
			if err := r.Finish(""); err != nil {
				return 0, err
			}
			if err := c.Do(context.Background(), &r, time.Now().Add(answerLimit), &a); err != nil {
				return 0, err
			}
			return a.Status, a.Err
		}
	}
}

// fastClient is fasthttp's client of one host, set up to be as strict as it can be
// told to be: it repeats HEAD only, bounds head and body, and leaves paths alone.
func fastClient(u *url.URL, config *tls.Config, inFlight int) *fasthttp.HostClient {
	return &fasthttp.HostClient{
		Addr: u.Host, IsTLS: u.Scheme == "https", TLSConfig: config, MaxConns: inFlight, MaxIdleConnDuration: 90 * time.Second,
		NoDefaultUserAgentHeader: true, DisablePathNormalizing: true, MaxIdemponentCallAttempts: 2,
		RetryIfErr:          func(r *fasthttp.Request, _ int, _ error) (bool, bool) { return false, r.Header.IsHead() },
		MaxResponseBodySize: http1.MaxBody, ReadBufferSize: 32 << 10, // which bounds an answer's head
	}
}

// viaFastHTTP copies with fasthttp.
func viaFastHTTP(j *job, s *signer, u *url.URL, config *tls.Config) func() copier {
	if config != nil {
		config = config.Clone()
		config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		config.DynamicRecordSizingDisabled = true
	}
	c := fastClient(u, config, j.InFlight)
	return func() copier {
		return func(key string) (int, error) {
			r, a := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(r)
			defer fasthttp.ReleaseResponse(a)
			path, headers := s.copyOf(j, u.Host, key)
			r.Header.SetMethod(http.MethodPut)
			r.Header.SetRequestURI(path)
			r.Header.SetHost(u.Host)
			r.URI().SetScheme(u.Scheme)
			r.URI().SetHost(u.Host)
			for _, p := range headers {
				if p.name != "host" {
					r.Header.Set(p.name, p.value)
				}
			}
			if err := c.DoDeadline(r, a, time.Now().Add(answerLimit)); err != nil {
				return 0, err
			}
			if len(a.Body()) == 0 {
				return 0, errors.New("an answer without a body")
			}
			return a.StatusCode(), nil
		}
	}
}
