package s3api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"reseal/inventory"
)

// What leads on is followed, and a list that has no end is none.
func TestLeafing(t *testing.T) {
	type page struct {
		more bool
		next string
		news bool
	}
	var fresh, barren []page
	for i := range 3 * maxBarrenPages {
		fresh = append(fresh, page{true, fmt.Sprint(i), true})
		barren = append(barren, page{true, fmt.Sprint(i), i%maxBarrenPages == 0})
	}
	for name, c := range map[string]struct {
		most  int
		pages []page
		want  error
	}{
		"one page":                 {0, []page{{}}, nil},
		"a token that is not used": {0, []page{{false, "x", true}}, nil},
		"two":                      {0, []page{{true, "a", true}, {false, "", true}}, nil},
		"many":                     {0, slices.Concat(fresh, []page{{}}), nil},
		"empty ones between":       {0, slices.Concat(barren, []page{{}}), nil},
		"nowhere":                  {0, []page{{true, "a", true}, {true, "", true}}, errTornList},
		"the same":                 {0, []page{{true, "a", true}, {true, "a", true}}, errEndlessList},
		"a circle":                 {0, []page{{true, "a", true}, {true, "b", true}, {true, "c", true}, {true, "a", true}}, errEndlessList},
		"only empty ones":          {0, slices.Concat(barren, barren[1:2]), errEndlessList},
		"more than there can be":   {3, fresh[:3], errEndlessList},
	} {
		t.Run(name, func(t *testing.T) {
			l := leafing{most: c.most}
			for i, p := range c.pages {
				if name == "only empty ones" {
					p.next = fmt.Sprint(i)
				}
				more, err := l.on(p.more, p.next, p.news)
				if last := i == len(c.pages)-1; last && (!errors.Is(err, c.want) || more) || !last && (err != nil || !more) {
					t.Fatalf("page %d of %d: %v, %v; want %v at the end", i+1, len(c.pages), more, err, c.want)
				}
			}
		})
	}
}

// No list of buckets, inventories or figures goes on without end, or ends where it says that
// there is more.
func TestListsWithoutEnd(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for name, list := range map[string]struct {
		read  func(*Client) error
		page  func(token string) reply
		torn  bool // an answer can say that there is more without a token
		after int  // pages with a new token each that are believed
	}{
		"inventories": {func(c *Client) error { _, err := c.Inventories(t.Context(), bucket); return err }, func(token string) reply {
			return reply{body: "<ListInventoryConfigurationsResult><IsTruncated>true</IsTruncated>" + optionalElement("NextContinuationToken", token) + "</ListInventoryConfigurationsResult>"}
		}, true, maxBarrenPages},
		"buckets": {func(c *Client) error { _, err := c.Buckets(t.Context()); return err }, func(token string) reply {
			return reply{body: "<ListAllMyBucketsResult><Buckets/>" + optionalElement("ContinuationToken", token) + "</ListAllMyBucketsResult>"}
		}, false, maxBarrenPages},
		"sizes": {func(c *Client) error { _, err := c.Stored(t.Context(), []string{bucket}, now); return err }, func(token string) reply {
			return cborReply(cbor.Map{"MetricDataResults": cbor.List{}, "NextToken": cbor.String(token)})
		}, false, maxBarrenPages},
		"use of KMS": {func(c *Client) error { _, err := c.KMSUsage(t.Context(), now.Add(-time.Hour), now); return err }, func(token string) reply {
			return cborReply(cbor.Map{"MetricDataResults": cbor.List{}, "NextToken": cbor.String(token)})
		}, false, maxBarrenPages},
	} {
		t.Run(name, func(t *testing.T) {
			n, token := 0, func(n int) string { return "" }
			s := serve(t, func(request) reply { n++; return list.page(token(n)) })
			c := client(t, s.URL)
			for what, kind := range map[string]struct {
				token func(int) string
				err   error
				asked int
			}{
				"same": {func(int) string { return "x" }, errEndlessList, 2}, "new": {func(n int) string { return fmt.Sprint("t", n) }, errEndlessList, list.after},
				"none": {func(int) string { return "" }, errTornList, 1},
			} {
				if what == "none" && !list.torn {
					continue
				}
				n, token = 0, kind.token
				var setup *SetupError
				if err := list.read(c); !errors.Is(err, kind.err) || !errors.As(err, &setup) || n != kind.asked {
					t.Errorf("%s token: %d requests, %v; want %d, %v", what, n, err, kind.asked, kind.err)
				}
			}
		})
	}
}

