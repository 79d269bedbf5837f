package front

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

type tagSet struct {
	XMLName xml.Name `xml:"Tagging"`
	TagSet  *struct {
		Tag []struct{ Key, Value string }
	}
}

func getObjectTagging(x *exchange) error {
	in := x.object()
	out, err := world(x.front, (*simulator.World).GetObjectTagging, &in)
	if err != nil {
		return err
	}
	x.setIf("x-amz-version-id", out.VersionID)
	d := newXMLDoc("Tagging")
	d.open("TagSet")
	for _, t := range out.Tags {
		d.open("Tag")
		d.text("Key", t.Key)
		d.text("Value", t.Value)
		d.close("Tag")
	}
	d.close("TagSet")
	d.close("Tagging")
	return x.document(d)
}

func putObjectTagging(x *exchange) error {
	var body tagSet
	if err := x.readXML(&body); err != nil {
		return err
	}
	if body.TagSet == nil {
		return errMalformedXML()
	}
	tags := make([]simulator.Tag, len(body.TagSet.Tag))
	for i, t := range body.TagSet.Tag {
		tags[i] = simulator.Tag{Key: t.Key, Value: t.Value}
	}
	in := x.object()
	out, err := world(x.front, func(w *simulator.World, now time.Time, in *simulator.ObjectInput) (*simulator.TaggingOutput, *simulator.Error) {
		return w.PutObjectTagging(now, in, tags)
	}, &in)
	if err != nil {
		return err
	}
	x.setIf("x-amz-version-id", out.VersionID)
	return x.empty(http.StatusOK)
}

func deleteObjectTagging(x *exchange) error {
	in := x.object()
	out, err := world(x.front, (*simulator.World).DeleteObjectTagging, &in)
	if err != nil {
		return err
	}
	x.setIf("x-amz-version-id", out.VersionID)
	return x.empty(http.StatusNoContent)
}

// updateObjectEncryption reads the document of UpdateObjectEncryption. What
// target its one element stands for is the core's to judge.
func updateObjectEncryption(x *exchange) error {
	raw, err := x.readChecked()
	if err != nil {
		return err
	}
	var body struct {
		XMLName xml.Name `xml:"ObjectEncryption"`
		SSEKMS  *struct {
			KMSKeyArn        string
			BucketKeyEnabled string
		} `xml:"SSE-KMS"`
		SSES3   *struct{} `xml:"SSE-S3"`
		DSSEKMS *struct{} `xml:"DSSE-KMS"`
		SSEC    *struct{} `xml:"SSE-C"`
	}
	if err := xml.Unmarshal(raw, &body); err != nil {
		return errMalformedXML()
	}
	in := &simulator.UpdateObjectEncryptionInput{
		Request:   x.request(),
		Key:       x.key,
		VersionID: x.query.get("versionId"),
		RawBody:   raw,
	}
	switch {
	case body.SSEKMS != nil:
		in.Target = simulator.SSEKMS
		in.KMSKeyARN = body.SSEKMS.KMSKeyArn
		if v := body.SSEKMS.BucketKeyEnabled; v != "" {
			if in.BucketKeyEnabled, err = parseBool(v); err != nil {
				return errInvalidRequest("BucketKeyEnabled must be a boolean")
			}
		}
	case body.SSES3 != nil:
		in.Target = simulator.SSES3
	case body.DSSEKMS != nil:
		in.Target = simulator.DSSEKMS
	case body.SSEC != nil:
		in.Target = simulator.SSEC
	}
	if err := x.pause(0); err != nil {
		return err
	}
	charged, err := world(x.front, (*simulator.World).UpdateObjectEncryption, in)
	if err != nil {
		return err
	}
	x.charged(charged)
	return x.empty(http.StatusOK)
}

func getObjectRetention(x *exchange) error {
	in := x.object()
	return answerWith(x, (*simulator.World).GetObjectRetention, &in, "Retention", func(d *xmlDoc, lock simulator.Lock) {
		d.optional("Mode", lock.Mode)
		if !lock.RetainUntil.IsZero() {
			d.time("RetainUntilDate", lock.RetainUntil)
		}
	})
}

