//go:build race

package s3api

// raced: sync.Pool drops what it gets at random, so pooled memory is allocated again.
const raced = true
