package front

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"

	"reseal/internal/simulator"
)

// fail answers an error the way its directive asks for.
func (x *exchange) fail(err error) {
	if !x.paused && x.pause(0) != nil {
		err = errGone
	}
	if errors.Is(err, errGone) {
		resetConnection(x.w)
		return
	}
	serr, werr := asError(err)
	if serr == nil {
		x.writeError(werr.status, werr)
		return
	}
	switch serr.Directive {
	case simulator.InsideOK:
		x.writeError(http.StatusOK, fromCore(serr))
	case simulator.ResetConn:
		resetConnection(x.w)
	case simulator.Hang:
		<-x.r.Context().Done() // the client gave up, or the server is closing
		resetConnection(x.w)
	case simulator.TruncateBody:
		x.set("Content-Length", "4096")
		x.set("Content-Type", "application/xml")
		x.w.WriteHeader(http.StatusOK)
		_, _ = x.w.Write([]byte(xmlHeader + "<"))
		_ = http.NewResponseController(x.w).Flush()
		resetConnection(x.w)
	default:
		if serr.DeleteMarker {
			x.set("x-amz-delete-marker", "true")
		}
		if serr.DeleteMarker && serr.VersionID != "" {
			x.set("x-amz-version-id", serr.VersionID)
		}
		if serr.HTTPStatus == http.StatusNotModified {
			x.setIf("ETag", quote(serr.ETag))
			_ = x.empty(http.StatusNotModified)
			return
		}
		x.writeError(serr.HTTPStatus, fromCore(serr))
	}
}

func quote(etag string) string {
	if etag == "" {
		return ""
	}
	return `"` + etag + `"`
}

// fromCore gives an error of the core the further elements S3 puts into its
// document (Amazon S3 API Reference, "Error responses", read 2026-11-21).
func fromCore(e *simulator.Error) *wireError {
	w := newError(e.HTTPStatus, e.Code, e.Message)
	add := func(name, value string) {
		if value != "" {
			w.extra = append(w.extra, param{name, value})
		}
	}
	number := func(name string, value int64) {
		if value != 0 {
			add(name, strconv.FormatInt(value, 10))
		}
	}
	add("BucketName", e.Bucket)
	add("Key", e.Key)
	add("VersionId", e.VersionID)
	add("Condition", e.Condition)
	add("StorageClass", e.StorageClass)
	add("AccessTier", e.AccessTier)
	add("UploadId", e.UploadID)
	number("PartNumber", int64(e.PartNumber))
	number("ProposedSize", e.Size)
	if e.MaxSize != 0 {
		number("MaxSizeAllowed", e.MaxSize)
	}
	add("ETag", e.ETag)
	return w
}

// writeError answers an error in the protocol of the service it was meant for;
// status is that of the HTTP answer, which a fault may have turned into 200.
func (x *exchange) writeError(status int, e *wireError) {
	switch x.protocol() {
	case serviceKMS, serviceQuotas:
		x.writeJSONError(status, e)
	case serviceSTS, serviceIAM:
		x.writeQueryError(status, e)
	case serviceMetric:
		switch {
		case x.r.Header.Get("X-Amz-Target") != "":
			x.writeJSONError(status, e)
		case x.isForm():
			x.writeQueryError(status, e)
		default:
			x.writeCBORError(status, e)
		}
	default:
		x.writeS3Error(status, e)
	}
}

func (x *exchange) writeS3Error(status int, e *wireError) {
	code := e.code
	if code == anonymousCode {
		code = "AccessDenied"
	}
	x.set("x-amz-request-id", x.requestID)
	x.set("x-amz-id-2", x.hostID)
	x.set("Server", "AmazonS3")
	d := &xmlDoc{buf: make([]byte, 0, 512)}
	d.buf = append(d.buf, xmlHeader...)
	ofAccount := x.header("X-Amz-Account-Id") != "" // S3 Control wraps its errors
	if ofAccount {
		d.open("ErrorResponse")
	}
	d.open("Error")
	d.text("Code", code)
	d.text("Message", e.message)
	for _, p := range e.extra {
		d.text(p.name, p.value)
	}
	d.text("RequestId", x.requestID)
	d.text("HostId", x.hostID)
	d.close("Error")
	if ofAccount {
		d.close("ErrorResponse")
	}
	_ = x.send(status, "application/xml", d.buf)
}

// resetConnection ends the connection without an answer, with a TCP reset
// where the connection is TCP.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		if errors.Is(err, http.ErrNotSupported) {
			panic(http.ErrAbortHandler) // net/http's own way to break off
		}
		return
	}
	raw := conn
	if t, ok := conn.(*tls.Conn); ok {
		raw = t.NetConn() // past TLS, whose close would say good-bye first
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}
