// Package parquet turns an Apache Parquet file behind an io.ReaderAt into
// batches of column values.
//
// Open reads the footer. File.Rows then reads chosen top-level columns of a
// range of rows, batch after batch, into vectors that are reused:
//
//	f, err := parquet.Open(r, size)
//	rows, err := f.Rows([]string{"key", "size"}, 0, f.NumRows(), parquet.Options{})
//	key, err := rows.Bytes("key")
//	length, err := rows.Int64("size")
//	for {
//		n, err := rows.Next(ctx)
//		if err == io.EOF {
//			break
//		}
//		for i := range n {
//			use(key.At(i), length.Values[i], length.Null[i])
//		}
//	}
//
// It exists because the Go modules that read Parquet trust the file: they
// allocate what a length field claims and panic on some damage. Here, whatever
// the bytes say, the outcome is values or an error. Memory grows with bytes that
// are there, up to Options.Memory; loops end with the bytes or with the rows
// that were asked for.
//
// Read are flat columns, required or optional, of the physical types BOOLEAN,
// INT32, INT64, INT96 (as timestamps) and BYTE_ARRAY; data pages of version 1
// and 2; the encodings PLAIN, dictionary, RLE and the three DELTA ones; no
// compression, snappy, gzip, zstd and LZ4_RAW. Other columns may be in the file
// and are passed over. Page checksums are compared where there are any.
// Statistics, indexes and bloom filters are not used; encrypted files are refused.
package parquet
