package preflight

import (
	"context"
	"sync"

	"reseal/s3api"
)

// answers are what AWS says to the questions that every look at a run asks.
type answers struct {
	caller         callerAnswer
	key            keyAnswer
	encryption     s3api.DefaultEncryption
	encryptionErr  error
	replication    []s3api.ReplicationRule
	replicationErr error
	listed         []string // some keys of the bucket
	listErr        error
	policy         []byte // of the bucket, nil where it has none
	policyErr      error
}

// callerAnswer says who asks.
type callerAnswer struct {
	identity s3api.Identity
	err      error
	role     string // with its path
	roleErr  error
}

// keyAnswer says what is known of the key, and where that is known, whether the caller may
// use it.
type keyAnswer struct {
	key s3api.Key
	err error
	use error
}

// ask asks all questions side by side, as none depends on another, and waits for all
// answers. The rows are said afterwards, in their order. keyed is whether the key is
// asked for.
func (c *Checker) ask(ctx context.Context, keyed bool) *answers {
	a, bucket := &answers{}, c.Options.Bucket
	var asked sync.WaitGroup
	asked.Go(func() { a.caller = c.askCaller(ctx) })
	if keyed {
		asked.Go(func() { a.key = c.askKey(ctx) })
		asked.Go(func() { a.encryption, a.encryptionErr = c.Client.BucketEncryption(ctx, bucket) })
	}
	asked.Go(func() { _, a.replication, a.replicationErr = c.Client.Replication(ctx, bucket) })
	asked.Go(func() { a.listed, a.listErr = c.Client.MayList(ctx, bucket) })
	asked.Go(func() { a.policy, a.policyErr = c.Client.BucketPolicy(ctx, bucket) })
	asked.Wait()
	return a
}

// askCaller finds out who the caller is, and of what role.
func (c *Checker) askCaller(ctx context.Context) (a callerAnswer) {
	if a.identity, a.err = c.Client.Identity(ctx); a.err == nil {
		a.role, a.roleErr = c.Client.Role(ctx, a.identity)
	}
	return a
}

// askKey asks about the key that was named, if one was, and tries it by a dry run that
// makes no data key.
func (c *Checker) askKey(ctx context.Context) (a keyAnswer) {
	if c.Options.KMSKeyID == "" {
		return a
	}
	if a.key = c.known; a.key.ARN != c.Options.KMSKeyID {
		a.key, a.err = c.Client.Key(ctx, c.Options.KMSKeyID)
	}
	if a.err == nil {
		a.use = c.Client.CheckKey(ctx, a.key)
	}
	return a
}
