package selfcheck

import (
	"context"
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
	"reseal/preflight"
	"reseal/s3api"
)

// KeepsError says why a bucket would not let go of scratch objects.
type KeepsError struct{ Err error }

func (e *KeepsError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *KeepsError) Unwrap() error { return e.Err }

// Prepare reads the facts of a bucket and resolves the key, an ARN, id or alias. It
// writes nothing. A bucket that would not let go of scratch objects is a KeepsError.
// The Config lacks a prefix and what is optional, the Facts the name of the program.
func Prepare(ctx context.Context, client *s3api.Client, bucket, keyID string) (Config, *Facts, error) {
	client, err := client.ForBucket(ctx, bucket)
	if err != nil {
		return Config{}, nil, err
	}
	is, _, err := client.Facts(ctx, bucket)
	if err != nil {
		return Config{}, nil, err
	}
	if err := preflight.KeepsScratch(bucket, is); err != nil {
		return Config{}, nil, &KeepsError{err}
	}
	key, err := client.Key(ctx, keyID)
	arn := key.ARN
	if s3api.KindOf(err) == s3api.KeyUnchecked {
		arn, err = keyID, nil
	}
	if err != nil {
		return Config{}, nil, err
	}
	facts := &Facts{Version: FactsVersion, At: time.Now().UTC(), Endpoint: client.Endpoint().URL, Region: client.Region(), Bucket: bucket, Key: arn}
	if id, err := client.Identity(ctx); err == nil {
		facts.Account = id.Account
	}
	return Config{Client: client, Facts: is, KeyARN: arn}, facts, nil
}

// Price is what requests cost in a Region at most; known is false where that Region has
// no price.
func Price(region string, d plan.Demand) (total cost.Money, known bool) {
	prices, _ := cost.BuiltIn().Region(region)
	return prices.Spent(&plan.Task{Record: inventory.Record{StorageClass: inventory.Standard}}, d, false, time.Time{})
}
