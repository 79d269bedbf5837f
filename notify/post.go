package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"reseal/internal/wait"
)

const (
	postTries  = 6                // of one event, about a minute in all
	postTime   = 10 * time.Second // of one try
	firstPause = time.Second      // before the second try; then twice as long each time
	longPause  = 30 * time.Second // between two tries at most
)

// Post sends each event to an address as JSON. It implements Target.
type Post struct {
	url    *url.URL
	client *http.Client
}

// ParseURL reads an address: https, or http to this machine alone.
func ParseURL(text string) (*Post, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return nil, errors.New("want an address such as https://hooks.example.com/reseal") // the text may hold a secret
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, fmt.Errorf("%s: want https; http goes to this machine alone (127.0.0.1, localhost)", Masked(u))
	default:
		return nil, fmt.Errorf("%s: want https", Masked(u))
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 1
	return &Post{u, &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // it may lead to http, or elsewhere
	}}, nil
}

// isLoopback tells whether a host is this machine by its name alone.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Masked is an address without what may be secret in it: user, password, path and
// parameters. Paths of chat services are secrets.
func Masked(u *url.URL) string {
	text := u.Scheme + "://" + u.Host
	if u.User != nil || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
		text += "/[left out]"
	}
	return text
}

// Name is the address without its secrets.
func (p *Post) Name() string { return Masked(p.url) }

// Deliver posts the event, again where the address does not answer, or answers with
// 408, 429 or 5xx. Each try has the same id.
func (p *Post) Deliver(ctx context.Context, e *Event) error {
	document, err := e.document()
	if err != nil {
		return err
	}
	pause := firstPause
	for try := 1; ; try++ {
		again, err := p.try(ctx, e.ID, document)
		if err == nil || !again || try == postTries {
			return err
		}
		if gone := wait.For(ctx, pause); gone != nil {
			return fmt.Errorf("%w (try %d: %v)", gone, try, err)
		}
		pause = min(2*pause, longPause)
	}
}

// try posts once. again tells whether another try may help.
func (p *Post) try(ctx context.Context, id string, document []byte) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url.String(), bytes.NewReader(document))
	if err != nil {
		return false, errors.New("no request can be made of the address")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "reseal")
	req.Header.Set("Idempotency-Key", id)
	resp, err := p.client.Do(req)
	if err != nil {
		if withURL := (*url.Error)(nil); errors.As(err, &withURL) {
			err = withURL.Err // without the address, which may hold a secret
		}
		return true, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return false, nil
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return true, fmt.Errorf("it answered with HTTP status %d", code)
	case code >= 300 && code < 400:
		return false, fmt.Errorf("it answered with HTTP status %d: redirects are not followed, give the address that it leads to", code)
	default:
		return false, fmt.Errorf("it answered with HTTP status %d", code)
	}
}
