package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/preflight"
)

var (
	saysUnknown = regexp.MustCompile(`(?m)^unknown.*`)
	saysUsage   = regexp.MustCompile(`(?m)^warning: what others use.*`)
	saysCanary  = regexp.MustCompile(`(?m)^Canary: \d+ objects? re-encrypted`)
	saysCap     = regexp.MustCompile(`(?m)^KMS cap: .*`)
)

// nightOutcome is how the commands of a night ended.
type nightOutcome struct {
	ends     []string // of each command: exit code, what it says of what it could not find out, uploads that are left behind
	messages string   // everything that was said
}

// outcome carries out the commands of a night, up to the first that ends as
// it does not in want.
func (n *night) outcome(commands [][]string, want []string) nightOutcome {
	var out nightOutcome
	var all strings.Builder
	for i, args := range commands {
		args = slices.Clone(args)
		for j, a := range args {
			args[j] = strings.NewReplacer("MANIFEST", n.manifest, "JOB", filepath.Join(n.dir, "job")).Replace(a)
		}
		code, stdout, messages := n.command(append(args, "--endpoint-url", n.sim.URL())...)
		fmt.Fprintf(&all, "$ reseal %s\n%s%s", args[0], stdout, messages)
		uploads := 0
		n.sim.Locked(func(w *simulator.World) {
			if list, err := w.ListMultipartUploads(time.Now(), &simulator.ListMultipartUploadsInput{Request: *n.sim.Request(scriptBucket)}); err == nil {
				uploads = len(list.Uploads)
			}
		})
		end := fmt.Sprintf("%s %d, unknown %d, %s%s, uploads %d", args[0], code, len(saysUnknown.FindAllString(messages, -1)), saysCap.FindString(messages), saysUsage.FindString(messages)+saysCanary.FindString(messages), uploads)
		if out.ends = append(out.ends, end); want != nil && end != want[i] {
			break
		}
	}
	out.messages = all.String()
	return out
}

// unseen are actions that most scenes do not show the need of, and why they are
// printed all the same.
var unseen = map[string]string{
	"s3:GetAccountPublicAccessBlock":          "the bucket's own setting may answer",
	"s3:AbortMultipartUpload":                 "an upload is given up only when something of it failed",
	"s3:ListBucketMultipartUploads":           "an upload whose beginning was not answered is looked for",
	"s3:ListBucketVersions":                   "an old version that is gone is looked for",
	"s3:ListMultipartUploadParts":             "the parts of an upload that a stopped run left are listed by the next",
	"s3:PutObjectTagging":                     "no object has tags",
	"s3:GetObjectVersion":                     "asked for where another client wrote the same bytes while they were copied",
	"s3:PutObjectVersionTagging":              "tags that change in the moment of a completion are put by version",
	"s3:GetObjectAnnotation":                  "no object has annotations, which no report says",
	"s3:PutObjectAnnotation":                  "likewise",
	"kms:Decrypt":                             "the bucket key that a write fetched serves parts and reads for a while",
	"kms:Encrypt":                             "what KMS is asked for by an update is not stated, the permissions are",
	"kms:ReEncrypt*":                          "likewise",
	"servicequotas:GetAWSDefaultServiceQuota": "asked where no quota is applied to the account",
}

// privilegeScene is a bucket and a plan.
type privilegeScene struct {
	name     string
	furnish  func(w *simulator.World, r *simulator.Request) error
	options  []string // of plan, run and permissions
	accept   []string // of run
	place    []string // of run, verify and permissions; empty for a local job
	codes    string   // how plan, run and verify end; "0 0 0" where it is empty
	shows    []string // actions of unseen that this scene shows the need of
	keyOnly  bool     // what is allowed on the key stands in the key's policy
	noVerify bool
}

func seed(w *simulator.World, objects ...simulator.ObjectInfo) error {
	for _, o := range objects {
		if err := w.SeedObject(scriptBucket, o, simulator.Body{}); err != nil {
			return err
		}
	}
	return nil
}

