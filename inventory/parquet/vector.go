package parquet

// BytesColumn holds strings.
type BytesColumn struct {
	Null   []bool
	values [][]byte
}

// At returns the value of row i, empty where it is null.
func (c *BytesColumn) At(i int) []byte { return c.values[i] }
