package s3api

import (
	"errors"
	"testing"
	"time"

	"reseal/internal/simulator"
)

func TestKey(t *testing.T) {
	const other = "arn:aws:kms:eu-west-1:111122223333:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab"
	for _, tt := range []struct {
		name string
		key  simulator.Key
		id   string
		kind SetupKind
	}{
		{"ARN", simulator.Key{}, other, ""},
		{"id", simulator.Key{}, "aaaaaaaa-12ab-34cd-56ef-1234567890ab", ""},
		{"alias", simulator.Key{}, "alias/films", ""},
		{"unknown", simulator.Key{}, "bbbbbbbb-12ab-34cd-56ef-1234567890ab", KeyUnknown},
		{"unknown alias", simulator.Key{}, "alias/none", KeyUnknown},
		{"disabled", simulator.Key{State: simulator.KeyDisabled}, other, KeyDisabled},
		{"pending deletion", simulator.Key{State: simulator.KeyPendingDeletion}, other, KeyDeleted},
		{"pending import", simulator.Key{State: simulator.KeyPendingImport}, other, KeyUnavailable},
		{"asymmetric", simulator.Key{Spec: "RSA_2048", Usage: "SIGN_VERIFY"}, other, KeyUsage},
		{"other Region", simulator.Key{}, "arn:aws:kms:us-east-1:111122223333:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab", KeyRegion},
	} {
		s := simulate(t, simulator.Config{})
		tt.key.ARN = other
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			return errors.Join(w.CreateKey(tt.key), w.PutAlias("alias/films", other))
		})
		got, err := s.aws.Key(t.Context(), tt.id)
		if KindOf(err) != tt.kind || (err != nil) != (tt.kind != "") {
			t.Errorf("%s: %v (%s), want %q", tt.name, err, KindOf(err), tt.kind)
		}
		if err == nil && (got.ARN != other || got.Account != account || got.Region != "eu-west-1" || got.State != "Enabled") {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// An alias can lead to another Region, and servers other than AWS's may answer
// for any: the answer itself is looked at.
func TestKeyOfAnotherRegionInTheAnswer(t *testing.T) {
	const there = "arn:aws:kms:us-east-1:111122223333:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab"
	s := serve(t, func(request) reply {
		return reply{header: map[string]string{"Content-Type": "application/x-amz-json-1.1"},
			body: `{"KeyMetadata":{"Arn":"` + there + `","KeyId":"a","KeyState":"Enabled","KeySpec":"SYMMETRIC_DEFAULT","KeyUsage":"ENCRYPT_DECRYPT"}}`}
	})
	_, err := client(t, s.URL).Key(t.Context(), "alias/films")
	var setup *SetupError
	if !errors.As(err, &setup) || setup.Kind != KeyRegion || setup.Region != "eu-west-1" {
		t.Errorf("Key = %v, want %s naming eu-west-1, the bucket's", err, KeyRegion)
	}
}

func TestCheckKeyMakesNoDataKey(t *testing.T) {
	s := simulate(t, simulator.Config{})
	if err := s.aws.CheckKey(t.Context(), Key{ARN: keyARN}); err != nil {
		t.Errorf("CheckKey: %v", err)
	}
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		return w.CreateKey(simulator.Key{ARN: keyARN, DeniedTo: []string{"*"}})
	})
	if err := s.aws.CheckKey(t.Context(), Key{ARN: keyARN}); KindOf(err) != AccessDenied {
		t.Errorf("CheckKey of a denied key: %v (%s), want %s", err, KindOf(err), AccessDenied)
	}
}

func TestQuotaAndIdentity(t *testing.T) {
	for _, tt := range []struct {
		applied float64
		want    Quota
	}{
		{12345, Quota{12345, false}},
		{-1, Quota{100000, true}}, // the default in eu-west-1
	} {
		s := simulate(t, simulator.Config{ServiceQuotaApplied: tt.applied})
		if got, err := s.aws.Quota(t.Context()); err != nil || got != tt.want {
			t.Errorf("Quota = %+v, %v; want %+v", got, err, tt.want)
		}
		if got, err := s.aws.Identity(t.Context()); err != nil || got.Account != account {
			t.Errorf("Identity = %+v, %v", got, err)
		}
	}
	s := serve(t, func(request) reply { return failure(400, "InvalidRequest", "what?") })
	if _, err := client(t, s.URL).Quota(t.Context()); KindOf(err) != QuotaUnknown {
		t.Errorf("Quota of a server without one: %v, want %s", err, QuotaUnknown)
	}
}