func privilegeScenes() []privilegeScene {
	tags := []simulator.Tag{{Key: "team", Value: "media"}}
	versioned := func(w *simulator.World, r *simulator.Request) error {
		if err := w.PutBucketVersioning(taken, r, simulator.Enabled); err != nil {
			return err
		}
		return nil
	}
	readable := []simulator.Grant{{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers", Permission: "READ"}}
	old := simulator.Encryption{Type: simulator.SSEKMS, KMSKeyARN: otherKey, BucketKeyEnabled: true}
	probe := []string{"--probe-key-prefix", "scratch/"}
	return []privilegeScene{
		{name: "copies and parts", shows: []string{"s3:PutObjectTagging"}, furnish: func(w *simulator.World, _ *simulator.Request) error {
			return seed(w, simulator.ObjectInfo{Key: "plain", Size: 100}, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags},
				simulator.ObjectInfo{Key: "large", Size: 6 << 30, Tags: tags})
		}},
		{name: "no bucket keys, room for others", shows: []string{"kms:Decrypt"}, furnish: func(w *simulator.World, _ *simulator.Request) error {
			return seed(w, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags}, simulator.ObjectInfo{Key: "large", Size: 6 << 30})
		}, options: []string{"--bucket-key-enabled=false", "--kms-headroom", "10%"}},
		{name: "a failed upload", shows: []string{"s3:AbortMultipartUpload"}, furnish: func(w *simulator.World, _ *simulator.Request) error {
			w.AddFault(simulator.Fault{Op: simulator.OpUploadPartCopy, Code: "InvalidRequest", Message: "no", HTTPStatus: 400})
			return seed(w, simulator.ObjectInfo{Key: "large", Size: 6 << 30})
		}, accept: []string{"--no-canary", "--accept", "unproven-endpoint"}, codes: "0 3", noVerify: true},
		{name: "annotations", shows: []string{"s3:GetObjectAnnotation", "s3:PutObjectAnnotation"}, furnish: func(w *simulator.World, r *simulator.Request) error {
			if err := seed(w, simulator.ObjectInfo{Key: "annotated", Size: 100, Tags: tags}); err != nil {
				return err
			}
			if err := w.PutObjectAnnotation(taken, &simulator.ObjectInput{Request: *r, Key: "annotated"}, "note", []byte("x"), ""); err != nil {
				return err
			}
			return nil
		}},
		{name: "versions", shows: []string{"s3:GetObjectVersion"}, furnish: func(w *simulator.World, r *simulator.Request) error {
			if err := versioned(w, r); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags}, simulator.ObjectInfo{Key: "large", Size: 6 << 30, Tags: tags})
		}, accept: []string{"--accept", "versioned"}},
		{name: "locks and ACLs", furnish: func(w *simulator.World, r *simulator.Request) error {
			if err := lockedBucket(w, r); err != nil {
				return err
			}
			if err := w.PutBucketOwnershipControls(taken, r, "ObjectWriter"); err != nil {
				return err
			}
			if err := w.DeletePublicAccessBlock(taken, r); err != nil { // which refuses the public grant that the object has
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "granted", Size: 100, Tags: tags, Grants: readable})
		}, accept: []string{"--accept", "versioned", "--accept", "acl", "--accept", "readers"}},
		{name: "updates", furnish: func(w *simulator.World, r *simulator.Request) error {
			if err := w.PutBucketOwnershipControls(taken, r, "ObjectWriter"); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "granted", Size: 100, Tags: tags, Grants: readable})
		}, options: []string{"--method", "update"}, place: probe},
		{name: "auto", furnish: func(w *simulator.World, r *simulator.Request) error {
			return seed(w, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags},
				simulator.ObjectInfo{Key: "bare", Size: 100, Tags: tags, Encryption: simulator.Encryption{Type: simulator.NotSSE}})
		}, options: []string{"--method", "auto"}, place: probe},
		{name: "all versions", furnish: func(w *simulator.World, r *simulator.Request) error {
			if err := versioned(w, r); err != nil {
				return err
			}
			if err := w.PutBucketOwnershipControls(taken, r, "ObjectWriter"); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "granted", Size: 100, Tags: tags, Grants: readable}, simulator.ObjectInfo{Key: "granted", Size: 200, Tags: tags, Grants: readable})
		}, options: []string{"--method", "update", "--versions", "all"}, place: probe},
		{name: "a probe beside one prefix", shows: []string{"s3:PutObjectTagging"}, furnish: func(w *simulator.World, r *simulator.Request) error {
			if err := versioned(w, r); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "data/tagged", Size: 100, Tags: tags}, simulator.ObjectInfo{Key: "elsewhere", Size: 100})
		}, options: []string{"--prefix", "data/"}, place: probe, accept: []string{"--accept", "versioned"}},
		{name: "a probe in parts beside one prefix", furnish: func(w *simulator.World, r *simulator.Request) error {
			if err := versioned(w, r); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "data/tagged", Size: 100, Tags: tags})
		}, options: []string{"--prefix", "data/", "--copy-via", "multipart"}, place: probe, accept: []string{"--accept", "versioned"}},
		{name: "another key", shows: []string{"kms:Decrypt"}, furnish: func(w *simulator.World, r *simulator.Request) error {
			return seed(w, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags, Encryption: old})
		}, options: []string{"--rekey"}},
		{name: "state in a bucket, report under a key", shows: []string{"kms:Decrypt"}, furnish: func(w *simulator.World, r *simulator.Request) error {
			reports := simulator.Request{Bucket: simaws.ReportBucket, Principal: r.Principal}
			if err := w.PutBucketEncryption(taken, &reports, simulator.BucketEncryption{Algorithm: "aws:kms", KMSKeyID: otherKey}); err != nil {
				return err
			}
			if err := w.CreateBucket(taken, &simulator.CreateBucketInput{Request: simulator.Request{Bucket: "depot", Principal: r.Principal}}); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "plain", Size: 100, Tags: tags})
		}, place: []string{"--job", "s3://depot/jobs/one"}},
		{name: "state in a bucket under a key", shows: []string{"kms:Decrypt"}, furnish: func(w *simulator.World, r *simulator.Request) error {
			depot := simulator.Request{Bucket: "depot", Principal: r.Principal}
			if err := w.CreateBucket(taken, &simulator.CreateBucketInput{Request: depot}); err != nil {
				return err
			}
			if err := w.PutBucketEncryption(taken, &depot, simulator.BucketEncryption{Algorithm: "aws:kms", KMSKeyID: otherKey}); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "plain", Size: 100, Tags: tags})
		}, options: []string{"--bucket-key-enabled=false"}, place: []string{"--job", "s3://depot/jobs/one"}},
		{name: "the key's policy alone", shows: []string{"kms:Decrypt"}, furnish: func(w *simulator.World, r *simulator.Request) error {
			return seed(w, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags}, simulator.ObjectInfo{Key: "large", Size: 6 << 30})
		}, options: []string{"--bucket-key-enabled=false"}, keyOnly: true},
	}
}

