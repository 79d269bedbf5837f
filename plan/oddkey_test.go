package plan

import (
	"strings"
	"testing"
	"unicode/utf8"

	"reseal/inventory"
)

func TestOddKey(t *testing.T) {
	for key, want := range map[string]bool{
		"a/b": false, "folder/": true, "a b": false, "\u00e9": false, "a.b/c": false, ".hidden": false,
		"a//b": true, "/a": true, "a/": true, ".": true, "a/../b": true, "a./b": true, "a ": true, " a": true,
		"a%2Fb": true, "a+b": true, "a\\b": true, "a\x01": true, "a\x7f": true, "\xff": true,
	} {
		if got := OddKey(key); got != want {
			t.Errorf("OddKey(%q) = %v, want %v", key, got, want)
		}
	}
}

// OddKey looks at each byte once. What it says is what the words above it say.
func TestOddKeyInOnePass(t *testing.T) {
	byWords := func(key string) bool {
		if strings.ContainsAny(key, "%+\\") || !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return true
		}
		for segment := range strings.SplitSeq(key, "/") {
			if segment == "" || strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " ") || strings.HasPrefix(segment, " ") {
				return true
			}
		}
		return false
	}
	bytes := []string{"a", "/", ".", " ", "%", "\x1f", "\x7f", "\xc3", "\xa9", "~"}
	keys := []string{""}
	for len(keys[0]) < 4 {
		for _, key := range keys {
			if got, want := OddKey(key), byWords(key); got != want {
				t.Fatalf("OddKey(%q) = %v, want %v", key, got, want)
			}
		}
		var longer []string
		for _, key := range keys {
			for _, b := range bytes {
				longer = append(longer, key+b)
			}
		}
		keys = longer
	}
	for c := range 256 {
		for _, key := range []string{string([]byte{byte(c)}), string([]byte{'a', byte(c), 'b'})} {
			if got, want := OddKey(key), byWords(key); got != want {
				t.Errorf("OddKey(%q) = %v, want %v", key, got, want)
			}
		}
	}
}

// Off AWS an odd key is looked at before it is copied, whatever the report tells.
func TestOddKeysAreLookedAtOffAWS(t *testing.T) {
	for _, tt := range []struct {
		key  string
		aws  Answer
		want bool
	}{{"p//k", No, true}, {"p//k", Unknown, true}, {"p//k", Yes, false}, {"p/k", No, false}} {
		p := &Policy{NoTrials: true, Options: Options{Bucket: "b", SSE: TargetKMS, KMSKeyID: "k"}, Weights: DefaultWeights(true),
			Facts: Facts{AWS: tt.aws, Transitions: No, ObjectLock: No, ACLs: No, Website: No, IgnoresIfMatch: No, Versioning: Unversioned}}
		r := inventory.Record{Bucket: "b", Key: tt.key, Size: 1, ETag: "e", StorageClass: inventory.Standard, Encryption: inventory.SSES3,
			Known: inventory.UsefulColumns.With(inventory.ColEncryption)}
		task := p.Decide(&r)
		if task.Action != Copy || task.NeedHead != tt.want {
			t.Errorf("%q, AWS %v: %v, NeedHead %v; want a copy, %v", tt.key, tt.aws, task.Action, task.NeedHead, tt.want)
		}
		reads := Range{Min: 0, Max: 0}
		if tt.want {
			reads = Range{Min: 1, Max: 3} // a look, and one and a listing of a twin
		}
		if tt.aws != Yes { // the encryption may have to be proven
			reads.Max++
		}
		if task.Demand.Reads != reads {
			t.Errorf("%q, AWS %v: %+v reads, want %+v", tt.key, tt.aws, task.Demand.Reads, reads)
		}
	}
}