func optionalElement(name, text string) string {
	if text == "" {
		return ""
	}
	return "<" + name + ">" + text + "</" + name + ">"
}

// A listing of the parts of an upload that leads nowhere is not the end of them.
func TestPartsWithoutEnd(t *testing.T) {
	for marker, want := range map[string]error{"": errTornList, "1": errEndlessList} {
		s := serve(t, func(request) reply {
			return reply{body: "<ListPartsResult><IsTruncated>true</IsTruncated>" + optionalElement("NextPartNumberMarker", marker) + "<Part><PartNumber>1</PartNumber><Size>5</Size></Part></ListPartsResult>"}
		})
		r, err := client(t, s.URL).Rewriter(RewriteConfig{Options: anOptions(), Facts: aFacts()})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := r.UploadedParts(t.Context(), Upload{Key: "k", ID: "id"}); !errors.Is(err, want) {
			t.Errorf("marker %q: %v, want %v", marker, err, want)
		}
	}
}

// The minutes of all pages count.
func TestKMSUsageOfSeveralPages(t *testing.T) {
	from := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	s := serve(t, func(r request) reply {
		page, minute := cbor.Map{}, 1
		if !strings.Contains(r.body, "second") {
			page["NextToken"], minute = cbor.String("second"), 0
		}
		page["MetricDataResults"] = cbor.List{cbor.Map{"Id": cbor.String("calls"), "StatusCode": cbor.String("PartialData"),
			"Timestamps": cbor.List{&cbor.Tag{ID: 1, Value: cbor.Float64(float64(from.Unix()) + 60*float64(minute))}}, "Values": cbor.List{cbor.Float64(7)}}}
		return cborReply(page)
	})
	if got, err := client(t, s.URL).KMSUsage(t.Context(), from, from.Add(5*time.Minute)); err != nil || len(got) != 2 {
		t.Errorf("%v, %v; want two minutes", got, err)
	}
}

// Figures are of one day: what moved to another class is in one of them.
func TestStoredOfOneDay(t *testing.T) {
	day := func(back int) time.Time { return time.Date(2026, 11, 30-back, 0, 0, 0, 0, time.UTC) }
	index := func(name string) int {
		for i := range storageTypes {
			if storageTypes[i].name == name {
				return i
			}
		}
		t.Fatal(name)
		return 0
	}
	of := func(count byDay, sizes map[string]byDay) Stored {
		var all [len(storageTypes)]byDay
		for name, s := range sizes {
			all[index(name)] = s
		}
		return storedOf(count, &all)
	}
	moved := of(byDay{day(1): 10, day(2): 11}, map[string]byDay{"StandardStorage": {day(3): 100}, "GlacierStorage": {day(1): 100, day(2): 90}})
	if moved.Objects != 10 || !moved.Counted || len(moved.Bytes) != 1 || moved.Bytes[inventory.Glacier] != 100 || !moved.Day.Equal(day(1)) {
		t.Errorf("moved: %+v", moved)
	}
	late := of(byDay{day(0): 12, day(1): 10}, map[string]byDay{"StandardStorage": {day(1): 100}})
	if late.Objects != 10 || late.Bytes[inventory.Standard] != 100 || !late.Day.Equal(day(1)) {
		t.Errorf("bytes come later: %+v", late)
	}
	if only := of(byDay{day(2): 12}, nil); only.Objects != 12 || !only.Counted || len(only.Bytes) != 0 || !only.Day.Equal(day(2)) {
		t.Errorf("no bytes: %+v", only)
	}
	if none := of(nil, map[string]byDay{"StandardStorage": {day(2): 5}}); none.Counted || none.Bytes[inventory.Standard] != 5 {
		t.Errorf("no number: %+v", none)
	}
	tiers := of(byDay{day(1): 1}, map[string]byDay{"IntelligentTieringAAStorage": {day(1): 2}, "IntelligentTieringDAAStorage": {day(1): 3}, "IntelligentTieringAIAStorage": {day(1): 4}})
	if tiers.Tiers["ARCHIVE"] != 2 || tiers.Tiers["DEEP_ARCHIVE"] != 3 || tiers.Bytes[inventory.IntelligentTiering] != 4 {
		t.Errorf("tiers: %+v", tiers)
	}
}
