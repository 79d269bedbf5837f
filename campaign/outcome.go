package campaign

import "slices"

// severity has the exit codes of buckets, the worst first: the whole ends with the first
// of these that any bucket has. It is the rule that one command goes by where several of
// them hold (docs/scripting.md).
var severity = []int{1, 2, 6, 5, 7, 130, 143, 129, 4, 3}

// Worst is the exit code of the whole, of those of its buckets. One that is not known is
// worse than all.
func Worst(codes []int) int {
	worst, rank := 0, len(severity)
	for _, code := range codes {
		if code == 0 {
			continue
		}
		if r := slices.Index(severity, code); r < rank { // -1 for an unknown one
			worst, rank = code, r
		}
	}
	return worst
}

// State is how a bucket stands.
type State string

// The states.
const (
	New         State = "new"         // planned, and has no job
	GoesOn      State = "goes on"     // has a job with rows left
	Running     State = "running"     // somebody works on it
	Finished    State = "finished"    // nothing is left
	Failures    State = "failures"    // nothing is left but objects that failed
	Stopped     State = "stopped"     // by a limit, or by the want of money or time to begin
	Refused     State = "refused"     // by a hazard, a policy, or what the canary found
	OtherJob    State = "other job"   // its job is not of what the list says, or is held
	Interrupted State = "interrupted" // by a signal
	Error       State = "error"       // anything else that ended or prevented it
	LeftOut     State = "left out"    // of the list by now
)

// States are all of them.
func States() []State {
	return []State{New, GoesOn, Running, Finished, Failures, Stopped, Refused, OtherJob, Interrupted, Error, LeftOut}
}

// Begins tells whether there is something to do for a run.
func (s State) Begins() bool { return s == New || s == GoesOn }

// Exit codes, as docs/scripting.md has them.
const (
	FailuresCode = 3
	stoppedCode  = 4 // by a limit
	refusedCode  = 5
	otherJobCode = 6
)

// stateOf is the state of a bucket whose run ended with an exit code.
func stateOf(code int) State {
	switch code {
	case 0:
		return Finished
	case FailuresCode:
		return Failures
	case stoppedCode:
		return Stopped
	case refusedCode:
		return Refused
	case otherJobCode:
		return OtherJob
	case 130, 143, 129:
		return Interrupted
	}
	return Error
}
