package selfcheck

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/minio"
	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/plan"
	"reseal/s3api"
)

const (
	account = "111122223333"
	region  = "eu-west-1"
	bucket  = "scratch"
	keyARN  = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

// simulate starts a simulator with one bucket that keeps versions and has ACLs
// in force, and returns it with a client of it.
func simulate(t *testing.T) (*front.Front, *s3api.Client) {
	t.Helper()
	environment(t, "SIMULATOR", "secret")
	w := simulator.New(simulator.Config{Account: account, Region: region})
	if err := w.CreateKey(simulator.Key{ARN: keyARN}); err != nil {
		t.Fatal(err)
	}
	r := simulator.Request{Bucket: bucket}
	if err := w.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: r, ObjectOwnership: "BucketOwnerPreferred"}); err != nil {
		t.Fatal(err)
	}
	if err := w.PutBucketVersioning(time.Now(), &r, "Enabled"); err != nil {
		t.Fatal(err)
	}
	f, err := front.New(w, front.Config{Region: region, PlainIsSecure: true, Identities: []front.Identity{{AccessKeyID: "SIMULATOR",
		SecretKey: "secret", AccountID: account, ARN: "arn:aws:iam::" + account + ":user/re"}}})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- f.Serve(ctx, ln) }()
	client, err := s3api.New(t.Context(), s3api.Config{EndpointURL: "http://" + ln.Addr().String(), Region: region})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.CloseIdle()
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return f, client
}

// environment leaves nothing of this machine's AWS configuration to a client.
func environment(t *testing.T, id, secret string) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", id)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
}

// ask runs all items and returns the findings.
func ask(t *testing.T, client *s3api.Client, bucket, key string) []Finding {
	t.Helper()
	facts, _, err := client.Facts(t.Context(), bucket)
	if err != nil {
		t.Fatalf("Facts: %v", err)
	}
	found, _, err := Run(t.Context(), Config{Client: client, Facts: facts, Prefix: "check/", KeyARN: key, Large: 1 << 20})
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	if len(found) != len(Items()) {
		t.Errorf("%d findings of %d items", len(found), len(Items()))
	}
	return found
}

// differing are the numbers of the beliefs that do not hold.
func differing(found []Finding) (numbers []string) {
	for _, f := range found {
		if f.Standing == Differs {
			numbers = append(numbers, f.Number)
		}
	}
	return numbers
}

// The simulator follows the documents: every belief holds there, every question
// gets an answer, and nothing stays behind.
func TestOnTheSimulator(t *testing.T) {
	f, client := simulate(t)
	found := ask(t, client, bucket, keyARN)
	for _, one := range found {
		t.Logf("%s %-14s %s: %s", one.Number, one.Standing, one.Title, one.Seen)
		if one.Standing == Differs {
			t.Errorf("%s does not hold: %s", one.Number, one.Seen)
		}
	}
	f.Locked(func(w *simulator.World) {
		for o := range w.Walk(bucket) {
			t.Errorf("%s is left behind", o.Key)
		}
	})
}

// number returns the number of the item with a title.
func number(t *testing.T, title string) string {
	t.Helper()
	for _, i := range Items() {
		if i.Title == title {
			return i.Number
		}
	}
	t.Fatalf("no item %q", title)
	return ""
}

// Numbers are stable and told apart; every attribute has its item.
func TestNumbers(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range Items() {
		if len(i.Number) != 3 || seen[i.Number] {
			t.Errorf("number %q of %q is none, or used twice", i.Number, i.Title)
		}
		seen[i.Number] = true
		if i.Docs == "" || i.Source == "" || i.Effect == "" {
			t.Errorf("%s says too little", i.Number)
		}
	}
	for _, a := range append(plan.Losses(), plan.Length, plan.Body) {
		if !seen[attributeNumbers()[a]] {
			t.Errorf("no item about %s", a)
		}
	}
}

// docs/open-questions.md is what the items say.
func TestOpenQuestions(t *testing.T) {
	want, err := os.ReadFile("../docs/open-questions.md")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := Markdown(&got); err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Error("docs/open-questions.md is not what the items say: go run ./cmd/reseal selfcheck --list > docs/open-questions.md")
	}
}

