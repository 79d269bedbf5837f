// Package inflate expands deflate data (RFC 1951), bare and in gzip's frame (RFC 1952).
//
//	z, err := inflate.NewGzip(file)  // a stream
//	out, err := d.Expand(buf, src, limit)  // bytes that are all there
//
// It takes what compress/flate and compress/gzip take, and refuses what they refuse: fuzz
// tests hold it against them. It is there for its speed, which bounds how fast reports are
// read: eight bytes of input at a time, several symbols between two looks at where input
// and output end, and matches copied in words of eight bytes. Where that ends, a slower
// loop goes on symbol by symbol and meets the end exactly.
package inflate
