package orc

// Streams of a column, numbered as in the file. Indexes and filters have higher numbers.
const (
	streamPresent    = 0
	streamData       = 1
	streamLength     = 2
	streamDictionary = 3
	streamSecondary  = 5
	streamKinds      = 6
)

// Encodings of a column, numbered as in the file.
const (
	encodingDirect       = 0
	encodingDictionary   = 1
	encodingDirectV2     = 2
	encodingDictionaryV2 = 3
)

// span is a byte range of the file.
type span struct{ offset, length int64 }

// part is what a stripe says of one column.
type part struct {
	spans    [streamKinds]span
	encoding uint64
	entries  uint64 // of its dictionary
	rows     int64  // of the stripe
	zone     string // of the writer
	budget   *int64 // bytes that dictionaries of the stripe may still take
}

func (p *part) dictionary() bool {
	return p.encoding == encodingDictionary || p.encoding == encodingDictionaryV2
}

func (p *part) v2() bool { return p.encoding == encodingDirectV2 || p.encoding == encodingDictionaryV2 }

// readParts reads the footer of stripe i and fills parts, which is indexed by type; columns that nobody wants are nil in
// it and are passed over.
func (f *File) readParts(i int, parts []*part) error {
	st := f.stripes[i]
	if st.footer > int64(f.opts.Limits.FooterBytes) {
		return overLimit("stripe footer of %d bytes", st.footer)
	}
	at := st.Offset + st.data
	raw, err := f.section(at, st.footer)
	if err != nil {
		return err
	}
	body, err := f.expand(raw, at)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p != nil {
			*p = part{rows: st.Rows, budget: p.budget}
		}
	}
	free := span{st.Offset, st.data} // what of the stripe has not been given to a stream yet
	encodings := 0
	zone := ""
	m := message{rest: body}
	for m.next() {
		switch m.num {
		case 1:
			err = addStream(parts, m.bytes(), &free)
		case 2:
			if encodings >= len(parts) {
				return corrupt("more encodings than the %d types", len(parts))
			}
			err = parseEncoding(parts[encodings], m.bytes())
			encodings++
		case 3:
			zone = string(m.bytes())
		case 4:
			return unsupported("column encryption is")
		}
		if err != nil {
			return err
		}
	}
	if m.err != nil {
		return m.err
	}
	if encodings != len(parts) {
		return corrupt("%d encodings for %d types", encodings, len(parts))
	}
	for _, p := range parts {
		if p != nil {
			p.zone = zone
		}
	}
	return nil
}

// addStream takes the next stream of the stripe off free. Streams lie one behind the other, in the order of the list.
func addStream(parts []*part, body []byte, free *span) error {
	var kind, id, length uint64
	if err := readUints(body, &kind, &id, &length); err != nil {
		return err
	}
	if length > uint64(free.length) {
		return corrupt("stream of %d bytes where the stripe has %d left", length, free.length)
	}
	taken := span{free.offset, int64(length)}
	free.offset += taken.length
	free.length -= taken.length
	if id >= uint64(len(parts)) {
		return corrupt("stream of type %d of %d", id, len(parts))
	}
	if kind >= streamKinds || parts[id] == nil {
		return nil
	}
	if parts[id].spans[kind].length > 0 {
		return corrupt("two streams of kind %d for type %d", kind, id)
	}
	parts[id].spans[kind] = taken
	return nil
}

func parseEncoding(p *part, body []byte) error {
	var kind, entries uint64
	if err := readUints(body, &kind, &entries); err != nil {
		return err
	}
	if kind > encodingDictionaryV2 {
		return unsupported("column encoding %d is", kind)
	}
	if p != nil {
		p.encoding, p.entries = kind, entries
	}
	return nil
}
