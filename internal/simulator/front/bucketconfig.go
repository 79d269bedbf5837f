package front

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"time"

	"reseal/internal/simulator"
)

// configuration is one of the bucket configurations that are kept as the
// client wrote them.
type configuration struct {
	sub    string // sub-resource
	kind   simulator.ConfigKind
	root   string // root element of its document; "" for the JSON of policies
	status int    // of a good PUT
	empty  bool   // S3 answers an empty document where none was put
}

var configurations = []configuration{
	{sub: "policy", kind: simulator.PolicyConfig, status: http.StatusNoContent},
	{sub: "lifecycle", kind: simulator.LifecycleConfig, root: "LifecycleConfiguration", status: http.StatusOK},
	{sub: "website", kind: simulator.WebsiteConfig, root: "WebsiteConfiguration", status: http.StatusOK},
	{sub: "replication", kind: simulator.ReplicationConfig, root: "ReplicationConfiguration", status: http.StatusOK},
	{sub: "notification", kind: simulator.NotificationConfig, root: "NotificationConfiguration", status: http.StatusOK, empty: true},
	{sub: "logging", kind: simulator.LoggingConfig, root: "BucketLoggingStatus", status: http.StatusOK, empty: true},
	{sub: "cors", kind: simulator.CORSConfig, root: "CORSConfiguration", status: http.StatusOK},
	{sub: "tagging", kind: simulator.TaggingConfig, root: "Tagging", status: http.StatusNoContent},
	{sub: "inventory", kind: simulator.InventoryConfig, root: "InventoryConfiguration", status: http.StatusNoContent},
	{sub: "metadataTable", kind: simulator.MetadataConfig, root: "MetadataTableConfiguration", status: http.StatusOK},
	{sub: "metadataConfiguration", kind: simulator.MetadataConfig, root: "MetadataConfiguration", status: http.StatusOK},
}

// configuration finds which one a request means; the routing has seen to it
// that there is one.
func (x *exchange) configuration() configuration {
	for _, c := range configurations {
		if x.query.has(c.sub) {
			return c
		}
	}
	panic("front: no configuration for a routed sub-resource")
}

func getConfig(x *exchange) error {
	c, r, id := x.configuration(), x.request(), x.query.get("id")
	if c.kind == simulator.InventoryConfig && id == "" {
		return listInventories(x)
	}
	doc, err := world(x.front, func(w *simulator.World, now time.Time, r *simulator.Request) ([]byte, *simulator.Error) {
		return w.GetBucketConfig(now, r, c.kind, id)
	}, &r)
	switch {
	case err != nil:
		return err
	case c.kind == simulator.PolicyConfig:
		return x.send(http.StatusOK, "application/json", doc)
	case c.kind == simulator.MetadataConfig:
		return x.metadataResult(c.sub, doc)
	case doc == nil && c.empty:
		d := newXMLDoc(c.root)
		d.close(c.root)
		return x.document(d)
	}
	return x.send(http.StatusOK, "application/xml", doc)
}

func putConfig(x *exchange) error {
	c, r, id := x.configuration(), x.request(), x.query.get("id")
	doc, err := x.readDocument()
	if err != nil {
		return err
	}
	if c.kind == simulator.InventoryConfig && id == "" {
		return errInvalidArgument("Missing required query parameter: id", "id", "")
	}
	if c.kind != simulator.PolicyConfig && !hasRoot(doc, c.root) {
		return errMalformedXML()
	}
	err = do(x.front, func(w *simulator.World, now time.Time) *simulator.Error {
		return w.PutBucketConfig(now, &r, c.kind, id, doc)
	})
	if err != nil {
		return err
	}
	return x.empty(c.status)
}

func deleteConfig(x *exchange) error {
	c, id := x.configuration(), x.query.get("id")
	return x.bucketDelete(func(w *simulator.World, now time.Time, r *simulator.Request) *simulator.Error {
		return w.DeleteBucketConfig(now, r, c.kind, id)
	})
}

// hasRoot reports whether doc is well-formed XML with this root element.
func hasRoot(doc []byte, root string) bool {
	var v struct{ XMLName xml.Name }
	return xml.Unmarshal(doc, &v) == nil && v.XMLName.Local == root
}

// listInventories answers ListBucketInventoryConfigurations: the documents one
// after the other. S3 pages them by 100; this list is whole.
func listInventories(x *exchange) error {
	r := x.request()
	docs, err := world(x.front, func(w *simulator.World, now time.Time, r *simulator.Request) ([][]byte, *simulator.Error) {
		ids, err := w.ListBucketConfigs(now, r, simulator.InventoryConfig)
		if err != nil {
			return nil, err
		}
		var docs [][]byte
		for _, id := range ids {
			doc, err := w.GetBucketConfig(now, r, simulator.InventoryConfig, id)
			if err != nil {
				return nil, err
			}
			docs = append(docs, doc)
		}
		return docs, nil
	}, &r)
	if err != nil {
		return err
	}
	d := newXMLDoc("ListInventoryConfigurationsResult")
	for _, doc := range docs {
		d.buf = append(d.buf, withoutDeclaration(doc)...)
	}
	d.bool("IsTruncated", false)
	d.close("ListInventoryConfigurationsResult")
	return x.document(d)
}

// withoutDeclaration drops "<?xml …?>", which may stand only at the start.
func withoutDeclaration(doc []byte) []byte {
	doc = bytes.TrimSpace(doc)
	if bytes.HasPrefix(doc, []byte("<?xml")) {
		if _, rest, ok := bytes.Cut(doc, []byte("?>")); ok {
			return rest
		}
	}
	return doc
}
