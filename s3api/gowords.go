package s3api

import (
	"regexp"
	"strings"
)

// rewording is a phrase of Go's libraries and of the SDK that helps no person, and what
// is said in its place.
type rewording struct {
	phrase *regexp.Regexp
	plain  string
}

// goWords are those phrases. What a text loses by them is how a program noticed; what
// was wrong stays.
var goWords = []rewording{
	{regexp.MustCompile(`unexpected end of JSON input`), "no JSON: it breaks off in the middle"},
	{regexp.MustCompile(`invalid character '(?:\\.[^']*|[^']+|'')' (?:in|after|looking for|exponent)[^;\n]*`), "no JSON"},
	{regexp.MustCompile(`json: cannot unmarshal (\w+)(?: \S+)? into Go struct field [\w.]*?\.?([\w-]+) of type \S+`), `"$2" is of type $1, which is not what belongs there`},
	{regexp.MustCompile(`(^|[^.\w])json: cannot unmarshal (\w+)(?: \S+)? into Go value of type (?:struct \{[^}]*\}|\S+)`), "${1}the JSON is of type $2, which is not what belongs there"},
	{regexp.MustCompile(`(^|[^.\w])json: unknown field ("[^"]*")`), "${1}unknown field $2"},
	{regexp.MustCompile(`no JSON from byte (\d+) on: no JSON\b`), "no JSON from byte $1 on"},
	{regexp.MustCompile(`found unexpected end of stream`), "it breaks off in the middle"},
	{regexp.MustCompile(`(?:get identity: )?get credentials: no credentials: (?:request canceled, )?`), "no credentials: "},
	{regexp.MustCompile(`\brequest canceled, `), ""},
	{regexp.MustCompile(`(^|[^.\w])yaml: (?:unmarshal errors:\s*)?`), "$1"},
	{regexp.MustCompile(`XML syntax error on line \d+: [^;\n]*`), "the XML is broken"},
	{regexp.MustCompile(`(?:deserialization failed, )?failed to (?:decode|deserialize) response(?: body)?(?: with invalid JSON)?, `), "the answer cannot be read: "},
	{regexp.MustCompile(`(?:deserialization failed, )?error while deserializing xml error response ?: `), "the answer cannot be read: "},
	{regexp.MustCompile(`deserialization failed, `), "the answer cannot be read: "},
	{regexp.MustCompile(`serialization failed: |failed to sign request: |failed to retrieve credentials: |failed to refresh cached credentials, `), ""},
	{regexp.MustCompile(`cannot be read: (?:unexpected )?EOF\b`), "cannot be read: it breaks off"},
	{regexp.MustCompile(`\bunexpected EOF\b`), "it breaks off in the middle"},
	{regexp.MustCompile(`context deadline exceeded(?: \(Client\.Timeout[^)]*\))?`), "no answer within the time limit"},
	{regexp.MustCompile(`\bcontext canceled\b`), "ended before it was done"},
	{regexp.MustCompile(`strconv\.\w+: parsing ("(?:[^"\\]|\\.)*"): (?:invalid syntax|value out of range)`), "$1 is no number that fits"},
	{regexp.MustCompile(`\b(?:(?:open|stat|mkdir) ([^\s:]*[./][^\s:]*)|(?:openat|statat|lstat|lstatat|fstatat|mkdirat|unlinkat|renameat|readdirent|fdopendir|fsync) (\S+)): `), "$1$2: "},
	{regexp.MustCompile(`s3://([a-z0-9.-]+)/""`), "s3://$1"},
}

// withoutGoWords puts plain words in the place of Go's.
func withoutGoWords(text string) string {
	for _, r := range goWords {
		if r.phrase.MatchString(text) {
			text = r.phrase.ReplaceAllString(text, r.plain)
		}
	}
	return strings.TrimSuffix(text, ": ")
}
