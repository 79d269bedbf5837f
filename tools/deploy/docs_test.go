package deploy

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
)

const kubernetesPage = "../../docs/kubernetes.md"

func readPage(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(kubernetesPage)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestDocumentedValuesWork: the chart takes the values that the page shows.
func TestDocumentedValuesWork(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readPage(t), -1)
	if len(blocks) != 1 {
		t.Fatalf("%d blocks of values, want one", len(blocks))
	}
	values, err := common.ReadValues([]byte(blocks[0][1]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := render(values); err != nil {
		t.Error(err)
	}
}

// TestEveryValueIsDocumented: the table of the page and values.yaml name the same values,
// apart from the four without a default.
func TestEveryValueIsDocumented(t *testing.T) {
	_, table, _ := strings.Cut(readPage(t), "\n## Values\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var documented []string
	for _, row := range regexp.MustCompile(`(?m)^\| (`+"`.*?"+`) \|`).FindAllStringSubmatch(table, -1) {
		for _, name := range strings.Split(row[1], ", ") {
			documented = append(documented, strings.Trim(name, "`"))
		}
	}
	defaults, err := common.ReadValuesFile(chartFolder + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(defaults)), "manifest", "sseKmsKeyId", "job", "region")))
	slices.Sort(documented)
	if !slices.Equal(documented, want) {
		t.Errorf("documented: %q\nvalues.yaml: %q", documented, want)
	}
}
