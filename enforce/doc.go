// Package enforce closes a bucket for what is not under a key. The default encryption
// puts uploads that say nothing under the key. Statements of the bucket's policy deny
// uploads that ask for something else. A change is shown, made, read back and tried; one
// that does not hold is set back.
package enforce
