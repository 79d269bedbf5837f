// Package inventory turns an S3 Inventory report into records: it finds and
// checks the manifest, verifies every data file before a row of it counts, and
// decodes CSV, ORC and Parquet into one Record, row numbers stable for ever.
//
// Reports are found with Reports and Newest, read with Open and Report.Read,
// and written with Writer; OpenList and OpenBatchReport read other lists of
// objects in the same way. Bytes come from a Source: Local is one, for folders.
//
// It knows nothing of what is done to an object.
package inventory
