package options

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/verify"
)

// What is asked for of a verification is what it goes by; what cannot be meant is refused.
func TestVerification(t *testing.T) {
	var v Verification
	f := pflag.NewFlagSet("verify", pflag.ContinueOnError)
	v.Bind(f)
	if err := f.Parse([]string{"--sample=1%", "--bodies=5%", "--max-outage=2m", "--allow=not-done", "--allow=not-compared", "--kms-rps=7", "--seed=9"}); err != nil {
		t.Fatal(err)
	}
	c, err := v.Read()
	if err != nil || c.Sample != 0.01 || c.SampleText != "1%" || c.Bodies != 0.05 || c.Patience != 2*time.Minute || c.KMSRate != 7 || c.Seed != 9 || c.Workers != 256 || c.ReadRate != 5500 ||
		len(c.Allowed) != 2 || c.Allowed[1] != verify.NotCompared {
		t.Errorf("%+v, %v", c, err)
	}
	good := v
	for want, edit := range map[string]func(*Verification){
		"--sample ":               func(v *Verification) { v.Sample = "0%" },
		"want a share above":      func(v *Verification) { v.Sample = "all" },
		"must be above 0":         func(v *Verification) { v.Concurrency = 0 },
		"--s3-rps and":            func(v *Verification) { v.ReadRPS = 0 },
		"--max-outage":            func(v *Verification) { v.Outage = 0 },
		"--bodies: ":              func(v *Verification) { v.Bodies = "5" },
		`--allow "proven"`:        func(v *Verification) { v.Allow = []string{"proven"} },
		"did you mean not-done":   func(v *Verification) { v.Allow = []string{"not-don"} },
		"--concurrency, --s3-rps": func(v *Verification) { v.KMSRPS = -1 },
	} {
		v := good
		edit(&v)
		if _, err := v.Read(); !errors.As(err, new(*cli.UsageError)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// What is served is served on this machine alone, unless that is said to be meant.
func TestServed(t *testing.T) {
	for address, want := range map[string]string{"": "", "8080": "127.0.0.1:8080", ":8080": "127.0.0.1:8080", "127.0.0.1:0": "127.0.0.1:0"} {
		page, profiles := Page{Address: address}, Profiles{Address: address}
		if err := errors.Join(page.Complete(), profiles.Complete()); err != nil || page.Address != want && page.Address != strings.Replace(want, "127.0.0.1", "localhost", 1) || profiles.Address != page.Address {
			t.Errorf("%q: %q and %q, %v; want %q", address, page.Address, profiles.Address, err, want)
		}
	}
	if err := (&Page{Address: "0.0.0.0:80", Exposed: true}).Complete(); err != nil {
		t.Error(err)
	}
	for want, err := range map[string]error{
		"--ui-expose is about":    (&Page{Exposed: true}).Complete(),
		"--ui-expose says that":   (&Page{Address: "0.0.0.0:80"}).Complete(),
		"--ui ":                   (&Page{Address: "here"}).Complete(),
		"--debug-expose is about": (&Profiles{Exposed: true}).Complete(),
		"--debug-addr ":           (&Profiles{Address: "here"}).Complete(),
	} {
		if !errors.As(err, new(*cli.UsageError)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
