//go:build !race

package s3api

const raced = false
