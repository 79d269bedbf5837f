package list

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"reseal/internal/outfile"
	"reseal/internal/plain"
	"reseal/internal/smallfile"
)

// Error is a campaign file that is not taken. Nothing was done.
type Error struct {
	File string
	Line int // 0: the file as a whole
	Err  error
}

// Error names the file, the line, and what is wrong there.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	}
	return e.File + ": " + e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// document is a campaign file as it is written.
type document struct {
	Format  string  `yaml:"format"`
	Buckets []entry `yaml:"buckets"`
}

type entry struct {
	Name       string   `yaml:"name"`
	Region     string   `yaml:"region"`
	Account    string   `yaml:"account"`
	Role       string   `yaml:"role"`
	ExternalID string   `yaml:"external-id"`
	Profile    string   `yaml:"profile"`
	Manifest   string   `yaml:"manifest"`
	Columns    string   `yaml:"columns"`
	Key        string   `yaml:"sse-kms-key-id"`
	Prefixes   []string `yaml:"prefix"`
	Exclude    []string `yaml:"exclude-prefix"`
	UntilClean *bool    `yaml:"until-clean"`
	Include    *bool    `yaml:"include"`
}

// Read reads a campaign file. A file that is not taken is a *Error or, where it is no
// text of a size that is read, a *smallfile.Error.
func Read(name string) (*List, error) {
	text, err := smallfile.Read(name, MaxFile)
	if err != nil {
		return nil, err
	}
	return Parse(name, text)
}

// Parse reads the text of a campaign file called name.
func Parse(name string, text []byte) (*List, error) {
	buckets, err := nodes(text)
	if err != nil {
		return nil, located(name, err)
	}
	var doc document
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&doc); err != nil {
		return nil, located(name, err)
	}
	l := &List{Buckets: make([]Bucket, len(doc.Buckets))}
	for i, e := range doc.Buckets {
		if e.Include == nil {
			return nil, &Error{name, buckets[i].Line, fmt.Errorf("bucket %s: want include: true, or include: false", shown(e.Name))}
		}
		l.Buckets[i] = Bucket{Name: e.Name, Region: e.Region, Account: e.Account, Role: e.Role, ExternalID: e.ExternalID, Profile: e.Profile,
			Manifest: e.Manifest, Columns: e.Columns, Key: e.Key, Prefixes: e.Prefixes, ExcludePrefixes: e.Exclude, UntilClean: e.UntilClean,
			Include: *e.Include, Reason: reasonOf(buckets[i])}
	}
	if i, err := l.check(); err != nil {
		return nil, &Error{name, buckets[i].Line, err}
	}
	return l, nil
}

// lineError is something wrong in one line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }

// nodes returns the entries of a campaign file as they stand there, once it has the
// form of one.
func nodes(text []byte) ([]*yaml.Node, error) {
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("nothing is in it")
		}
		return nil, err
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("want one document; there is more after its end (--- or ...)")
	}
	if err := noAlias(&doc); err != nil {
		return nil, err
	}
	format, buckets := member(&doc, "format"), member(&doc, "buckets")
	switch {
	case format == nil || format.Value != Format:
		return nil, fmt.Errorf("no campaign file: want format: %s", Format)
	case buckets == nil || buckets.Kind != yaml.SequenceNode || len(buckets.Content) == 0:
		return nil, errors.New("want a list of buckets below buckets:")
	case len(buckets.Content) > MaxBuckets:
		return nil, &lineError{buckets.Content[MaxBuckets].Line, fmt.Errorf("more than %d buckets", MaxBuckets)}
	}
	for _, b := range buckets.Content {
		if b.Kind != yaml.MappingNode {
			return nil, &lineError{b.Line, errNoFields}
		}
		if err := noNull(b); err != nil {
			return nil, err
		}
		if err := ofKind(b); err != nil {
			return nil, err
		}
	}
	return buckets.Content, nil
}

// noNull refuses a field or an item without a value. It would read as one that is not there,
// and a prefix that is not there is the whole bucket.
func noNull(n *yaml.Node) error {
	if n.Tag == "!!null" {
		return &lineError{n.Line, errors.New("a value is missing, or is null: give one, or leave the line out")}
	}
	for _, c := range n.Content {
		if err := noNull(c); err != nil {
			return err
		}
	}
	return nil
}

// ofKind refuses a field of a bucket whose value is of another kind than the field takes.
// The YAML library would say so in the words of a programmer.
func ofKind(b *yaml.Node) error {
	for i := 0; i+1 < len(b.Content); i += 2 {
		name, value := b.Content[i], b.Content[i+1]
		if name.Kind != yaml.ScalarNode {
			return &lineError{name.Line, errNoFields}
		}
		var into any
		var want string
		switch name.Value {
		case "include", "until-clean":
			into, want = new(bool), "true or false"
		case "prefix", "exclude-prefix":
			into, want = new([]string), "a list, such as [films/]"
		case "name", "region", "account", "role", "external-id", "profile", "manifest", "columns", "sse-kms-key-id":
			into, want = new(string), "text"
		default:
			continue // no field of a bucket, which is said later
		}
		if value.Decode(into) != nil {
			return &lineError{value.Line, fmt.Errorf("%s: want %s", name.Value, want)}
		}
	}
	return nil
}

