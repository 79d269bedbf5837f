package s3api

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"reseal/inventory"
	"reseal/plan"
)

// Time limits of one request. S3 documents none. The limit of a request that moves
// data inside the store follows the data: a 5 GiB copy was seen to take minutes,
// during which S3 may send nothing, or only white space.
const (
	dialTimeout   = 10 * time.Second
	tlsTimeout    = 10 * time.Second
	headerTimeout = 10 * time.Minute // silence before the first byte of an answer
	readLimit     = time.Minute      // whatever moves no data
	writeLimit    = 15 * time.Minute // whatever moves data, at most
	slowest       = 8 << 20          // bytes a second that a store moves at least: 5 GiB in 11 minutes
	abortLimit    = 30 * time.Second // clearing up after a failure
)

// peerLimit is how long a connection lasts whose other side is gone: it neither
// answers probes nor acknowledges what was sent. A host that is there and takes its
// time has the limit of the request.
const peerLimit = time.Minute

// newTransport returns an HTTP client whose pool holds as many idle connections
// as requests can be in flight. The SDK's own holds 10 per host: with more in
// flight, connections are closed and dialled again all the time, which over TLS
// was measured to cost three times the CPU of the whole request.
func newTransport(concurrency int) *awshttp.BuildableClient {
	const probes = 3
	dialer := &net.Dialer{Timeout: dialTimeout, Control: giveUpOnPeer, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: peerLimit / (probes + 1), Interval: peerLimit / (probes + 1), Count: probes,
	}}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = dialer.DialContext
		t.MaxIdleConns = 0 // no limit across hosts
		t.MaxIdleConnsPerHost = concurrency
		t.MaxConnsPerHost = 0
		t.IdleConnTimeout = 90 * time.Second
		t.TLSHandshakeTimeout = tlsTimeout
		t.OnProxyConnectResponse = proxyAnswer
		t.ResponseHeaderTimeout = headerTimeout
		t.DisableCompression = true
		// S3 speaks HTTP/1.1; on servers that offer HTTP/2 all requests
		// would share one connection and its flow control.
		t.ForceAttemptHTTP2 = false
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP1(true)
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		// The SDK's transport has already put h2 on offer when it gets here.
		t.TLSClientConfig.NextProtos = []string{"http/1.1"}
		t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		// Small records first let a page be shown before it is all there. A
		// request is of no use in parts, and every record is a system call.
		t.TLSClientConfig.DynamicRecordSizingDisabled = true
	})
}

// limitOf returns how long one request of kind k may take in all that moves so many
// bytes; less than 0: nobody knows how many.
func limitOf(k plan.StepKind, bytes int64) time.Duration {
	switch k {
	case plan.StepCopy, plan.StepPart, plan.StepComplete, plan.StepGetBody:
		if bytes < 0 || bytes/slowest >= int64(writeLimit/time.Second) {
			return writeLimit
		}
		return min(writeLimit, readLimit+time.Duration(bytes/slowest)*time.Second)
	}
	return readLimit
}

// moves is how many bytes a request of kind k for the task moves, -1 where nobody
// knows.
func (w *work) moves(k plan.StepKind) int64 {
	size := w.task.Record.Size
	switch {
	case w.task.Head != nil:
		size = w.task.Head.Size
	case !w.task.Record.Known.Has(inventory.ColSize):
		return -1
	}
	if k == plan.StepPart {
		return plan.PartSize(size)
	}
	return size
}
