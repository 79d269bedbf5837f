package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"reseal/internal/wait"
	"reseal/policy"
	"reseal/s3api"
)

// ChangedError says that somebody else changed the policy of the destination after it
// was read. Nothing was written.
type ChangedError struct{ Bucket string }

// Error names the bucket.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("nothing was changed: somebody else changed the policy of %s meanwhile", e.Bucket)
}

// Read finds out what is there. source and destination are clients for the two
// buckets. To be called before the methods below.
func (s *Setup) Read(ctx context.Context, source, destination *s3api.Client) error {
	var err error
	if s.existing, err = source.InventorySetup(ctx, s.Bucket, s.Inventory.ID); err != nil {
		return err
	}
	if s.policy, err = destination.BucketPolicy(ctx, s.destination); err != nil {
		return err
	}
	statement, err := json.Marshal(s.Statement)
	if err != nil {
		return fmt.Errorf("write statement: %w", err)
	}
	if s.wanted = s.policy; policy.Has(s.policy, statement) {
		return nil
	}
	if s.wanted, err = policy.Merge(s.policy, []json.RawMessage{statement}, nil); err != nil {
		return fmt.Errorf("the policy of %s: %w", s.destination, err)
	}
	return nil
}

// Exists tells whether there is a configuration of this id, whatever it says.
func (s *Setup) Exists() bool { return s.existing != nil }

// Configured tells whether the inventory is there as wanted; the order of its
// columns does not matter.
func (s *Setup) Configured() bool { return s.existing != nil && text(s.existing) == text(s.Inventory) }

// Allowed tells whether the policy of the destination lets S3 write the reports.
func (s *Setup) Allowed() bool { return bytes.Equal(s.policy, s.wanted) }

// Configurations returns the configuration that is there and the one that is wanted,
// as indented JSON with columns in the same order; "" where there is none.
func (s *Setup) Configurations() (before, after string) { return text(s.existing), text(s.Inventory) }

// Policies returns the policy of the destination as it is and as it is wanted; nil
// where there is none.
func (s *Setup) Policies() (before, after []byte) { return s.policy, s.wanted }

// text is a configuration for comparing and reading.
func text(k *s3api.InventorySetup) string {
	if k == nil {
		return ""
	}
	sorted := *k
	sorted.OptionalFields = slices.Sorted(slices.Values(k.OptionalFields))
	out, err := json.MarshalIndent(sorted, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(out) + "\n"
}

// Apply makes what is missing, the permission first: S3 may try it out.
func (s *Setup) Apply(ctx context.Context, source, destination *s3api.Client) error {
	if !s.Allowed() {
		now, err := destination.BucketPolicy(ctx, s.destination)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, s.policy) {
			return &ChangedError{s.destination}
		}
		if err := destination.SetBucketPolicy(ctx, s.destination, s.wanted); err != nil {
			return fmt.Errorf("nothing was changed: %w", err)
		}
	}
	if s.Configured() {
		return nil
	}
	if err := source.SetInventory(ctx, s.Bucket, s.Inventory); err != nil {
		return fmt.Errorf("the policy of %s is as wanted, the inventory is not set up: %w", s.destination, err)
	}
	return s.readBack(ctx, source)
}

// settle is how long a configuration may take to be seen as it was written: those of
// buckets are eventually consistent (Amazon S3 User Guide, Welcome, "Amazon S3 data
// consistency model", read 2026-11-29).
const settle = time.Minute

// readBack looks until the inventory is there as wanted.
func (s *Setup) readBack(ctx context.Context, source *s3api.Client) error {
	began, pause := time.Now(), 50*time.Millisecond
	for {
		there, err := source.InventorySetup(ctx, s.Bucket, s.Inventory.ID)
		late := time.Since(began) >= settle
		switch {
		case err == nil && text(there) == text(s.Inventory):
			return nil
		case err != nil && (late || s3api.Refused(err)):
			return fmt.Errorf("the inventory was set up, but could not be read back: %w", err)
		case late:
			return errors.New("the inventory was set up, but reads back as something else")
		}
		if err := wait.For(ctx, pause); err != nil {
			return fmt.Errorf("the inventory was set up, but was not read back: %w", err)
		}
		pause = min(2*pause, 5*time.Second)
	}
}