// errNoFields is an entry that is no bucket.
var errNoFields = errors.New("want the fields of a bucket, such as name: media")

// noAlias refuses what would make a value stand for another one.
func noAlias(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Tag == "!!merge" {
		return &lineError{n.Line, errors.New("anchors and aliases (&, *, <<) are not taken")}
	}
	for _, c := range n.Content {
		if err := noAlias(c); err != nil {
			return err
		}
	}
	return nil
}

// member is the value of a field of a mapping, nil where it has none.
func member(n *yaml.Node, name string) *yaml.Node {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// reasonOf is what the comment behind include says.
func reasonOf(b *yaml.Node) string {
	if n := member(b, "include"); n != nil {
		return comment(strings.TrimPrefix(n.LineComment, "#"))
	}
	return ""
}

// comment is text as one line of a comment.
func comment(text string) string {
	const most = 300
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return plain.Text(text)
}

// atLine is where the YAML library says an error is.
var atLine = regexp.MustCompile(`(?s)^(?:yaml: )?(?:unmarshal errors:\s+)?(?:line (\d+): )?(.*)$`)

// located is err with file and line.
func located(name string, err error) error {
	if at := (*lineError)(nil); errors.As(err, &at) {
		return &Error{name, at.line, at.err}
	}
	m := atLine.FindStringSubmatch(err.Error())
	line := 0
	if m[1] != "" {
		_, _ = fmt.Sscan(m[1], &line) // digits
	}
	first, _, _ := strings.Cut(m[2], "\n")
	if field, ok := strings.CutSuffix(first, " not found in type list.entry"); ok {
		first = strings.TrimPrefix(field, "field ") + " is no field of a bucket"
	} else if field, ok := strings.CutSuffix(first, " not found in type list.document"); ok {
		first = strings.TrimPrefix(field, "field ") + " is no field of a campaign file"
	}
	return &Error{name, line, errors.New(shownLine(first))}
}

func shownLine(text string) string {
	const most = 200
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return plain.Text(text)
}

// header is said above the buckets.
const header = `The buckets of a campaign. Edit it: name the key of each, take out or add prefixes,
set include. Nothing else about a bucket goes by this file.`

// Encode writes the list. One that Read would refuse is an error, and nothing is written.
func (l *List) Encode(w io.Writer) error {
	if err := l.Check(); err != nil {
		return err
	}
	if len(l.Buckets) == 0 {
		return errors.New("a campaign has one bucket at least")
	}
	buckets := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range l.Buckets {
		buckets.Content = append(buckets.Content, l.Buckets[i].node())
	}
	top := &yaml.Node{Kind: yaml.MappingNode, HeadComment: header}
	field(top, "format", Format)
	top.Content = append(top.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "buckets"}, buckets)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(top); err != nil {
		return err
	}
	return e.Close()
}

// Write writes the list into a file, as a whole or not at all.
func (l *List) Write(ctx context.Context, name string) error {
	return outfile.Write(ctx, name, l.Encode)
}

// node is the entry as it is written; fields that say nothing are left out.
func (b *Bucket) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range [][2]string{{"name", b.Name}, {"region", b.Region}, {"account", b.Account}, {"role", b.Role},
		{"external-id", b.ExternalID}, {"profile", b.Profile}, {"manifest", b.Manifest}, {"columns", b.Columns}, {"sse-kms-key-id", b.Key}} {
		if f[1] != "" {
			field(n, f[0], f[1])
		}
	}
	list(n, "prefix", b.Prefixes)
	list(n, "exclude-prefix", b.ExcludePrefixes)
	if b.UntilClean != nil {
		truth(n, "until-clean", *b.UntilClean)
	}
	include := truth(n, "include", b.Include)
	include.LineComment = comment(b.Reason)
	return n
}

// field adds a field whose value is text, whatever it looks like.
func field(n *yaml.Node, name, value string) *yaml.Node {
	v := new(yaml.Node)
	v.SetString(value)
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, v)
	return v
}

// truth adds a field that is true or false.
func truth(n *yaml.Node, name string, value bool) *yaml.Node {
	v := field(n, name, "")
	v.Value, v.Tag = fmt.Sprint(value), "!!bool"
	return v
}

func list(n *yaml.Node, name string, values []string) {
	if len(values) == 0 {
		return
	}
	l := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, v := range values {
		s := new(yaml.Node)
		s.SetString(v)
		l.Content = append(l.Content, s)
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, l)
}
