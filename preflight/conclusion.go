package preflight

import "slices"

// Conclusion is what the rows of a preflight come to.
type Conclusion struct {
	Rows   map[Status]int64 // how many there are of each status
	Needed []string         // what --accept has to name before a run begins, sorted

	ByProbe []string // of Needed, what a probe on scratch objects would settle as well
}

// Conclude counts rows.
func Conclude(rows []Finding) Conclusion {
	c := Conclusion{Rows: map[Status]int64{}}
	for _, row := range rows {
		c.Rows[row.Status]++
		if row.Accept != "" {
			c.Needed = append(c.Needed, row.Accept)
		}
		if row.ByProbe {
			c.ByProbe = append(c.ByProbe, row.Accept)
		}
	}
	for _, names := range []*[]string{&c.Needed, &c.ByProbe} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	return c
}

// Stopped tells whether something must be mended before a run gets anywhere.
func (c *Conclusion) Stopped() bool { return c.Rows[StatusStop] > 0 }

// Hidden tells whether the caller may read so little that nothing can be said of a run.
func (c *Conclusion) Hidden() bool {
	return c.Rows[StatusUnknown] > c.Rows[StatusOK]+c.Rows[StatusWarning]
}

// Refused tells whether a run with the same options would refuse to begin, or whether
// that is not known.
func (c *Conclusion) Refused() bool { return c.Stopped() || c.Hidden() || len(c.Needed) > 0 }