// TestLeastPrivilege runs plan, run and verify with just the policies that
// permissions prints, under the simulator's: they must be enough, each action
// must be asked for, and without any one of them something has to fail or to
// be said. An action that an earlier scene has shown to be needed is not left
// out again.
func TestLeastPrivilege(t *testing.T) {
	shown := map[string]bool{} // "Sid action" that something failed without
	for _, s := range privilegeScenes() {
		t.Run(s.name, func(t *testing.T) { s.play(t, shown) })
	}
}

func (s *privilegeScene) play(t *testing.T, shown map[string]bool) {
	plan := slices.Concat([]string{"--manifest", "MANIFEST", "--sse-kms-key-id", simaws.Key}, s.options)
	place := s.place
	if !slices.Contains(place, "--job") {
		place = append([]string{"--job", "JOB"}, place...)
	}
	commands := [][]string{
		append([]string{"plan"}, plan...),
		slices.Concat([]string{"run", "--yes", "--no-progress", "--max-outage", "1s", "--accept", "weak-conditions", "--accept", "drops-expires"}, plan, place, s.accept),
	}
	if !s.noVerify {
		commands = append(commands, []string{"verify", place[0], place[1]})
	}
	codes := s.codes
	if codes == "" {
		codes = "0 0 0"
	}

	exact := newNight(t, s.furnish, "")
	exact.as(false)
	t.Setenv("AWS_CA_BUNDLE", "")
	ask := exact.outcome([][]string{slices.Concat([]string{"permissions", "--principal", nightUser}, plan, s.place)}, nil)
	_, text, ok := strings.Cut(ask.messages, "\n")
	var least preflight.Permissions
	if !ok || json.Unmarshal([]byte(text), &least) != nil {
		t.Fatalf("permissions: %s", ask.messages)
	}
	exact.as(true)
	t.Setenv("AWS_ENDPOINT_URL", "")
	s.give(t, exact, &least)
	enough := exact.outcome(commands, nil)
	for i, code := range strings.Fields(codes) {
		if len(enough.ends) <= i || !strings.HasPrefix(enough.ends[i], commands[i][0]+" "+code+", unknown 0,") || !strings.HasSuffix(enough.ends[i], "uploads 0") {
			t.Fatalf("with exactly the policies: %q\n%s\n%s", enough.ends, text, enough.messages)
		}
	}
	s.nothingSpare(t, exact, &least)

	// Whatever is left out is missed.
	var trials sync.WaitGroup
	room := make(chan struct{}, 4)
	for _, less := range s.without(&least) {
		if shown[less.name] || unseen[less.action] != "" && !slices.Contains(s.shows, less.action) {
			continue
		}
		shown[less.name] = true
		n := newNight(t, s.furnish, "")
		s.give(t, n, less.policies)
		trials.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			if got := n.outcome(commands, enough.ends); slices.Equal(got.ends, enough.ends) {
				t.Errorf("without %s all went as with it: %q", less.name, got.messages)
			}
		})
	}
	trials.Wait()
}

