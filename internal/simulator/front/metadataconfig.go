package front

import (
	"cmp"
	"encoding/xml"
	"net/http"

	"reseal/internal/simulator"
)

// metadataResult answers what became of a metadata configuration (S3 API Reference, GetBucketMetadataConfiguration and
// GetBucketMetadataTableConfiguration, read 2026-11-30): its tables are there at once, and full unless SetTable says otherwise. The older question is refused
// where the configuration is of the newer kind, while the newer one tells of both.
func (x *exchange) metadataResult(sub string, doc []byte) error {
	var body struct {
		XMLName        xml.Name
		InventoryTable *struct{ ConfigurationState string } `xml:"InventoryTableConfiguration"`
	}
	if err := xml.Unmarshal(doc, &body); err != nil {
		return errMalformedXML()
	}
	newer := body.XMLName.Local == "MetadataConfiguration"
	if sub == "metadataTable" && newer {
		return newError(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	if sub == "metadataTable" {
		d := newXMLDoc("GetBucketMetadataTableConfigurationResult")
		d.text("Status", "ACTIVE")
		d.close("GetBucketMetadataTableConfigurationResult")
		return x.document(d)
	}
	var region, account string
	x.front.Locked(func(w *simulator.World) { region, account = w.Config().Region, w.Config().Account })
	bucketARN := "arn:aws:s3tables:" + region + ":" + account + ":bucket/aws-s3"
	d := newXMLDoc("GetBucketMetadataConfigurationResult")
	d.open("MetadataConfigurationResult")
	d.open("DestinationResult")
	d.text("TableBucketType", "aws")
	d.text("TableBucketArn", bucketARN)
	d.text("TableNamespace", "b_"+x.bucket)
	d.close("DestinationResult")
	d.open("JournalTableConfigurationResult")
	d.text("TableStatus", "ACTIVE")
	d.text("TableName", "journal")
	d.close("JournalTableConfigurationResult")
	if i := body.InventoryTable; i != nil {
		d.open("InventoryTableConfigurationResult")
		d.text("ConfigurationState", i.ConfigurationState)
		if i.ConfigurationState == "ENABLED" {
			t := x.front.liveInventory(bucketARN, x.bucket)
			d.text("TableStatus", cmp.Or(t.Status, "ACTIVE"))
			d.text("TableName", "inventory")
			if t.ID != "" {
				d.text("TableArn", t.ARN())
			}
		}
		d.close("InventoryTableConfigurationResult")
	}
	d.close("MetadataConfigurationResult")
	d.close("GetBucketMetadataConfigurationResult")
	return x.document(d)
}
