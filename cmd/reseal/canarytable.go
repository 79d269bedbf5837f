package main

import (
	"reseal/canary"
	"reseal/console"
	"reseal/migrate"
	"reseal/preflight"
)

// canaryWords puts the errors of a run's canary into words for people. A run that such an
// error ends counts as refused.
func canaryWords(err error) error {
	words, refused := console.CanaryWords(err)
	if refused {
		return &preflight.RefusedError{Err: words}
	}
	return words
}

// CanaryBegins implements migrate.Observer.
func (o *runObserver) CanaryBegins(objects, traits int64) {
	console.CanaryBegins(o.messages, objects, traits)
}

// CanaryTried implements migrate.Observer.
func (o *runObserver) CanaryTried(t migrate.FirstTried) {
	o.retime(t.Latency)
	console.CanaryTried(o.messages, t)
}

// CanaryTable implements migrate.Observer.
func (o *runObserver) CanaryTable(t *canary.Table) { o.table.Show(o.messages, t) }
