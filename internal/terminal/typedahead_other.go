//go:build !linux && !darwin

package terminal

// dropTypedAhead does nothing here: what was typed ahead counts as the answer.
func dropTypedAhead(int) {}
