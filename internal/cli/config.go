package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"reseal/internal/smallfile"
)

// maxConfig is the size, in bytes, of the largest file of options that is read.
const maxConfig = 1 << 20

// plausible is what may be meant as the name of an option.
var plausible = regexp.MustCompile(`^-{0,2}[a-z][a-z0-9_-]{0,60}$`)

// configFile is a file of options: YAML, one option a line, by the names of the flags.
type configFile struct {
	path   string
	values map[string][]string
	lines  map[string]int
}

// readConfig reads a file of options. Names that no command knows are errors; those
// that only other commands know are not, so that one file serves all of them.
func readConfig(path string, known []string) (*configFile, error) {
	c := &configFile{path: path, values: map[string][]string{}, lines: map[string]int{}}
	text, err := smallfile.Read(path, maxConfig)
	if err != nil {
		return nil, Usagef("--%s: %w", ConfigFlag, err)
	}
	var doc, more yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	if err := documents.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, Usagef("--%s %s: %w", ConfigFlag, path, err)
	}
	if err := documents.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, Usagef("--%s %s: want one document; there is more after its end (--- or ...)", ConfigFlag, path)
	}
	if len(doc.Content) == 0 {
		return c, nil // empty, or comments alone
	}
	options := doc.Content[0]
	if options.Kind != yaml.MappingNode {
		return nil, Usagef("--%s %s: want lines such as\n  kms-share: 25%%", ConfigFlag, path)
	}
	for i := 0; i < len(options.Content); i += 2 {
		if err := c.add(options.Content[i], options.Content[i+1], known); err != nil {
			return nil, Usagef("%s:%d: %w", path, options.Content[i].Line, err)
		}
	}
	return c, nil
}

// add takes one option of the file.
func (c *configFile) add(name, value *yaml.Node, known []string) error {
	switch {
	case name.Kind != yaml.ScalarNode || !plausible.MatchString(name.Value): // of another kind of file nothing is shown
		return errors.New("want the name of an option, without the dashes before it")
	case name.Value == ConfigFlag:
		return fmt.Errorf("%q is no option of a file: it names no other file", name.Value)
	case !slices.Contains(known, name.Value):
		return fmt.Errorf("%q is no option%s", name.Value, Meant(name.Value, known, ""))
	}
	if line, twice := c.lines[name.Value]; twice {
		return fmt.Errorf("%s stands in line %d already", name.Value, line)
	}
	c.lines[name.Value] = name.Line
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	values := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		values = value.Content
	}
	for _, v := range values {
		if v.Kind == yaml.AliasNode {
			v = v.Alias
		}
		if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
			return fmt.Errorf("%s: want a value, or a list of values", name.Value)
		}
		c.values[name.Value] = append(c.values[name.Value], v.Value)
	}
	return nil
}

func (c *configFile) of(f *pflag.Flag) (values []string, where string, err error) {
	return c.values[f.Name], fmt.Sprintf("%s:%d", c.path, c.lines[f.Name]), nil
}
