// Package s5cmd pins s5cmd as a tool, with the modules that its release was built
// with: no other module's requirements raise them.
package s5cmd
