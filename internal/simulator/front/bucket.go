package front

import (
	"encoding/xml"
	"net/http"
	"regexp"
	"strings"
	"time"

	"reseal/internal/simulator"
)

func listBuckets(x *exchange) error {
	most, err := x.intQuery("max-buckets", 0)
	if err != nil {
		return err
	}
	if x.query.has("max-buckets") && (most < 1 || most > 10000) {
		return errInvalidArgument("Argument max-buckets must be an integer between 1 and 10000", "max-buckets", x.query.get("max-buckets"))
	}
	in := &simulator.ListBucketsInput{Principal: principalOf(x.signer), Prefix: x.query.get("prefix"), Region: x.query.get("bucket-region"),
		Token: x.query.get("continuation-token"), Max: most}
	list, err := world(x.front, (*simulator.World).ListBuckets, in)
	if err != nil {
		return err
	}
	d := newXMLDoc("ListAllMyBucketsResult")
	ownerElement(d, simulator.CanonicalID(x.signer.identity.AccountID)) // an anonymous request was refused
	d.open("Buckets")
	for _, b := range list.Buckets {
		d.open("Bucket")
		d.text("Name", b.Name)
		d.time("CreationDate", b.Created)
		d.text("BucketRegion", b.Region)
		d.close("Bucket")
	}
	d.close("Buckets")
	d.optional("ContinuationToken", list.NextToken)
	d.optional("Prefix", in.Prefix)
	d.close("ListAllMyBucketsResult")
	return x.document(d)
}

// postForm is the upload of a browser's form.
func postForm(*exchange) error { return errNotImplemented("POST of a form") }

func createBucket(x *exchange) error {
	data, err := x.readDocument()
	if err != nil {
		return err
	}
	var body struct {
		XMLName            xml.Name `xml:"CreateBucketConfiguration"`
		LocationConstraint string
		Location, Bucket   *struct{}
		Tags               *struct{}
	}
	if len(data) > 0 {
		if err := xml.Unmarshal(data, &body); err != nil {
			return errMalformedXML()
		}
	}
	switch {
	case body.Location != nil || body.Bucket != nil:
		return errNotImplemented("Location and Bucket of a directory bucket")
	case body.Tags != nil:
		return errNotImplemented("Tags of a new bucket")
	}
	if err := x.checkLocation(body.LocationConstraint); err != nil {
		return err
	}
	in := &simulator.CreateBucketInput{
		Request:           x.request(),
		Region:            body.LocationConstraint,
		ObjectLockEnabled: strings.EqualFold(x.header("X-Amz-Bucket-Object-Lock-Enabled"), "true"),
		ObjectOwnership:   x.header("X-Amz-Object-Ownership"),
	}
	err = do(x.front, func(w *simulator.World, now time.Time) *simulator.Error { return w.CreateBucket(now, in) })
	if err != nil {
		return err
	}
	x.set("Location", "/"+x.bucket)
	return x.empty(http.StatusOK)
}

// location is the form that names of Regions have.
var location = regexp.MustCompile(`^([a-z]{2,3}(-[a-z]+)+-\d|EU)$`)

