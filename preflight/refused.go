package preflight

// RefusedError is work that was not begun, nothing having been written.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

// UntouchedError is work that ended before anything was written, for whatever reason.
type UntouchedError struct{ Err error }

func (e *UntouchedError) Error() string { return e.Err.Error() }
func (e *UntouchedError) Unwrap() error { return e.Err }
