package front

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"reseal/internal/simulator"
	"reseal/internal/simulator/iam"
)

// The namespaces of the services that speak the query protocol.
const (
	stsNamespace    = "https://sts.amazonaws.com/doc/2011-06-15/"
	iamNamespace    = "https://iam.amazonaws.com/doc/2010-05-08/"
	metricNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/"
)

// isForm tells a request in the query protocol.
func (x *exchange) isForm() bool {
	return strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// serveQuery answers a request of STS or IAM.
func (x *exchange) serveQuery(body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return newError(http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error.")
	}
	action := form.Get("Action")
	if action == "" {
		action = x.query.get("Action")
		for _, p := range x.query {
			form.Set(p.name, p.value)
		}
	}
	result, err := x.runQuery(action, form)
	if err != nil {
		return err
	}
	return x.queryAnswer(action, result)
}

// queryAnswer writes the answer to an action; a nil result is none.
func (x *exchange) queryAnswer(action string, result any) error {
	d := &xmlDoc{}
	d.buf = append(d.buf, `<`+action+`Response xmlns="`+x.queryNamespace()+`">`...)
	if result != nil {
		data, err := xml.Marshal(result)
		if err != nil {
			return err
		}
		d.buf = append(d.buf, data...)
	}
	d.open("ResponseMetadata")
	d.text("RequestId", x.requestID)
	d.close("ResponseMetadata")
	d.close(action + "Response")
	x.set("x-amzn-RequestId", x.requestID)
	return x.send(http.StatusOK, "text/xml", d.buf)
}

func (x *exchange) queryNamespace() string {
	switch {
	case x.signer == nil:
	case x.signer.service == serviceIAM:
		return iamNamespace
	case x.signer.service == serviceMetric:
		return metricNamespace
	}
	return stsNamespace
}

// callerIdentity is the answer to GetCallerIdentity. Of a role session it
// states the name of the role, not its path.
type callerIdentity struct {
	XMLName              xml.Name `xml:"GetCallerIdentityResult"`
	Arn, UserId, Account string
}

func (x *exchange) runQuery(action string, form url.Values) (any, error) {
	id := x.signer.identity
	if x.signer.service == serviceSTS && action == "GetCallerIdentity" {
		return callerIdentity{Arn: id.ARN, UserId: orElse(id.UserID, id.AccessKeyID), Account: id.AccountID}, nil
	}
	directory := x.front.config.Directory
	if directory == nil {
		return nil, notHere(action)
	}
	in := iam.Request{Action: action, Form: form, Caller: principalOf(x.signer), Now: x.front.config.Now(), ID: x.front.newKeyID(false)}
	var result any
	var serr *simulator.Error
	x.front.Locked(func(w *simulator.World) { result, serr = directory.Do(w, &in) })
	if serr != nil {
		return nil, serr
	}
	if in.Made != nil {
		m := in.Made
		x.front.verify.keys.add(Identity{AccessKeyID: m.AccessKeyID, SecretKey: m.SecretKey, SessionToken: m.SessionToken,
			AccountID: m.Account, ARN: m.ARN, Role: m.Role, UserID: m.UserID, Expires: m.Expires})
	}
	return result, nil
}

// writeQueryError answers an error of the query protocol.
func (x *exchange) writeQueryError(status int, e *wireError) {
	code := e.code
	switch code {
	case "InvalidAccessKeyId", "InvalidToken":
		code, status = "InvalidClientTokenId", http.StatusForbidden
	case "RequestTimeTooSkewed":
		code = "SignatureDoesNotMatch"
	case "ExpiredToken":
		status = http.StatusForbidden
	case anonymousCode:
		code = "MissingAuthenticationToken"
	}
	d := &xmlDoc{}
	d.buf = append(d.buf, `<ErrorResponse xmlns="`+x.queryNamespace()+`">`...)
	d.open("Error")
	d.text("Type", "Sender")
	d.text("Code", code)
	d.text("Message", e.message)
	d.close("Error")
	d.text("RequestId", x.requestID)
	d.close("ErrorResponse")
	_ = x.send(status, "text/xml", d.buf)
}
