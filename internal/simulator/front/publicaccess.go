package front

import (
	"encoding/xml"
	"net/http"
	"time"

	"reseal/internal/simulator"
)

// accountBlockKey is the path of the S3 Control API for the settings of an
// account, below its version, which stands where S3 has the bucket. Its
// clients put the account id before the host's name, and in a header.
const accountBlockKey = "configuration/publicAccessBlock"

// accessPointsKey is the path of the list of access points.
const accessPointsKey = "accesspoint"

func listAccessPoints(x *exchange) error {
	in := &simulator.ListAccessPointsInput{Principal: principalOf(x.signer), Account: x.header("X-Amz-Account-Id"), Bucket: x.query.get("bucket")}
	points, err := world(x.front, (*simulator.World).ListAccessPoints, in)
	if err != nil {
		return err
	}
	d := &xmlDoc{}
	d.buf = append(d.buf, xmlHeader+`<ListAccessPointsResult xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">`...)
	d.open("AccessPointList")
	for _, p := range points {
		d.open("AccessPoint")
		d.text("Name", p.Name)
		d.text("NetworkOrigin", "Internet")
		d.text("Bucket", p.Bucket)
		d.text("BucketAccountId", in.Account)
		d.close("AccessPoint")
	}
	d.close("AccessPointList")
	d.close("ListAccessPointsResult")
	return x.document(d)
}

func getPublicAccessBlock(x *exchange) error {
	r := x.request()
	p, err := world(x.front, (*simulator.World).GetPublicAccessBlock, &r)
	if err != nil {
		return err
	}
	return x.document(publicAccessDocument(p))
}

func publicAccessDocument(p simulator.PublicAccessBlock) *xmlDoc {
	d := newXMLDoc("PublicAccessBlockConfiguration")
	d.bool("BlockPublicAcls", p.BlockPublicAcls)
	d.bool("IgnorePublicAcls", p.IgnorePublicAcls)
	d.bool("BlockPublicPolicy", p.BlockPublicPolicy)
	d.bool("RestrictPublicBuckets", p.RestrictPublicBuckets)
	d.close("PublicAccessBlockConfiguration")
	return d
}

func (x *exchange) readPublicAccessBlock() (simulator.PublicAccessBlock, error) {
	var body struct {
		XMLName xml.Name `xml:"PublicAccessBlockConfiguration"`
		simulator.PublicAccessBlock
	}
	err := x.readXML(&body)
	return body.PublicAccessBlock, err
}

func putPublicAccessBlock(x *exchange) error {
	p, err := x.readPublicAccessBlock()
	if err != nil {
		return err
	}
	return x.bucketPut(func(w *simulator.World, now time.Time, r *simulator.Request) *simulator.Error {
		return w.PutPublicAccessBlock(now, r, p)
	})
}

func deletePublicAccessBlock(x *exchange) error {
	return x.bucketDelete((*simulator.World).DeletePublicAccessBlock)
}

// accountPublicAccessBlock answers the one resource of the S3 Control API that
// there is here.
func accountPublicAccessBlock(x *exchange) error {
	in := &simulator.AccountPublicAccessBlock{Principal: principalOf(x.signer), Account: x.header("X-Amz-Account-Id")}
	status := http.StatusOK
	switch x.r.Method {
	case http.MethodGet:
	case http.MethodPut:
		p, err := x.readPublicAccessBlock()
		if err != nil {
			return err
		}
		in.Set = &p
	case http.MethodDelete:
		in.Set, status = &simulator.PublicAccessBlock{}, http.StatusNoContent
	default:
		return errMethodNotAllowed()
	}
	p, err := world(x.front, (*simulator.World).AccountPublicAccess, in)
	switch {
	case err != nil:
		return err
	case in.Set != nil:
		return x.empty(status)
	}
	return x.document(publicAccessDocument(p))
}

func getBucketPolicyStatus(x *exchange) error {
	r := x.request()
	return answerWith(x, (*simulator.World).GetBucketPolicyStatus, &r, "PolicyStatus", func(d *xmlDoc, public bool) {
		d.bool("IsPublic", public)
	})
}
