// Package deploy holds manifests for schedulers, and checks that they have the
// form that the schedulers want. There is no code in it.
package deploy
