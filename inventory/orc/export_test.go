package orc

import "testing"

// InventoryFile writes a data file of a report, in stripes of 250,000 rows and
// compressed as S3 compresses, for benchmarks of what reads reports.
func InventoryFile(tb testing.TB, rows int) []byte {
	w := inventoryRows(rows, zlib)
	w.rows = min(rows, 250_000)
	return w.write(tb)
}
