package preflight

import (
	"context"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Beside is what a check looks at besides the bucket and its configuration.
type Beside struct {
	Report  *inventory.Located // of the bucket; nil for none
	Planned *inventory.Table   // of the job that is asked about; nil for none
	Probing bool               // a run would probe the endpoint, where that is not AWS
	Readers []string           // ARNs that must still be able to read
}

// LookWith looks at the bucket and at what is beside it, by requests that change nothing.
// Client, Options and Facts of the checker are those of the bucket.
func (c *Checker) LookWith(ctx context.Context, b Beside) (err error) {
	c.Probing = b.Probing && c.Facts.AWS != plan.Yes
	if b.Report != nil {
		m := b.Report.Report.Manifest()
		c.Missing = inventory.UsefulColumns.Without(m.Columns)
		c.Table = LookAtTable(ctx, c.Client, c.Options.Bucket, TableSource{Table: m.Table, URI: b.Report.URI, Planned: b.Planned})
	}
	c.Look(ctx)
	try := c.Listed
	if b.Report != nil {
		c.Lifetime(ctx, b.Report.Report, b.Report.URI)
		c.sayTable()
		if c.Facts.ObjectLock != plan.No {
			if try, err = ToCopy(ctx, &plan.Policy{Options: c.Options, Facts: c.Facts, Now: time.Now()}, b.Report.Report, nil); err != nil {
				return err
			}
		}
	}
	c.Locks(ctx, try)
	c.Readers(ctx, b.Readers)
	return nil
}
