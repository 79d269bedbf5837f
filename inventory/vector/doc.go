// Package vector holds the values of one batch of a column, row by row, as the
// readers of ORC and Parquet files hand them out.
//
// A vector belongs to the rows it came from, and every batch fills it anew: what
// is needed longer must be copied. Null[i] tells that row i has no value; its
// place then holds a zero. A vector is for one goroutine at a time.
package vector
