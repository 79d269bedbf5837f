package plan

import (
	"encoding/json"
	"fmt"
)

// Seen is a value that somebody asked for and was told, be it that there is
// none. The zero value was not asked for, or could not be read: it says nothing,
// so it is neither equal to another value nor a loss of one.
//
// In JSON a value that was told is written as itself, also where it is empty. One
// that was not is left out, with the option omitzero.
type Seen[T any] struct {
	told  bool
	value T
}

// Saw returns a value that was told.
func Saw[T any](v T) Seen[T] { return Seen[T]{told: true, value: v} }

// Get returns the value, and false where nobody was told it.
func (s Seen[T]) Get() (T, bool) { return s.value, s.told }

// IsZero tells whether the value was not asked for, or could not be read.
func (s Seen[T]) IsZero() bool { return !s.told }

// String returns the value as text, for messages of tests.
func (s Seen[T]) String() string {
	if !s.told {
		return "not asked"
	}
	return fmt.Sprint(s.value)
}

// MarshalJSON implements json.Marshaler.
func (s Seen[T]) MarshalJSON() ([]byte, error) {
	if !s.told {
		return []byte("null"), nil
	}
	return json.Marshal(s.value)
}

// UnmarshalJSON implements json.Unmarshaler. A member that is there was told,
// also where it is null: Go writes an empty list like that.
func (s *Seen[T]) UnmarshalJSON(data []byte) error {
	*s = Seen[T]{told: true}
	return json.Unmarshal(data, &s.value)
}
