// Package migrate turns an open job into one in which nothing is left that this
// run can do: passes over the report, each of which settles something.
package migrate
