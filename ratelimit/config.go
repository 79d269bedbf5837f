package ratelimit

import (
	"math"
	"time"
)

// Limits are rates of the quotas in requests a second. 0, as anything else
// that is not above 0, means none.
type Limits struct {
	KMS    float64 // of the whole job
	Writes float64 // of the bucket
	Reads  float64 // of the bucket
}

// Config is what a Governor starts with. The zero value is useful: no caps, S3
// as its documentation promises for one prefix and upwards from there.
type Config struct {
	// Caps are never exceeded, in no second. They can be changed by SetCap.
	Caps Limits

	// Expected are rates that the services are thought to grant. A run
	// starts below and gets there by the ramp; from there on it rises slowly
	// up to the cap, if there is one. Default: 3,500 writes and 5,500 reads,
	// what S3 grants at least per partitioned prefix, while more partitions
	// come with load, gradually (Amazon S3 User Guide, optimizing-performance,
	// read 2026-11-21); for KMS the cap. +Inf is unpaced until throttled.
	Expected Limits

	// Start is the share of the expected rate to start with. Default 0.2.
	Start float64

	// RampUp is how long the rate takes to grow tenfold on its way from there to the
	// expected rate, not counting time in which the run does not use what it is allowed.
	// Default 7 s: all of it after 4.9 s. Below 0 is no ramp.
	RampUp time.Duration

	// Rise is the share that the rate gains each second above the expected
	// rate while nothing is throttled. Default 0.01: doubled in 70 s. S3 needs
	// minutes to partition, and sheds load until it has.
	Rise float64

	// Shared is a cap on KMS requests that this governor has together with others; nil
	// for none. It has to run for as long as the governor does.
	Shared *Shared

	// MaxSlots is the most that Slots returns. Default 1,024.
	MaxSlots int
}

// withDefaults returns c with unset fields filled in.
func (c Config) withDefaults() Config {
	orElse := func(v *float64, d float64) {
		if !(*v > 0) {
			*v = d
		}
	}
	none := math.Inf(1)
	orElse(&c.Caps.KMS, none)
	orElse(&c.Caps.Writes, none)
	orElse(&c.Caps.Reads, none)
	orElse(&c.Expected.KMS, none)
	orElse(&c.Expected.Writes, 3500)
	orElse(&c.Expected.Reads, 5500)
	orElse(&c.Start, 0.2)
	orElse(&c.Rise, 0.01)
	c.Start = min(c.Start, 1)
	if c.RampUp == 0 {
		c.RampUp = 7 * time.Second
	}
	if c.MaxSlots <= 0 {
		c.MaxSlots = 1024
	}
	return c
}
