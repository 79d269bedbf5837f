package iam

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

type assumeResult struct {
	XMLName         xml.Name `xml:"AssumeRoleResult"`
	AssumedRoleUser struct{ AssumedRoleId, Arn string }
	Credentials     struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
}

// sessionName is what STS takes for one (STS API Reference, AssumeRole).
var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// externalID is what STS takes for one, of 2 to 1,224 characters (STS API Reference,
// AssumeRole).
var externalID = regexp.MustCompile(`^[\w+=,.@:/-]+$`)

// assumeRole makes a session of a role. Its ARN has the role's name, without
// the path.
func assumeRole(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	arn, name := in.Form.Get("RoleArn"), in.Form.Get("RoleSessionName")
	if !sessionName.MatchString(name) {
		return nil, fail(400, "ValidationError", "1 validation error detected: Value '"+name+"' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*")
	}
	external := in.Form.Get("ExternalId")
	if in.Form.Has("ExternalId") && (len(external) < 2 || len(external) > 1224 || !externalID.MatchString(external)) {
		return nil, fail(400, "ValidationError", "1 validation error detected: Value '"+external+"' at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*")
	}
	role := d.elsewhere[arn]
	for _, e := range d.roles {
		if e.arn == arn {
			role = e
		}
	}
	if role == nil { // STS does not tell a role that is not there from one that does not trust
		return nil, fail(403, "AccessDenied", "User: "+in.Caller.ARN+" is not authorized to perform: sts:AssumeRole on resource: "+arn)
	}
	account := strings.Split(arn, ":")[4]
	if err := w.AllowAssume(in.Caller, arn, account, role.trust, external); err != nil {
		err.Message = "User: " + in.Caller.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + arn
		return nil, err
	}
	length := time.Hour
	if text := in.Form.Get("DurationSeconds"); text != "" {
		n, err := strconv.Atoi(text)
		length = time.Duration(n) * time.Second
		if err != nil || length < 15*time.Minute || length > role.longest {
			return nil, fail(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
		}
	}
	session := "arn:aws:sts::" + account + ":assumed-role/" + role.name + "/" + name
	in.Made = &Credentials{AccessKeyID: in.uniqueID("ASIA"), SecretKey: "simulated/" + in.ID, SessionToken: "simulated-session/" + in.ID,
		Account: account, ARN: session, Role: role.arn, UserID: role.id + ":" + name, Expires: in.Now.Add(length)}
	var out assumeResult
	out.AssumedRoleUser.Arn, out.AssumedRoleUser.AssumedRoleId = session, in.Made.UserID
	c := &out.Credentials
	c.AccessKeyId, c.SecretAccessKey, c.SessionToken = in.Made.AccessKeyID, in.Made.SecretKey, in.Made.SessionToken
	c.Expiration = in.Made.Expires.UTC().Format(timeFormat)
	return out, nil
}
