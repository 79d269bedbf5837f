package orc

// BytesColumn holds strings, as the raw bytes of the file.
type BytesColumn struct {
	Null []bool

	data       []byte // of the batch, or the dictionary of the stripe
	start, end []uint32
}

// At is the value of row i, empty where it is null. It shares memory with the column; appending to it copies.
func (c *BytesColumn) At(i int) []byte { return c.data[c.start[i]:c.end[i]:c.end[i]] }
