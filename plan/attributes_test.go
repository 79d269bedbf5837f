package plan

import (
	"slices"
	"testing"
)

func TestNotKeptIsReadBack(t *testing.T) {
	for _, lost := range [][]Attribute{{Tags}, {HiddenMetadata, Expires, ACL}, Losses()} {
		if got, ok := LostIn(NotKept(lost)); !ok || !slices.Equal(got, lost) {
			t.Errorf("LostIn(%q) = %v, %t", NotKept(lost), got, ok)
		}
	}
	if got, ok := LostIn("Access Denied"); ok || got != nil {
		t.Errorf("LostIn of another error = %v, %t", got, ok)
	}
}
