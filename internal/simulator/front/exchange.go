package front

import (
	"crypto/tls"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// exchange is one S3 request on its way through the front.
type exchange struct {
	front     *Front
	w         http.ResponseWriter
	r         *http.Request
	query     query
	signer    *signer
	bucket    string
	key       string // decoded, byte for byte as the client meant it
	requestID string
	hostID    string
	values    [24]string // backs the values of answer headers
	used      int
	paused    bool // the latency of the request was played
}

// handler answers one operation. An error it returns is written as S3 would;
// it must not have written anything itself then.
type handler func(x *exchange) error

// world runs one call of the core under the front's lock. The core speaks of
// time only through its arguments, so this is also where the clock is read.
func world[In, Out any](f *Front, call func(*simulator.World, time.Time, In) (Out, *simulator.Error), in In) (Out, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out, err := call(f.world, f.config.Now(), in)
	if err != nil {
		return out, err
	}
	return out, nil
}

// do is world for calls that answer nothing but an error.
func do(f *Front, call func(w *simulator.World, now time.Time) *simulator.Error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := call(f.world, f.config.Now()); err != nil {
		return err
	}
	return nil
}

// answerWith answers with what a call of the core returns: the document called root,
// whose inside write makes.
func answerWith[In, Out any](x *exchange, call func(*simulator.World, time.Time, In) (Out, *simulator.Error), in In, root string, write func(*xmlDoc, Out)) error {
	out, err := world(x.front, call, in)
	if err != nil {
		return err
	}
	d := newXMLDoc(root)
	write(d, out)
	d.close(root)
	return x.document(d)
}

// request is what every call of the core is told about the sender.
func (x *exchange) request() simulator.Request {
	return simulator.Request{
		Bucket:              x.bucket,
		Principal:           principalOf(x.signer),
		ExpectedBucketOwner: x.header("X-Amz-Expected-Bucket-Owner"),
		RequestPayer:        x.header("X-Amz-Request-Payer"),
		Unsigned:            x.signer == nil,
		Plaintext:           x.r.TLS == nil && !x.front.config.PlainIsSecure,
		TLSVersion:          tlsVersion(x.r.TLS),
		Agent:               x.r.UserAgent(),
	}
}

// tlsVersion is the version as s3:TlsVersion has it, "" without TLS.
func tlsVersion(s *tls.ConnectionState) string {
	if s == nil {
		return ""
	}
	return strings.TrimPrefix(tls.VersionName(s.Version), "TLS ")
}

// principalOf tells who sent a request; nil is nobody.
func principalOf(s *signer) simulator.Principal {
	if s == nil {
		return simulator.Principal{Anonymous: true}
	}
	return simulator.Principal{ARN: s.identity.ARN, Role: s.identity.Role, Account: s.identity.AccountID}
}

func (x *exchange) object() simulator.ObjectInput {
	return simulator.ObjectInput{Request: x.request(), Key: x.key, VersionID: x.query.get("versionId")}
}

// header gives a request header by its canonical name. Signers of presigned
// URLs move x-amz-* headers into the query, where S3 reads them all the same.
func (x *exchange) header(canonical string) string {
	if v := x.r.Header[canonical]; len(v) > 0 {
		return v[0]
	}
	if x.signer != nil && x.signer.presigned && strings.HasPrefix(canonical, "X-Amz-") {
		for _, p := range x.query {
			if strings.EqualFold(p.name, canonical) {
				return p.value
			}
		}
	}
	return ""
}

// set adds an answer header under exactly this name: S3 writes x-amz-* in
// lower case, and some clients hand the case of metadata names on.
func (x *exchange) set(name, value string) {
	if x.used == len(x.values) {
		x.w.Header()[name] = []string{value}
		return
	}
	one := x.values[x.used : x.used+1 : x.used+1]
	one[0] = value
	x.used++
	x.w.Header()[name] = one
}

// setIf adds an answer header unless value is empty.
func (x *exchange) setIf(name, value string) {
	if value != "" {
		x.set(name, value)
	}
}

// charged says that the requester pays, where that is so.
func (x *exchange) charged(yes bool) {
	if yes {
		x.set("x-amz-request-charged", "requester")
	}
}

// empty answers with a status and no body.
func (x *exchange) empty(status int) error {
	if status != http.StatusNoContent && status != http.StatusNotModified {
		x.set("Content-Length", "0")
	}
	return x.head(status)
}

// head begins the answer, after the latency of the request. It writes nothing where it gives
// an error.
func (x *exchange) head(status int) error {
	if !x.paused {
		if err := x.pause(0); err != nil {
			return err
		}
	}
	x.w.WriteHeader(status)
	return nil
}

// document answers 200 with an XML document.
func (x *exchange) document(d *xmlDoc) error {
	return x.send(http.StatusOK, "application/xml", d.buf)
}

// send answers with a whole body. That the client went away meanwhile is no
// concern of the operation, which has happened.
func (x *exchange) send(status int, contentType string, body []byte) error {
	x.set("Content-Type", contentType)
	x.set("Content-Length", strconv.Itoa(len(body)))
	if err := x.head(status); err != nil {
		return err
	}
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body)
	}
	return nil
}

// readDocument reads the request's body whole, with all checks of it.
func (x *exchange) readDocument() ([]byte, error) {
	p, werr := newPayload(x.r, x.signer, maxDocument)
	if werr != nil {
		return nil, werr
	}
	data, werr := p.readAll()
	if werr != nil {
		return nil, werr
	}
	return data, nil
}

// readChecked is readDocument for the operations that S3 refuses without a
// checksum of the body.
func (x *exchange) readChecked() ([]byte, error) {
	claim, werr := claimChecksum(x.r.Header)
	if werr != nil {
		return nil, werr
	}
	if claim == nil && x.header("Content-Md5") == "" {
		return nil, errInvalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	return x.readDocument()
}

// readXML reads the request's body into v, whose XMLName names the root.
func (x *exchange) readXML(v any) error {
	data, err := x.readDocument()
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(data, v); err != nil {
		return errMalformedXML()
	}
	return nil
}

// intQuery reads a number of the query within 0 and 2^31-1; absent is absent.
func (x *exchange) intQuery(name string, absent int) (int, error) {
	s, ok := x.query.lookup(name)
	if !ok || s == "" {
		return absent, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, errInvalidArgument("Provided "+name+" not an integer or within integer range", name, s)
	}
	return int(n), nil
}

// asError takes an error of the core or of the front apart.
func asError(err error) (*simulator.Error, *wireError) {
	var serr *simulator.Error
	if errors.As(err, &serr) {
		return serr, nil
	}
	var werr *wireError
	if errors.As(err, &werr) {
		return nil, werr
	}
	return nil, newError(http.StatusInternalServerError, "InternalError",
		"We encountered an internal error. Please try again.")
}
