package job

import (
	"slices"
	"strings"

	"reseal/checkpoint"
	"reseal/report"
)

// Counters of a job, beside those that the packages of their subject name. Settled
// rows add to them, so they are right after any number of resumes.
const (
	CounterRequests    = "requests"         // to S3, by settled rows
	CounterKMSMax      = "kms_calls_max"    // of S3 to KMS for them, at most
	CounterBytes       = "bytes"            // of objects that are done
	CounterRepeats     = "repeats"          // objects found done that no answer was recorded of
	CounterImported    = "imported"         // of objects that are done: by the word of a completion report of S3 Batch Operations
	CounterUnconfirmed = "unconfirmed"      // updates whose effect nobody looked at, as --confirm has it
	CounterLooked      = "left_after_look"  // objects that a look showed to need nothing: the plan had them as something to do
	CounterWantedKey   = "keys.wanted"      // already encrypted, by the key that a look showed
	CounterAWSKey      = "keys.aws_managed" // of these: aws/s3
	CounterOtherKey    = "keys.other"
	CounterUnsorted    = "keys.other_or_aws_managed" // by a run that could not ask for aws/s3
	CounterDone        = "done."                     // and the action, or repeat: objects that are done
	CounterSkipped     = "skipped."                  // and the reason: objects that were left alone

	// CounterClientSide counts objects that clients encrypt themselves. Behind it and a
	// dot it holds the key of one such object, so that some can be named.
	CounterClientSide = "client_side"
)

// LongestNamedKey is the longest key, in bytes, that fits into the name of a counter.
const LongestNamedKey = 200

// Reencrypted is how many objects the runs of a job re-encrypted.
func Reencrypted(t checkpoint.Totals) (n int64) {
	for name, count := range t.Counters {
		if strings.HasPrefix(name, CounterDone) {
			n += count
		}
	}
	return n
}

// Handled is how many objects earlier runs of a job dealt with, of those that its
// plan has as something to do.
func Handled(t checkpoint.Totals) int64 {
	return Reencrypted(t) + t.Failed + t.Counters[CounterLooked]
}

// ClientEncrypted reads the counters of a job for objects that clients encrypt. Each
// share of a job names some of them.
func ClientEncrypted(counters map[string]int64) report.ClientEncrypted {
	c := report.ClientEncrypted{Objects: counters[CounterClientSide]}
	for name := range counters {
		if key, is := strings.CutPrefix(name, CounterClientSide+"."); is {
			c.Keys = append(c.Keys, key)
		}
	}
	slices.Sort(c.Keys)
	c.Keys = c.Keys[:min(len(c.Keys), report.MostClientKeys)]
	return c
}

// EncryptedKeys reads the counters of a job for the keys that looks showed.
func EncryptedKeys(counters map[string]int64) report.EncryptedKeys {
	unsorted := counters[CounterUnsorted]
	return report.EncryptedKeys{Wanted: counters[CounterWantedKey], AWS: counters[CounterAWSKey],
		Other: counters[CounterOtherKey] + unsorted, AnyAWS: unsorted > 0}
}
