package front

import (
	"encoding/xml"
	"net/http"
	"time"

	"reseal/internal/simulator"
)

// Kinds of grantee, as the core and the documents name them.
const (
	granteeUser  = "CanonicalUser"
	granteeGroup = "Group"
	granteeEmail = "AmazonCustomerByEmail"
)

const xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"

func getObjectACL(x *exchange) error {
	in := x.object()
	out, err := world(x.front, (*simulator.World).GetObjectAcl, &in)
	if err != nil {
		return err
	}
	return x.document(aclDocument(out))
}

func getBucketACL(x *exchange) error {
	r := x.request()
	out, err := world(x.front, (*simulator.World).GetBucketAcl, &r)
	if err != nil {
		return err
	}
	return x.document(aclDocument(out))
}

func aclDocument(out *simulator.ACLOutput) *xmlDoc {
	d := newXMLDoc("AccessControlPolicy")
	d.open("Owner")
	d.text("ID", out.Owner)
	d.close("Owner")
	d.open("AccessControlList")
	for _, g := range out.Grants {
		d.open("Grant")
		d.buf = append(d.buf, `<Grantee xmlns:xsi="`+xsiNamespace+`" xsi:type="`+orElse(g.Type, granteeUser)+`">`...)
		switch g.Type {
		case granteeGroup:
			d.text("URI", g.Grantee)
		case granteeEmail:
			d.text("EmailAddress", g.Grantee)
		default:
			d.text("ID", g.Grantee)
		}
		d.close("Grantee")
		d.text("Permission", g.Permission)
		d.close("Grant")
	}
	d.close("AccessControlList")
	d.close("AccessControlPolicy")
	return d
}

// sentACL takes the ACL from the headers, or from the body when they name none.
func (x *exchange) sentACL() (simulator.ACL, error) {
	acl, err := x.acl()
	if err != nil || acl.Canned != "" || len(acl.Grants) > 0 {
		return acl, err
	}
	var body struct {
		XMLName xml.Name `xml:"AccessControlPolicy"`
		Grants  []struct {
			Grantee struct {
				Type                  string `xml:"type,attr"`
				ID, URI, EmailAddress string
			}
			Permission string
		} `xml:"AccessControlList>Grant"`
	}
	if err := x.readXML(&body); err != nil {
		return acl, err
	}
	for _, g := range body.Grants {
		acl.Grants = append(acl.Grants, simulator.Grant{
			Type:       g.Grantee.Type,
			Grantee:    g.Grantee.ID + g.Grantee.URI + g.Grantee.EmailAddress, // one of them is set
			Permission: g.Permission,
		})
	}
	return acl, nil
}

func putObjectACL(x *exchange) error {
	acl, err := x.sentACL()
	if err != nil {
		return err
	}
	in := x.object()
	err = do(x.front, func(w *simulator.World, now time.Time) *simulator.Error { return w.PutObjectAcl(now, &in, acl) })
	if err != nil {
		return err
	}
	return x.empty(http.StatusOK)
}

func putBucketACL(x *exchange) error {
	acl, err := x.sentACL()
	if err != nil {
		return err
	}
	r := x.request()
	err = do(x.front, func(w *simulator.World, now time.Time) *simulator.Error { return w.PutBucketAcl(now, &r, acl) })
	if err != nil {
		return err
	}
	return x.empty(http.StatusOK)
}
