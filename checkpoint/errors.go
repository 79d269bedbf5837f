package checkpoint

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotLocked says that something was to be written without holding the lock.
var ErrNotLocked = errors.New("job is not locked by this process")

// ConflictError says that a document is not the one that was to be replaced:
// another process wrote it.
type ConflictError struct {
	Name         string
	Expect, Have Version // "" for none
}

// Error names the document.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s was changed by another process (version %q, expected %q)", e.Name, e.Have, e.Expect)
}

// ShortError says that a result segment is shorter than what the state says
// was written to it: lines are lost.
type ShortError struct {
	Name       string
	Size, Want int64 // bytes
}

// Error names the segment and its size.
func (e *ShortError) Error() string {
	return fmt.Sprintf("%s has %d bytes where %d were written: result lines are lost", e.Name, e.Size, e.Want)
}

// LockedError says that a live process holds the job.
type LockedError struct {
	Job    string // folder or address of the job
	Holder Holder // zero where it could not be read
}

// Error names the holder.
func (e *LockedError) Error() string {
	return fmt.Sprintf("job %s is held by %v", e.Job, e.Holder)
}

// Difference is one thing that is not as the job has it.
type Difference struct {
	Name string // option, or what else differs
	Have string // in the job
	Want string // now asked for
}

// MismatchError says that a job was made for something else than what is now
// asked for, so that its state must not be believed.
type MismatchError struct {
	Job         string // folder, address or name of the document that differs
	Differences []Difference
}

// Error names every difference.
func (e *MismatchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s belongs to another job", e.Job)
	for i, d := range e.Differences {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s is %s there and %s here", sep, d.Name, d.Have, d.Want)
	}
	return b.String()
}

// Fault is what is wrong with a state file.
type Fault uint8

// The faults.
const (
	Foreign      Fault = iota + 1 // not a state file at all
	Newer                         // written by a newer version of the program
	Truncated                     // cut off
	Damaged                       // bits have changed since it was written
	Inconsistent                  // unchanged since it was written, but contradicts itself
)

var faultNames = map[Fault]string{
	Foreign:      "not a state file",
	Newer:        "written by a newer version of the program",
	Truncated:    "cut off",
	Damaged:      "damaged",
	Inconsistent: "contradicts itself",
}

// String returns the fault in words.
func (f Fault) String() string { return faultNames[f] }

// StateError says that a state file cannot be believed.
type StateError struct {
	Name   string // of the file, "" where only its bytes are known
	Fault  Fault
	Detail string
}

// Error names file and fault.
func (e *StateError) Error() string {
	name := e.Name
	if name == "" {
		name = "state"
	}
	return fmt.Sprintf("%s: %v: %s", name, e.Fault, e.Detail)
}

// LostError says that neither copy of the state of a segment can be believed.
type LostError struct {
	Segment int
	Errs    []error // one a copy
}

// Error says what is wrong and what can be done.
func (e *LostError) Error() string {
	return fmt.Sprintf("no copy of the state of segment %d can be used: %v; put them back from a backup, or move both away: "+
		"the segment then starts over, its objects are looked at again and those done already are recognised",
		e.Segment, errors.Join(e.Errs...))
}

// Unwrap returns what is wrong with each copy.
func (e *LostError) Unwrap() []error { return e.Errs }
