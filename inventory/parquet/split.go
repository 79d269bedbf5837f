package parquet

// split puts together the values of the encoding BYTE_STREAM_SPLIT: first the first
// bytes of all values, then the second ones, and so on.
type split struct {
	data  []byte
	width int // bytes of a value
	count int // values in data
	at    int // the next one
}

func newSplit(data []byte, width int) (split, error) {
	if len(data)%width != 0 {
		return split{}, corrupt("values of %d bytes in streams of %d bytes together", width, len(data))
	}
	return split{data: data, width: width, count: len(data) / width}, nil
}

// next fills dst with the values that follow, which it has whole.
func (s *split) next(dst []byte) error {
	n := len(dst) / s.width
	if n > s.count-s.at {
		return corrupt("split values: %v", errShort)
	}
	for j := range s.width {
		stream := s.data[j*s.count+s.at:]
		for k := range n {
			dst[k*s.width+j] = stream[k]
		}
	}
	s.at += n
	return nil
}

// stringy tells whether values are byte strings in the file.
func (f *Field) stringy() bool { return f.Kind == ByteArray || f.Kind == FixedLenByteArray }

// bytes is the width of a value that the encoding BYTE_STREAM_SPLIT is defined for; 0
// for the others.
func (f *Field) bytes() int {
	switch f.Kind {
	case Int32:
		return 4
	case Int64:
		return 8
	case FixedLenByteArray:
		return f.width
	}
	return 0
}
