// Package formula has the tests of packaging/formula.sh, and nothing else.
package formula