// A world in which one belief is wrong shows that belief, and only that one.
func TestWrongBeliefs(t *testing.T) {
	keeps := func(a plan.Attribute) string { return "Copies keep: " + string(a) }
	drop := func(a simulator.Attribute) simulator.Knobs {
		return simulator.Knobs{DropOnCopy: []simulator.Attribute{a}}
	}
	for _, tt := range []struct {
		name  string
		knobs simulator.Knobs
		want  []string // titles
	}{
		{"ignored conditions", simulator.Knobs{IgnoreDestinationConditions: true}, []string{"A condition on the destination is honoured"}},
		{"silent encryption", simulator.Knobs{SilentSSE: true}, []string{"The answer to a copy states the encryption"}},
		{"update taken for an upload", simulator.Knobs{Update: simulator.UpdateAsPut}, []string{"UpdateObjectEncryption is understood"}},
		{"update not implemented", simulator.Knobs{Update: simulator.UpdateNotImplemented}, []string{"UpdateObjectEncryption is understood"}},
		{"encryption ignored", simulator.Knobs{IgnoreEncryptionHeaders: true},
			[]string{"A copy with KMS headers is under the key", "A copy in parts is under the key"}},
		{"bucket key lost", drop(simulator.AttrBucketKey), []string{"The bucket-key flag is as it was sent"}},
		{"content type lost", drop(simulator.AttrContentType), []string{keeps(plan.ContentType)}},
		{"cache control lost", drop(simulator.AttrCacheControl), []string{keeps(plan.CacheControl)}},
		{"disposition lost", drop(simulator.AttrContentDisposition), []string{keeps(plan.ContentDisposition)}},
		{"content encoding lost", drop(simulator.AttrContentEncoding), []string{keeps(plan.ContentEncoding)}},
		{"language lost", drop(simulator.AttrContentLanguage), []string{keeps(plan.ContentLanguage)}},
		{"Expires lost", drop(simulator.AttrExpires), []string{keeps(plan.Expires)}},
		{"metadata lost", drop(simulator.AttrUserMetadata), []string{keeps(plan.UserMetadata)}},
		{"tags lost", drop(simulator.AttrTags), []string{keeps(plan.Tags)}},
		{"class lost", drop(simulator.AttrStorageClass), []string{keeps(plan.Class)}},
		{"ACL lost", drop(simulator.AttrACL), []string{keeps(plan.ACL)}},
		{"redirect lost", drop(simulator.AttrWebsiteRedirect), []string{keeps(plan.Redirect)}},
		{"checksum lost", drop(simulator.AttrChecksum), []string{keeps(plan.ChecksumAlgorithm)}},
		{"body lost", drop(simulator.AttrBody), []string{keeps(plan.Body)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, client := simulate(t)
			f.Locked(func(w *simulator.World) { w.SetKnobs(tt.knobs) })
			var want []string
			for _, title := range tt.want {
				want = append(want, number(t, title))
			}
			slices.Sort(want)
			found := ask(t, client, bucket, keyARN)
			if got := differing(found); !slices.Equal(got, want) {
				t.Errorf("differing: %v, want %v", got, want)
				for _, one := range found {
					if one.Standing == Differs {
						t.Logf("%s %s: %s", one.Number, one.Title, one.Seen)
					}
				}
			}
		})
	}
}

// A server that nobody here wrote differs in what was seen on it before.
func TestOnMinIO(t *testing.T) {
	server := minio.Start(t)
	environment(t, minio.AccessKey, minio.SecretKey)
	client, err := s3api.New(t.Context(), s3api.Config{EndpointURL: server.URL, Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	name, left := makeBucket(t, server.URL)
	found := ask(t, client, name, minio.Key)
	var want []string
	for _, title := range []string{
		"The answer to a copy states the encryption", "The bucket-key flag is as it was sent", "Copies keep: Expires",
		"Copies keep: checksum algorithm", "A condition on the destination is honoured",
		"A copy under a key that does not exist is refused with a KMS code", "UpdateObjectEncryption is understood",
	} {
		want = append(want, number(t, title))
	}
	if got := differing(found); !slices.Equal(got, want) {
		t.Errorf("differing: %v, want %v", got, want)
		for _, one := range found {
			t.Logf("%s %-14s %s: %s", one.Number, one.Standing, one.Title, one.Seen)
		}
	}
	if keys := left(); len(keys) > 0 {
		t.Errorf("left behind: %q", keys)
	}
}

// makeBucket makes a bucket that keeps versions, and returns what tells the keys in it.
func makeBucket(t *testing.T, url string) (name string, left func() []string) {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("us-east-1"))
	if err != nil {
		t.Fatal(err)
	}
	c := s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &url, true })
	name = "selfcheck"
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}); err != nil {
		t.Fatal(err)
	}
	return name, func() (keys []string) {
		out, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &name})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range out.Versions {
			keys = append(keys, *v.Key)
		}
		for _, m := range out.DeleteMarkers {
			keys = append(keys, *m.Key+" (marker)")
		}
		return keys
	}
}

// The document is what Write wrote, and hostile ones are refused.
func TestFacts(t *testing.T) {
	f := &Facts{Version: FactsVersion, Region: region, At: time.Unix(1_700_000_000, 0).UTC(),
		Findings: []Finding{{Number: "Q20", Standing: Answered, Figures: map[string]float64{"copy_p50_ms": 12.5}}}}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := got.Figure("copy_p50_ms"); !ok || v != 12.5 {
		t.Errorf("figure %v, %t", v, ok)
	}
	for _, bad := range []string{"", "{}", `{"version":2,"region":"x"}`, `{"version":1}`,
		`{"version":1,"region":"x","findings":[{"figures":{"copy_p50_ms":-1}}]}`, strings.Repeat(" ", MaxFacts+1)} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("Read(%.40q) gave no error", bad)
		}
	}
}
