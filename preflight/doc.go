// Package preflight turns bucket, key, policies and caller into findings, hazards
// and permissions, and changes nothing.
package preflight
