package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/job"
)

// rekeyCmd puts another key into a job's plan, with a hash that matches, as somebody
// might who can write the job's folder:
//
//	rekey FILE KEY
func rekeyCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: rekey FILE KEY")
	}
	var made job.Plan
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &made))
	made.Options.KMSKeyID = args[1]
	made.Hash = made.Frozen.Hash()
	data, err := json.Marshal(made)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

// configFolder is the user's folder of configuration in tests, so that none writes into
// the one of whoever runs them.
type configFolder struct{ tests testscript.TestingM }

func (c configFolder) Run() int {
	folder, err := os.MkdirTemp("", "reseal-config-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	os.Setenv("XDG_CONFIG_HOME", folder)
	return c.tests.Run()
}

// withConfigFolder has a script use a folder of configuration of its own.
func withConfigFolder(env *testscript.Env) {
	env.Setenv("XDG_CONFIG_HOME", strings.TrimSuffix(env.WorkDir, "/")+"/.config")
}
