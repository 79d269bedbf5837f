// Package simtest makes a simulated account the one of a test.
package simtest

import (
	"strings"
	"testing"

	"reseal/internal/simulator/simaws"
	"reseal/s3api"
)

// Serve serves an account until the test ends, and has the environment of the test lead to
// it, and to no other.
func Serve(t testing.TB, account *simaws.Account) {
	t.Helper()
	served := make(chan error, 1)
	go func() { served <- account.Serve(t.Context()) }()
	t.Cleanup(func() { <-served }) // the context of the test has ended by then
	env, err := account.Environment(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(simaws.CleanEnvironment(nil), env...) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

// Client serves an account and returns a client of it, which is closed when the test ends.
func Client(t testing.TB, account *simaws.Account) *s3api.Client {
	t.Helper()
	Serve(t, account)
	client, err := s3api.New(t.Context(), s3api.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	return client
}
