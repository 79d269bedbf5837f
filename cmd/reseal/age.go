package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"reseal/plan"
)

// ageErrors reads the bounds of age, and says what is wrong with them.
func (s *selection) ageErrors(o *plan.Options) (errs []error) {
	var err error
	if o.MinAge, o.Before, err = parseAge(s.olderThan); err != nil {
		errs = append(errs, fmt.Errorf("--older-than %w", err))
	}
	if o.MaxAge, o.After, err = parseAge(s.newerThan); err != nil {
		errs = append(errs, fmt.Errorf("--newer-than %w", err))
	}
	if o.MinAge > 0 && o.MaxAge > 0 && o.MinAge > o.MaxAge || !o.After.IsZero() && !o.Before.IsZero() && !o.After.Before(o.Before) {
		errs = append(errs, errors.New("--newer-than and --older-than exclude each other: nothing would be selected"))
	}
	return errs
}

// parseAge reads an age, in days, weeks or as a duration, or a date. "" is neither.
func parseAge(text string) (age time.Duration, at time.Time, err error) {
	const day = 24 * time.Hour
	if text == "" {
		return 0, at, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err = time.Parse(layout, text); err == nil {
			return 0, at.UTC(), nil
		}
	}
	for unit, of := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, is := strings.CutSuffix(text, unit); is {
			if n, err := strconv.ParseInt(number, 10, 16); err == nil && n > 0 {
				return time.Duration(n) * of, at, nil
			}
		}
	}
	if age, err = time.ParseDuration(text); err != nil || age <= 0 {
		return 0, at, fmt.Errorf("%q: want an age such as 12h, 30d or 8w, or a date such as 2026-01-31", text)
	}
	return age, at, nil
}
