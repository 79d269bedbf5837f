package main

import (
	"errors"
	"fmt"

	"reseal/internal/cli"
	"reseal/plan"
)

// ageErrors reads the bounds of age, and says what is wrong with them.
func (s *selection) ageErrors(o *plan.Options) (errs []error) {
	var err error
	if o.MinAge, o.Before, err = cli.ParseAge(s.olderThan); err != nil {
		errs = append(errs, fmt.Errorf("--older-than %w", err))
	}
	if o.MaxAge, o.After, err = cli.ParseAge(s.newerThan); err != nil {
		errs = append(errs, fmt.Errorf("--newer-than %w", err))
	}
	if o.MinAge > 0 && o.MaxAge > 0 && o.MinAge > o.MaxAge || !o.After.IsZero() && !o.Before.IsZero() && !o.After.Before(o.Before) {
		errs = append(errs, errors.New("--newer-than and --older-than exclude each other: nothing would be selected"))
	}
	return errs
}
