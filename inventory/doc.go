// Package inventory turns an S3 Inventory report into records: it finds and
// checks the manifest, verifies every data file before a row of it counts, and
// decodes CSV, ORC and Parquet into one Record, row numbers stable for ever.
//
// It knows nothing of what is done to an object.
package inventory
