package list

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"reseal/internal/smallfile"
)

// full is a list in which every field says something, hostile text among it.
func full() *List {
	yes, no := true, false
	return &List{Buckets: []Bucket{
		{Name: "media", Region: "eu-west-1", Account: "011122223333", Role: "arn:aws:iam::011122223333:role/team/reseal", ExternalID: "no:such/id",
			Manifest: "s3://reports/media/daily/", Key: "arn:aws:kms:eu-west-1:011122223333:key/1234", Prefixes: []string{"films/", "true", "a: b", "\x1b[31m", "012"},
			ExcludePrefixes: []string{"tmp/, \"x\""}, Columns: "bucket,key,-", UntilClean: &yes, Include: true, Reason: "under SSE-S3"},
		{Name: "null", Region: "us-east-1", Profile: "audit 1", Key: KeyPlaceholder, Include: false, Reason: "every object is locked: \u202e# not this\nnext: line"},
		{Name: "media", Region: "cn-north-1", Include: false},
		{Name: "1e3", UntilClean: &no, Include: true},
	}}
}

// What is written is read as it was, and nothing of a reason leaves its comment.
func TestRoundTrip(t *testing.T) {
	name := filepath.Join(t.TempDir(), "campaign.yaml")
	l := full()
	if err := l.Write(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	got, err := Read(name)
	if err != nil {
		text, _ := os.ReadFile(name)
		t.Fatalf("%v\n%s", err, text)
	}
	l.Buckets[1].Reason = `every object is locked: \u202e# not this\nnext: line`
	if !reflect.DeepEqual(got, l) {
		t.Errorf("read\n%+v\nwant\n%+v", got, l)
	}
	if n := got.Included(); len(n) != 2 || n[0].Name != "media" || n[0].NeedsKey() || n[1].Name != "1e3" || !n[1].NeedsKey() || !got.Buckets[1].NeedsKey() {
		t.Errorf("included: %+v", n)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"format: reseal-campaign/1\n", "    account: \"011122223333\"\n", "    include: true # under SSE-S3\n", "    include: false\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
}

// What is no campaign file is refused, with the line and without raw text of it.
func TestRefused(t *testing.T) {
	const head = "format: reseal-campaign/1\nbuckets:\n"
	one := func(field string) string { return head + "  - name: media\n    include: true\n    " + field + "\n" }
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "f: nothing is in it"},
		"comment":          {"# x\n", "f: nothing is in it"},
		"scalar":           {"x", "f: no campaign file: want format: reseal-campaign/1"},
		"other format":     {"format: reseal-campaign/2\nbuckets: []\n", "f: no campaign file: want format: reseal-campaign/1"},
		"no buckets":       {head, "f: want a list of buckets below buckets:"},
		"none":             {"format: reseal-campaign/1\nbuckets: []\n", "f: want a list of buckets below buckets:"},
		"no list":          {"format: reseal-campaign/1\nbuckets: {a: b}\n", "f: want a list of buckets below buckets:"},
		"no mapping":       {head + "  - media\n", "f:3: want the fields of a bucket, such as name: media"},
		"unknown field":    {one("kms-key: x"), "f:5: kms-key is no field of a bucket"},
		"unknown at top":   {"format: reseal-campaign/1\nname: x\nbuckets: [{name: media, include: true}]\n", "f:2: name is no field of a campaign file"},
		"twice":            {one("include: false"), `f:5: mapping key "include" already defined at line 4`},
		"no include":       {head + "  - name: media\n", "f:3: bucket media: want include: true, or include: false"},
		"include words":    {head + "  - name: media\n    include: \"no\\x1b\"\n", "f:4: include: want true or false"},
		"include number":   {head + "  - name: media\n    include: 1\n", "f:4: include: want true or false"},
		"prefix of text":   {one("prefix: abc"), "f:5: prefix: want a list, such as [films/]"},
		"prefix of lists":  {one("prefix: [[a]]"), "f:5: prefix: want a list, such as [films/]"},
		"excluded map":     {one("exclude-prefix: {a: b}"), "f:5: exclude-prefix: want a list, such as [films/]"},
		"list as region":   {one("region: [a]"), "f:5: region: want text"},
		"no base64":        {one("region: !!binary '*'"), "f:5: region: want text"},
		"list as a field":  {head + "  - {name: media, include: true, [a]: b}\n", "f:3: want the fields of a bucket, such as name: media"},
		"two documents":    {one("region: a") + "---\nx: y\n", "f: want one document; there is more after its end (--- or ...)"},
		"alias":            {head + "  - &a {name: media, include: true}\n  - *a\n", "f:3: anchors and aliases (&, *, <<) are not taken"},
		"prefix of null":   {head + "  - name: media\n    include: true\n    prefix: [a, ~]\n", "f:5: a value is missing, or is null: give one, or leave the line out"},
		"empty prefix":     {head + "  - name: media\n    prefix:\n    include: true\n", "f:4: a value is missing, or is null: give one, or leave the line out"},
		"merge":            {head + "  - {name: media, include: true, <<: {region: a}}\n", "f:3: anchors and aliases (&, *, <<) are not taken"},
		"until-clean":      {one("until-clean: often"), "f:5: until-clean: want true or false"},
		"columns":          {one("columns: \"a\\e\""), `f:3: columns: "a\\x1b" cannot be one`},
		"no name":          {head + "  - include: true\n", `f:3: name: "" cannot be one`},
		"hostile name":     {head + "  - {name: \"a\\x1b[2Jb\", include: true}\n", `f:3: name: "a\\x1b[2Jb" cannot be one`},
		"option as name":   {head + "  - {name: --force, include: true}\n", `f:3: name: "--force" cannot be one`},
		"region":           {one("region: EU"), `f:3: region: "EU" cannot be one`},
		"account":          {one("account: 1112222333"), `f:3: account: "1112222333" cannot be one`},
		"role":             {one("role: reseal"), `f:3: role: "reseal" cannot be one`},
		"key":              {one("sse-kms-key-id: 'a b'"), `f:3: sse-kms-key-id: "a b" cannot be one`},
		"manifest":         {one(`manifest: "s3://a\nb"`), `f:3: manifest: "s3://a\\nb" cannot be one`},
		"prefix":           {one(`prefix: [""]`), `f:3: prefix: "" cannot be the beginning of a key`},
		"id without role":  {one("external-id: abc"), "f:3: external-id: goes with a role, and there is none"},
		"role and profile": {one("role: arn:aws:iam::111122223333:role/r\n    profile: p"), "f:3: role and profile: only one of both can sign"},
		"other account":    {one("role: arn:aws:iam::111122223333:role/r\n    account: 444455556666"), "f:3: role: is of account 111122223333, the bucket of account 444455556666"},
		"other partition":  {one("role: arn:aws:iam::111122223333:role/r\n    region: cn-north-1"), "f:3: role: is of partition aws, Region cn-north-1 is in aws-cn"},
		"same bucket":      {one("region: us-east-1") + "  - {name: media, region: eu-west-1, include: false}\n", "f:6: bucket media is entry 1 already"},
		"too many":         {head + strings.Repeat("  - {}\n", MaxBuckets+1), "f:20003: more than 20000 buckets"},
		"too many below":   {one("prefix: [" + strings.Repeat("a, ", maxPrefixes+1) + "]"), "f:3: prefix: more than 1000"},
		"no YAML":          {"a: b: c\n", "f: mapping values are not allowed in this context"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f", []byte(c.text))
			refused := (*Error)(nil)
			if !errors.As(err, &refused) || err.Error() != c.want {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, bytes.Repeat([]byte("#"), MaxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(large); !errors.As(err, new(*smallfile.Error)) {
		t.Errorf("of a large file: %v", err)
	}
}

// What Read would refuse is not written.
func TestNothingIsWrittenThatIsRefused(t *testing.T) {
	for _, l := range []*List{{}, {Buckets: []Bucket{{Name: "-"}}}, {Buckets: []Bucket{{Name: "media"}, {Name: "media"}}}} {
		var out bytes.Buffer
		if err := l.Encode(&out); err == nil || out.Len() > 0 {
			t.Errorf("%+v: %v, %d bytes written", l, err, out.Len())
		}
	}
}

// FuzzParse: whatever a file says, what is taken of it can be written and is read alike.
func FuzzParse(f *testing.F) {
	var out bytes.Buffer
	if err := full().Encode(&out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte("format: reseal-campaign/1\nbuckets: [{name: abc, include: yes}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Parse("f", text)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := l.Encode(&out); err != nil {
			t.Fatalf("taken, and not to be written: %v", err)
		}
		again, err := Parse("f", out.Bytes())
		if err != nil {
			t.Fatalf("written, and not taken: %v\n%s", err, out.Bytes())
		}
		for i := range l.Buckets {
			a, b := l.Buckets[i], again.Buckets[i]
			a.Reason, b.Reason = "", "" // a backslash in it is written as it is
			if len(a.Prefixes)+len(b.Prefixes) == 0 {
				a.Prefixes, b.Prefixes = nil, nil
			}
			if len(a.ExcludePrefixes)+len(b.ExcludePrefixes) == 0 {
				a.ExcludePrefixes, b.ExcludePrefixes = nil, nil
			}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("%+v\nbecame\n%+v", a, b)
			}
		}
	})
}
