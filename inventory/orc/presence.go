package orc

import "reseal/inventory/vector"

// presence reads which rows of a column have a value. A column without a PRESENT stream has one in every row.
type presence struct {
	s    stream
	bits boolRLE
	has  bool
}

func (p *presence) reset(at span) {
	p.s.reset(at)
	p.bits.reset()
	p.bits.bytes.s = &p.s
	p.has = at.length > 0
}

// read fills null for the next len(null) rows and returns how many of them have a value. parent tells which rows are null
// as a whole, if not nil: the column's streams know nothing of them.
func (p *presence) read(null, parent []bool) (int, error) {
	rows := len(null)
	if parent != nil {
		rows = 0
		for _, missing := range parent {
			if !missing {
				rows++
			}
		}
	}
	missing := 0
	if p.has {
		var err error
		if missing, err = p.bits.read(null[:rows], 0xff); err != nil {
			return 0, err
		}
	} else {
		clear(null[:rows])
	}
	if parent != nil {
		vector.Spread(null, parent, rows)
		for i, missing := range parent {
			if missing {
				null[i] = true
			}
		}
	}
	return rows - missing, nil
}

func (p *presence) finished() error {
	if !p.has {
		return nil
	}
	return p.bits.finished()
}
