// Package metrics turns the state of a run into metrics for Prometheus.
// docs/metrics.md lists them.
package metrics
