package report

// fewestGone is of how many objects it is said that nearly all of them are gone.
const fewestGone = 100

// NearlyAllGone asks whether the right objects were looked at, where more than nine of
// ten are gone; "" else, and for less than 100.
func NearlyAllGone(gone, lookedAt int64) string {
	tenth := lookedAt/10 + min(1, lookedAt%10) // rounded up
	if lookedAt < fewestGone || lookedAt-gone >= tenth {
		return ""
	}
	return Percent(gone, lookedAt) + " of what was looked at is gone: wrong bucket, report or endpoint?"
}
