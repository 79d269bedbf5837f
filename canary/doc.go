// Package canary turns the first objects of every kind into a proof that all of
// them is kept, or into the loss by name, before the rest of the kind is begun.
package canary