// checkLocation holds the Region of a new bucket against the one that was asked.
// Only us-east-1 makes buckets for others, and it is named by nothing at all (S3
// API Reference, CreateBucket and ErrorResponses; from memory).
func (x *exchange) checkLocation(region string) error {
	var own string
	x.front.Locked(func(w *simulator.World) { own = w.Config().Region })
	switch {
	case region != "" && !location.MatchString(region), own == "us-east-1" && region == own:
		return newError(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid").
			with("LocationConstraint", region)
	case own != "us-east-1" && region != own:
		return newError(http.StatusBadRequest, "IllegalLocationConstraintException",
			"The "+orElse(region, "unspecified")+" location constraint is incompatible for the region specific endpoint this request was sent to.")
	}
	return nil
}

func headBucket(x *exchange) error {
	r := x.request()
	info, err := world(x.front, (*simulator.World).HeadBucket, &r)
	if err != nil {
		return err
	}
	x.set("x-amz-bucket-region", info.Region)
	x.set("x-amz-access-point-alias", "false")
	x.set("Content-Type", "application/xml")
	return x.head(http.StatusOK)
}

func deleteBucket(x *exchange) error {
	return x.bucketDelete((*simulator.World).DeleteBucket)
}

// bucketDelete runs one of the calls that end in 204 and answer nothing.
func (x *exchange) bucketDelete(call func(*simulator.World, time.Time, *simulator.Request) *simulator.Error) error {
	r := x.request()
	if err := do(x.front, func(w *simulator.World, now time.Time) *simulator.Error { return call(w, now, &r) }); err != nil {
		return err
	}
	return x.empty(http.StatusNoContent)
}

// bucketPut runs one of the calls that set something and answer nothing.
func (x *exchange) bucketPut(call func(w *simulator.World, now time.Time, r *simulator.Request) *simulator.Error) error {
	r := x.request()
	if err := do(x.front, func(w *simulator.World, now time.Time) *simulator.Error { return call(w, now, &r) }); err != nil {
		return err
	}
	return x.empty(http.StatusOK)
}

func getBucketLocation(x *exchange) error {
	r := x.request()
	return answerWith(x, (*simulator.World).GetBucketLocation, &r, "LocationConstraint", func(d *xmlDoc, region string) {
		if region != "us-east-1" { // which S3 writes as an empty element
			d.buf = append(d.buf, region...)
		}
	})
}

func getBucketVersioning(x *exchange) error {
	r := x.request()
	return answerWith(x, (*simulator.World).GetBucketVersioning, &r, "VersioningConfiguration", func(d *xmlDoc, status string) {
		d.optional("Status", status)
		x.front.Locked(func(w *simulator.World) {
			if w.MFADelete(x.bucket) {
				d.text("MfaDelete", "Enabled")
			}
		})
	})
}

func putBucketVersioning(x *exchange) error {
	var body struct {
		XMLName   xml.Name `xml:"VersioningConfiguration"`
		Status    string
		MfaDelete string
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	if body.MfaDelete == "Enabled" {
		return errNotImplemented("MfaDelete")
	}
	return x.bucketPut(func(w *simulator.World, now time.Time, r *simulator.Request) *simulator.Error {
		return w.PutBucketVersioning(now, r, body.Status)
	})
}

func getBucketEncryption(x *exchange) error {
	r := x.request()
	return answerWith(x, (*simulator.World).GetBucketEncryption, &r, "ServerSideEncryptionConfiguration", func(d *xmlDoc, c simulator.BucketEncryption) {
		d.open("Rule")
		d.open("ApplyServerSideEncryptionByDefault")
		d.text("SSEAlgorithm", c.Algorithm)
		d.optional("KMSMasterKeyID", c.KMSKeyID)
		d.close("ApplyServerSideEncryptionByDefault")
		d.bool("BucketKeyEnabled", c.BucketKeyEnabled)
		if len(c.BlockedTypes) > 0 {
			d.open("BlockedEncryptionTypes")
			for _, t := range c.BlockedTypes {
				d.text("EncryptionType", t)
			}
			d.close("BlockedEncryptionTypes")
		}
		d.close("Rule")
	})
}

func putBucketEncryption(x *exchange) error {
	var body struct {
		XMLName xml.Name `xml:"ServerSideEncryptionConfiguration"`
		Rule    []struct {
			Default *struct {
				SSEAlgorithm, KMSMasterKeyID string
			} `xml:"ApplyServerSideEncryptionByDefault"`
			BucketKeyEnabled bool
			Blocked          []string `xml:"BlockedEncryptionTypes>EncryptionType"`
		}
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	if len(body.Rule) != 1 {
		return errMalformedXML()
	}
	rule := body.Rule[0]
	c := simulator.BucketEncryption{BucketKeyEnabled: rule.BucketKeyEnabled, BlockedTypes: rule.Blocked}
	if rule.Default != nil {
		c.Algorithm, c.KMSKeyID = rule.Default.SSEAlgorithm, rule.Default.KMSMasterKeyID
	}
	return x.bucketPut(func(w *simulator.World, now time.Time, r *simulator.Request) *simulator.Error {
		return w.PutBucketEncryption(now, r, c)
	})
}

func deleteBucketEncryption(x *exchange) error {
	return x.bucketDelete((*simulator.World).DeleteBucketEncryption)
}

func getObjectLockConfiguration(x *exchange) error {
	r := x.request()
	return answerWith(x, (*simulator.World).GetObjectLockConfiguration, &r, "ObjectLockConfiguration", func(d *xmlDoc, c simulator.ObjectLockConfig) {
		if c.Enabled {
			d.text("ObjectLockEnabled", "Enabled")
		}
		if c.Mode != "" {
			d.open("Rule")
			d.open("DefaultRetention")
			d.text("Mode", c.Mode)
			if c.Years > 0 {
				d.int("Years", int64(c.Years))
			} else {
				d.int("Days", int64(c.Days))
			}
			d.close("DefaultRetention")
			d.close("Rule")
		}
	})
}

func putObjectLockConfiguration(x *exchange) error {
	var body struct {
		XMLName           xml.Name `xml:"ObjectLockConfiguration"`
		ObjectLockEnabled string
		Rule              struct {
			DefaultRetention struct {
				Mode        string
				Days, Years int
			}
		}
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	retention := body.Rule.DefaultRetention
	return x.bucketPut(func(w *simulator.World, now time.Time, r *simulator.Request) *simulator.Error {
		return w.PutObjectLockConfiguration(now, r, simulator.ObjectLockConfig{
			Enabled: body.ObjectLockEnabled == "Enabled",
			Mode:    retention.Mode, Days: retention.Days, Years: retention.Years,
		})
	})
}

func getOwnershipControls(x *exchange) error {
	r := x.request()
	return answerWith(x, (*simulator.World).GetBucketOwnershipControls, &r, "OwnershipControls", func(d *xmlDoc, ownership string) {
		d.open("Rule")
		d.text("ObjectOwnership", ownership)
		d.close("Rule")
	})
}

func putOwnershipControls(x *exchange) error {
	var body struct {
		XMLName xml.Name `xml:"OwnershipControls"`
		Rule    struct{ ObjectOwnership string }
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	return x.bucketPut(func(w *simulator.World, now time.Time, r *simulator.Request) *simulator.Error {
		return w.PutBucketOwnershipControls(now, r, body.Rule.ObjectOwnership)
	})
}

func deleteOwnershipControls(x *exchange) error {
	return x.bucketDelete((*simulator.World).DeleteBucketOwnershipControls)
}

func getRequestPayment(x *exchange) error {
	r := x.request()
	return answerWith(x, (*simulator.World).GetBucketRequestPayment, &r, "RequestPaymentConfiguration", func(d *xmlDoc, payer string) {
		d.text("Payer", payer)
	})
}

func putRequestPayment(x *exchange) error {
	var body struct {
		XMLName xml.Name `xml:"RequestPaymentConfiguration"`
		Payer   string
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	return x.bucketPut(func(w *simulator.World, now time.Time, r *simulator.Request) *simulator.Error {
		return w.PutBucketRequestPayment(now, r, body.Payer)
	})
}
