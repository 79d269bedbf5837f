// Package ratelimit turns the demand of requests into permission to send them:
// below every quota in every second, first come first served, giving way to
// throttling.
//
// # Who counts what
//
// One pacer goroutine, Run, releases waiting steps every 5 ms. Nobody else
// touches the limiters. A golang.org/x/time/rate.Limiter that many goroutines
// share was measured to admit up to 240 times its rate: a caller that is late
// moves its clock back, and the same time is credited twice (golang/go issue
// 65508). Here it has one caller, which passes the time itself.
//
// Between two ticks a step passes at once while nobody waits for its scopes and
// it is within what the limiter had left at the last tick; the pacer tells the
// limiter at the next. So a run below its rates waits for no tick, and the pacer
// sleeps; one that uses them in full always has somebody waiting, and takes
// turns by ticks.
//
// Each scope of a quota has two counters, and a step passes only if both allow it:
//
//   - The window holds what was released in the last 1.004 s, in slots of a tick.
//     Nothing is released beyond the limit less its count, so no second holds
//     more, at any offset, through stalls, pauses and changes of the rate. This
//     is the guarantee, and it depends neither on ticks nor on the time between them.
//   - The limiter is the mean rate. It spreads releases over the second, adds
//     up the fractions that make 0.5/s exact, and keeps ten ticks' worth at
//     most: ticks that come late on a busy machine are made up for, a stall is not.
//
// The window costs half a percent: a closed second holds 201 ticks. The slack
// of 4 ms, for goroutines that run later than they were released, is free, as
// it is less than a tick. What the scheduler delays by more, and what the
// network bunches, is beyond this package; a cap somewhat below the quota is
// the answer to that. A cap that is no whole number allows the next one in a
// single second, and holds on average.
//
// Demands count by their upper end. A step heavier than what a second may hold
// passes alone, when a full window was empty, and after waiting for as long as its
// weight takes at the rate, but no more than for a minute's worth.
//
// A step that was released counts as used, even if its context ended at that
// moment and it is never sent.
//
// # Scopes, lanes and order
//
// KMS has one scope, the job. Reads and writes of S3 have one for the bucket
// and, below it, one for each key prefix that proved to be throttled alone,
// at most 1,024 (S3 partitions by prefix: Amazon S3 User Guide,
// optimizing-performance, read 2026-11-21). Steps that have to pass the same
// scopes wait in one lane. So the head of a lane never holds up a step whose
// own scopes are free. Among lanes the oldest head goes first, retries before
// all. A head that does not fit closes the scope that it lacks until the next
// tick, so that light steps cannot starve a heavy one.
//
// The runs of several buckets may share one cap on KMS requests besides (shared.go): a
// step that its own governor released then waits for its turn among those of the others.
//
// # Finding the rate
//
// Each scope has a rate, and is in one phase (control.go):
//
//		             level reached              throttled
//		  ramping -------------------> rising -----------> recovering
//		     ^                           ^                   |    |
//		     | SetCap above the rate     |  well past the    |    | throttled again:
//		     +---------------------------+  old level        |    | a deeper cut
//		                                 +-------------------+ <--+
//
//	  - ramping: from a fifth of the expected rate to all of it, by 39 % a second, in 4.9 s.
//	    The first throttle ends it, at what was sent in the second before.
//	  - rising: S3 by 1 % a second, up to the cap; KMS stays at the cap.
//	  - recovering: the rate was cut. It comes back by a cubic curve around the
//	    level that was throttled: steep at first, flat around that level for some
//	    20 s. Once it is well past the level it doubles every 3 s.
//
// Time counts only while steps were held back by the rate. What is not used is no
// evidence.
//
// The first throttle cuts the rate to 97 %, or by 2/s where that is more: requests
// may have met on their way. If more of those released before the cut fail, by 5 %
// of a second's requests, the quota is lower. The rate then goes to 85 %, or to
// 70 % if there was a cut in the last 3 s. Only requests released a second after a
// cut can cause the next one. So many failures at once are one cut, and a quota
// that halved is found in three. In the tests' quota server, less than 0.7 % of
// requests are throttled from five seconds after a quota halved, and 95 to 99 % of
// the new quota are used.
//
// # Which keys are throttled
//
// S3 does not say which of its partitions throttles. A throttled S3 scope is sampled
// (sample.go): what becomes of its requests is kept, up to 4,096 outcomes, until
// 10 s after the last throttle.
//
//		            throttled               300 ms later
//		 no sample -----------> sampling ----------------> decide
//		     ^                   ^  |                       |  |  |
//		     | 10 s of quiet     |  |  all keys alike: cut  |  |  |
//		     +-------------------+--+-----------------------+  |  |
//		     |      throttles cluster under prefixes: split     |  |
//		     +--------------------------------------------------+  |
//		     |      only one folder was seen: guess it             |
//		     +-----------------------------------------------------+
//
//	  - Cut: the scope's rate is cut, as above, and the sample goes on. Prefixes are looked
//	    for again a second later, when all is known that was sent before.
//	  - Split (cluster.go): each such prefix becomes a scope below the bucket's, and
//	    the bucket's rate goes back to what it was. The cluster must show in both
//	    halves of the sample: a report lists keys in order, so those sent while a
//	    quota was short share a prefix by that alone. Of prefixes in one another the
//	    narrowest counts that shows in both.
//	  - Guess (guess.go): a report in order shows one folder for a long time. The
//	    folder becomes a scope with the rate the bucket would have had, so others can
//	    pass it by. Once others are throttled too, it was the bucket: the bucket takes
//	    over what the folder learned, and no folder is guessed for a minute.
//
// Both scenes that this is for are tests: ten prefixes of which one is throttled, and
// a report in order with one slow folder. Without the split the nine others go at the
// pace of the tenth. Without the guess, nothing passes the slow folder.
//
// # The life of a step
//
// Waiters are pooled and each has its own channel, so that a step allocates
// nothing. A waiter is in exactly one state: queued in a lane, or told by one
// value in its channel that it is released or that Run has ended. Whoever
// leaves early takes itself out of its lane under the lock, or, if it is too
// late for that, takes the value. Without anybody waiting the pacer sleeps.
package ratelimit
