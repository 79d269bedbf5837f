package orc

import (
	"errors"
	"io"
	"math"
)

// Options say how a file is read. The zero value is good for a file on local disk.
type Options struct {
	// Window is the number of bytes taken from the file in one ReadAt, and held, per stream of a wanted column.
	// 0 means 256 KiB. Where a read is a request over a network, some MiB are better.
	Window int
	// BatchRows is the largest number of rows in a batch. 0 means 1024: some 200 KB of values for S3 Inventory, which
	// stays in the second-level cache.
	BatchRows int
	Limits    Limits
}

// Limits bound the memory that a file can make a reader take. Fields that are 0 get the defaults named here.
type Limits struct {
	// FooterBytes bounds the decompressed footer of the file and of a stripe. Default 32 MiB.
	FooterBytes int
	// DictionaryBytes bounds the dictionaries of all wanted columns of a stripe together, with 4 bytes an entry for its
	// place. Default 128 MiB; writers keep a whole stripe, dictionaries included, near 64 MiB before compression.
	DictionaryBytes int
	// ValueBytes bounds a single string. Default 4 MiB.
	ValueBytes int
	// BatchBytes bounds the strings of one column of one batch. Default 64 MiB.
	BatchBytes int
}

// withDefaults returns o with unset fields filled in and the rest brought into a range in which sums cannot overflow.
func (o Options) withDefaults() Options {
	set := func(v *int, standard int) {
		if *v <= 0 {
			*v = standard
		}
		*v = min(*v, 1<<30)
	}
	set(&o.Window, 256<<10)
	set(&o.BatchRows, 1024)
	set(&o.Limits.FooterBytes, 32<<20)
	set(&o.Limits.DictionaryBytes, 128<<20)
	set(&o.Limits.ValueBytes, 4<<20)
	set(&o.Limits.BatchBytes, 64<<20)
	return o
}

// Stripe is one of the independent parts of a file.
type Stripe struct {
	First  int64 // its first row, counted from 0 through the file
	Rows   int64 // number of rows
	Offset int64 // its first byte in the file
	Length int64 // bytes, with its index and its footer

	data   int64 // bytes of index and data streams, which its footer follows
	footer int64 // bytes of its footer
}

// File is an open ORC file. It does not change after Open: several Rows may read from it at once, if its io.ReaderAt
// allows that, as os.File and bytes.Reader do.
type File struct {
	r       io.ReaderAt
	size    int64
	opts    Options
	codec   compression
	block   int // largest decompressed chunk
	nodes   []node
	fields  []Field
	stripes []Stripe
	rows    int64
}

// Open reads the postscript and the footer of the ORC file of size bytes in r. The file must not change while it is used.
// Errors are of type *Error.
func Open(r io.ReaderAt, size int64, opts Options) (*File, error) {
	f := &File{r: r, size: size, opts: opts.withDefaults()}
	ps, tail, err := f.readPostscript()
	if err != nil {
		return nil, located(err, "read postscript", -1, "", -1)
	}
	if err := f.readFooter(ps, tail); err != nil {
		return nil, located(err, "read footer", -1, "", -1)
	}
	return f, nil
}

// Schema is the list of top-level columns in the order of the file. The caller must not change it.
func (f *File) Schema() []Field { return f.fields }

// NumRows is the number of rows in the file.
func (f *File) NumRows() int64 { return f.rows }

// Stripes is the list of stripes in the order of their rows. The caller must not change it.
func (f *File) Stripes() []Stripe { return f.stripes }

// Compression names the codec of the file, such as "zlib" or "none".
func (f *File) Compression() string { return f.codec.String() }

// section reads a byte range of the file whole. Its callers bound n.
func (f *File) section(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > f.size || n > f.size-off || n > math.MaxInt32 {
		return nil, corrupt("bytes %d+%d of a file of %d", off, n, f.size)
	}
	b := make([]byte, n)
	if err := f.readAt(b, off); err != nil {
		return nil, err
	}
	return b, nil
}

// readAt fills b from the file. That the file ends although its size says otherwise is io.ErrUnexpectedEOF.
func (f *File) readAt(b []byte, off int64) error {
	n, err := f.r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
