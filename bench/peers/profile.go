package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// addition is what main.go gets at its end.
const addition = `
var profile *os.File

func startProfile() {
	if len(os.Args) < 2 || os.Args[1] != "run" {
		return // the server is the same program
	}
	var err error
	if profile, err = os.Create(os.Getenv("PEERS_PROFILE") + ".cpu"); err == nil {
		err = pprof.StartCPUProfile(profile)
	}
	if err != nil {
		panic(err)
	}
}

func exitProfiled(code int) {
	if profile == nil {
		os.Exit(code)
	}
	pprof.StopCPUProfile()
	_ = profile.Close()
	if f, err := os.Create(os.Getenv("PEERS_PROFILE") + ".allocs"); err == nil {
		_ = pprof.Lookup("allocs").WriteTo(f, 0)
		_ = f.Close()
	}
	os.Exit(code)
}
`

// profiling returns the flags with which reseal is built to write a CPU profile
// of a whole run to $PEERS_PROFILE.cpu, and what was allocated to .allocs; the source itself stays as it is.
func profiling(repository, folder string) ([]string, error) {
	name, err := filepath.Abs(filepath.Join(repository, "cmd/reseal/main.go"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	changed := strings.NewReplacer("func main() {", "func main() {\n\tstartProfile(); ", "os.Exit(", "exitProfiled(",
		"package main\n", "package main\n\nimport \"runtime/pprof\"\n").Replace(string(text)) + addition
	replacement := filepath.Join(folder, "main.go")
	if err := os.WriteFile(replacement, []byte(changed), 0o644); err != nil {
		return nil, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{name: replacement}})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "overlay.json")
	return []string{"-overlay", file}, os.WriteFile(file, overlay, 0o644)
}
