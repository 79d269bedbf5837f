package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"reseal/checkpoint"
)

// document is a small JSON document that a run writes again and again. No decision
// rests on it.
type document struct {
	store   checkpoint.Store
	name    string
	version checkpoint.Version // as it was last written or read
	unsure  bool               // the last write may or may not have taken place
}

// put writes v. After a write that failed it first looks what version is there
// now, so that one failure does not make all later writes fail as well.
func (d *document) put(ctx context.Context, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", d.name, err)
	}
	if d.unsure {
		_, version, err := d.store.Get(ctx, d.name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look at %s: %w", d.name, err)
		}
		// After the look: whoever takes the job over from here on writes another version.
		if err := d.store.Held(ctx); err != nil {
			return fmt.Errorf("write %s: %w", d.name, err)
		}
		d.version, d.unsure = version, false
	}
	version, err := d.store.Put(ctx, d.name, append(data, '\n'), d.version)
	if err != nil {
		d.unsure = true
		return err
	}
	d.version = version
	return nil
}
