// Package orc turns an Apache ORC file behind an io.ReaderAt into batches of column values.
//
// [Open] reads the tail of the file: its schema and its stripes. [File.Rows] then reads chosen top-level columns of a range
// of rows, a batch at a time, into vectors that are reused from batch to batch:
//
//	f, err := orc.Open(r, size, orc.Options{})
//	rows, err := f.Rows([]string{"key", "size"}, 0, f.NumRows())
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
// # What is read
//
// The format is ORC v1 (file versions 0.11 and 0.12) as the Apache ORC project specifies it, with the codecs zlib, snappy,
// lz4 and zstd, or none; run lengths of version 1 and 2; strings direct or by dictionary. Columns of the kinds listed at
// [Kind] can be read; columns of every other kind, nested ones among them, may be in the file and are passed over without
// being read. Bloom filters, row indexes and statistics are not used. LZO, brotli, column encryption and file versions
// from 1.0 on give an error that wraps [ErrUnsupported].
//
// # Memory
//
// A stripe is never held whole. Each stream of a wanted column (a column has one to four) holds a window of compressed
// bytes and one decompressed chunk, so a reader of c columns needs about 3·c·([Options].Window + block size of the file),
// plus dictionaries, which ORC can only look up at random and which [Limits] bounds. The block size is 64 to 256 KiB with
// the usual writers; up to 8 MiB is accepted.
//
// # Damage
//
// ORC has no checksums. Whatever the bytes say, this package returns an error or some values: it does not panic, its loops
// end with the stream or with the row count the file states, and memory grows with bytes that are really there and not with
// lengths that are only claimed. But a flipped bit inside a string is invisible here. Compare the checksum of the file first.
package orc
