package schema

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// files are the plain manifest, and what the chart makes of every value.
var files = []string{"../../../deploy/kubernetes.yaml", "../../deploy/testdata/every-value.yaml"}

// kinds has a value of each kind that the files may hold. Kubernetes has no PodMonitor:
// tools/deploy reads it by the types of the Prometheus Operator.
func kinds(kind string) any {
	switch kind {
	case "v1/ServiceAccount":
		return new(core.ServiceAccount)
	case "batch/v1/Job":
		return new(batch.Job)
	case "networking.k8s.io/v1/NetworkPolicy":
		return new(networking.NetworkPolicy)
	}
	return nil
}

// check reads a document strictly, as the API server does with strict field validation.
func check(text []byte, into any) error {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	strict, err := json.UnmarshalStrict(asJSON, into)
	return errors.Join(append(strict, err)...)
}

// documents are those of a file, by version and kind.
func documents(t *testing.T, file string) map[string][]byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, text := range bytes.Split(data, []byte("\n---\n")) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(text, &head); err != nil {
			t.Fatal(err)
		}
		all[head.APIVersion+"/"+head.Kind] = text
	}
	return all
}

func TestOlderKubernetesTakesThem(t *testing.T) {
	for _, file := range files {
		read := 0
		for kind, text := range documents(t, file) {
			into := kinds(kind)
			if into == nil {
				if kind != "monitoring.coreos.com/v1/PodMonitor" {
					t.Errorf("%s: nothing reads a %s", file, kind)
				}
				continue
			}
			read++
			if err := check(text, into); err != nil {
				t.Errorf("%s: %s: %v", file, kind, err)
			}
		}
		if read < 2 {
			t.Errorf("%s: %d documents were read", file, read)
		}
	}
}

// TestVersionIsOlder: another version than tools/deploy has, or this proves nothing.
func TestVersionIsOlder(t *testing.T) {
	older, newer := version(t, "../go.mod"), version(t, "../../go.mod")
	if !strings.HasPrefix(older, "v0.34.") || older == newer {
		t.Errorf("k8s.io/api is %s here and %s in tools", older, newer)
	}
}

// version is that of k8s.io/api in a go.mod.
func version(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^\s+k8s\.io/api (v\S+)`).FindSubmatch(data)
	if m == nil {
		t.Fatalf("%s names no k8s.io/api", file)
	}
	return string(m[1])
}

// A check that lets everything pass would prove nothing.
func TestStrictReadingFinds(t *testing.T) {
	text := documents(t, files[0])["batch/v1/Job"]
	for _, broken := range [][2]string{{"completions: 8", "completions: eight"}, {"  podFailurePolicy:", "  podFailurePolicies:"}} {
		changed := bytes.Replace(text, []byte(broken[0]), []byte(broken[1]), 1)
		if bytes.Equal(text, changed) || check(changed, new(batch.Job)) == nil {
			t.Errorf("%q for %q: nothing was found wrong", broken[1], broken[0])
		}
	}
}