// give gives the user the policies, and nothing else.
func (s *privilegeScene) give(t *testing.T, n *night, p *preflight.Permissions) {
	t.Helper()
	identity := p.IdentityPolicy
	if s.keyOnly {
		identity.Statement = slices.DeleteFunc(slices.Clone(identity.Statement), func(g preflight.Grant) bool { return g.Sid == "Key" || g.Sid == "KeyThroughS3" })
	}
	text, err := json.Marshal(identity)
	if err != nil {
		t.Fatal(err)
	}
	n.sim.Locked(func(w *simulator.World) {
		n.grant(string(text))
		if !s.keyOnly {
			return
		}
		owner := preflight.Grant{Sid: "Owner", Effect: "Allow", Principal: map[string]any{"AWS": simaws.Administrator}, Action: []string{"kms:*"}, Resource: []string{"*"}}
		doc, err := json.Marshal(preflight.Grants{Version: "2012-10-17", Statement: []preflight.Grant{owner, *p.KeyPolicyStatement}})
		if err == nil {
			if refused := w.PutKeyPolicy(time.Now(), simulator.Principal{Account: simaws.AccountID}, simaws.Key, doc, false); refused != nil {
				err = refused
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

// lesser is the policies without one action.
type lesser struct {
	name, action string
	policies     *preflight.Permissions
}

// without leaves out each action in turn, of what the scene is about.
func (s *privilegeScene) without(p *preflight.Permissions) (out []lesser) {
	drop := func(actions []string, i int) []string { return slices.Delete(slices.Clone(actions), i, i+1) }
	if s.keyOnly {
		for i, action := range p.KeyPolicyStatement.Action {
			statement := *p.KeyPolicyStatement
			statement.Action = drop(statement.Action, i)
			out = append(out, lesser{statement.Sid + " " + action, action, &preflight.Permissions{IdentityPolicy: p.IdentityPolicy, KeyPolicyStatement: &statement}})
		}
		return out
	}
	for i, statement := range p.IdentityPolicy.Statement {
		for j, action := range statement.Action {
			name := statement.Sid + " " + action
			less := preflight.Grants{Version: p.IdentityPolicy.Version, Statement: slices.Clone(p.IdentityPolicy.Statement)}
			if less.Statement[i].Action = drop(statement.Action, j); len(statement.Action) == 1 {
				less.Statement = slices.Delete(less.Statement, i, i+1)
			}
			out = append(out, lesser{name, action, &preflight.Permissions{IdentityPolicy: less, KeyPolicyStatement: p.KeyPolicyStatement}})
		}
	}
	return out
}

// nothingSpare fails the test where an action was printed that nobody was asked
// for.
func (s *privilegeScene) nothingSpare(t *testing.T, n *night, p *preflight.Permissions) {
	t.Helper()
	n.sim.Locked(func(*simulator.World) {
		for _, statement := range p.IdentityPolicy.Statement {
			for _, action := range statement.Action {
				used := slices.ContainsFunc(slices.Collect(func(yield func(question) bool) {
					for q, allowed := range n.asked {
						if allowed && !yield(q) {
							return
						}
					}
				}), func(q question) bool { return q.action == action && covered(q.resource, statement.Resource) })
				if !used && unseen[action] == "" {
					t.Errorf("%s %s is never asked for", statement.Sid, action)
				}
			}
		}
	})
}

// covered tells whether one of the patterns is about the resource.
func covered(resource string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		before, star := strings.CutSuffix(p, "*")
		return p == resource || star && (strings.HasPrefix(resource, before) || strings.Contains(before, "*"))
	})
}