func putObjectRetention(x *exchange) error {
	var body struct {
		XMLName         xml.Name `xml:"Retention"`
		Mode            string
		RetainUntilDate string
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	var until time.Time
	if body.RetainUntilDate != "" {
		var err error
		if until, err = time.Parse(time.RFC3339, body.RetainUntilDate); err != nil {
			return errMalformedXML()
		}
	}
	in, bypass := x.object(), strings.EqualFold(x.header("X-Amz-Bypass-Governance-Retention"), "true")
	err := do(x.front, func(w *simulator.World, now time.Time) *simulator.Error {
		return w.PutObjectRetention(now, &in, body.Mode, until, bypass)
	})
	if err != nil {
		return err
	}
	return x.empty(http.StatusOK)
}

func getObjectLegalHold(x *exchange) error {
	in := x.object()
	return answerWith(x, (*simulator.World).GetObjectLegalHold, &in, "LegalHold", func(d *xmlDoc, status string) {
		d.text("Status", status)
	})
}

func putObjectLegalHold(x *exchange) error {
	var body struct {
		XMLName xml.Name `xml:"LegalHold"`
		Status  string
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	in := x.object()
	err := do(x.front, func(w *simulator.World, now time.Time) *simulator.Error {
		return w.PutObjectLegalHold(now, &in, body.Status)
	})
	if err != nil {
		return err
	}
	return x.empty(http.StatusOK)
}

func restoreObject(x *exchange) error {
	var body struct {
		XMLName xml.Name `xml:"RestoreRequest"`
		Days    int
	}
	if err := x.readXML(&body); err != nil {
		return err
	}
	in := x.object()
	already, err := world(x.front, func(w *simulator.World, now time.Time, in *simulator.ObjectInput) (bool, *simulator.Error) {
		return w.RestoreObject(now, in, body.Days)
	}, &in)
	if err != nil {
		return err
	}
	if already {
		return x.empty(http.StatusOK)
	}
	return x.empty(http.StatusAccepted)
}

// getAnnotations answers GetObjectAnnotation when a name is given and
// ListObjectAnnotations when not.
func getAnnotations(x *exchange) error {
	in := x.object()
	if name, ok := x.query.lookup("annotationName"); ok {
		value, err := world(x.front, func(w *simulator.World, now time.Time, in *simulator.ObjectInput) ([]byte, *simulator.Error) {
			return w.GetObjectAnnotation(now, in, name)
		}, &in)
		if err != nil {
			return err
		}
		return x.send(http.StatusOK, defaultContentType, value)
	}
	all, err := world(x.front, (*simulator.World).ListObjectAnnotations, &in)
	if err != nil {
		return err
	}
	prefix := x.query.get("annotation-prefix")
	d := newXMLDoc("ListAnnotationsResult")
	d.text("Bucket", x.bucket)
	d.text("Key", x.key)
	d.text("AnnotationPrefix", prefix)
	most, bad := strconv.Atoi(x.query.get("max-annotation-results"))
	if bad != nil || most < 1 || most > 1000 {
		most = 1000
	}
	after, next := x.query.get("continuation-token"), "" // the last name of the page before
	d.open("Annotations")
	count, last := 0, ""
	for _, a := range all {
		if !strings.HasPrefix(a.Name, prefix) || after != "" && a.Name <= after {
			continue
		}
		if count == most {
			next = last
			break
		}
		d.open("AnnotationEntry")
		d.text("AnnotationName", a.Name)
		d.text("ETag", quote(a.ETag))
		d.text("Size", strconv.Itoa(a.Size))
		d.close("AnnotationEntry")
		count, last = count+1, a.Name
	}
	d.close("Annotations")
	d.text("AnnotationCount", strconv.Itoa(count))
	if next != "" {
		d.text("NextContinuationToken", next)
	}
	d.close("ListAnnotationsResult")
	return x.document(d)
}

func putAnnotation(x *exchange) error {
	value, err := x.readDocument()
	if err != nil {
		return err
	}
	in := x.object()
	err = do(x.front, func(w *simulator.World, now time.Time) *simulator.Error {
		return w.PutObjectAnnotation(now, &in, x.query.get("annotationName"), value, x.header("X-Amz-Object-If-Match"))
	})
	if err != nil {
		return err
	}
	return x.empty(http.StatusOK)
}

func deleteAnnotation(x *exchange) error {
	in := x.object()
	err := do(x.front, func(w *simulator.World, now time.Time) *simulator.Error {
		return w.DeleteObjectAnnotation(now, &in, x.query.get("annotationName"))
	})
	if err != nil {
		return err
	}
	return x.empty(http.StatusNoContent)
}
