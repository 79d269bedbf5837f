// Package otheruser lets a test do something as a user whom the modes of files stop. It
// does so on Linux alone.
package otheruser
