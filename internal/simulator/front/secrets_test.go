package front

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"reseal/internal/simulator"
)

func (r *rig) kms(id Identity) *kms.Client {
	return kms.New(kms.Options{BaseEndpoint: &r.url, HTTPClient: r.client, Region: "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider(id.AccessKeyID, id.SecretKey, id.SessionToken)})
}

// TestEncryptAndDecrypt: what was encrypted is decrypted under the same key and
// context, and under no other.
func TestEncryptAndDecrypt(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.kms(longLived)
	context := map[string]string{"purpose": "photos", "year": "2026"}
	made, err := c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String(testKey), Plaintext: []byte("hello"), EncryptionContext: context})
	if err != nil || *made.KeyId != testKey || bytes.Contains(made.CiphertextBlob, []byte("hello")) {
		t.Fatalf("encrypt: %+v, %v", made, err)
	}
	decrypt := func(change func(*kms.DecryptInput)) (*kms.DecryptOutput, error) {
		in := &kms.DecryptInput{CiphertextBlob: bytes.Clone(made.CiphertextBlob), EncryptionContext: context}
		change(in)
		return c.Decrypt(t.Context(), in)
	}
	for name, change := range map[string]func(*kms.DecryptInput){
		"no key named": func(*kms.DecryptInput) {},
		"its key":      func(in *kms.DecryptInput) { in.KeyId = aws.String(testKey) },
	} {
		if got, err := decrypt(change); err != nil || string(got.Plaintext) != "hello" || *got.KeyId != testKey {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	other, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*kms.DecryptInput)
		want   string
	}{
		"no context":      {func(in *kms.DecryptInput) { in.EncryptionContext = nil }, "InvalidCiphertextException"},
		"another context": {func(in *kms.DecryptInput) { in.EncryptionContext = map[string]string{"purpose": "photos"} }, "InvalidCiphertextException"},
		"a bit turned":    {func(in *kms.DecryptInput) { in.CiphertextBlob[len(in.CiphertextBlob)-1] ^= 1 }, "InvalidCiphertextException"},
		"cut":             {func(in *kms.DecryptInput) { in.CiphertextBlob = in.CiphertextBlob[:9] }, "InvalidCiphertextException"},
		"another key":     {func(in *kms.DecryptInput) { in.KeyId = other.KeyMetadata.Arn }, "IncorrectKeyException"},
		"no such key":     {func(in *kms.DecryptInput) { in.KeyId = aws.String("alias/none") }, "NotFoundException"},
		"dry run":         {func(in *kms.DecryptInput) { in.DryRun = aws.Bool(true) }, "DryRunOperationException"},
	} {
		if _, err := decrypt(tt.change); codeOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	for _, size := range []int{0, 4097} {
		if _, err := c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String(testKey), Plaintext: make([]byte, size)}); codeOf(err) != "ValidationException" {
			t.Errorf("encrypt %d bytes: %v", size, err)
		}
	}
	if _, err := c.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: aws.String(testKey)}); err != nil {
		t.Fatal(err)
	}
	if _, err := decrypt(func(*kms.DecryptInput) {}); codeOf(err) != "DisabledException" {
		t.Errorf("decrypt under a disabled key: %v", err)
	}
}

// TestDataKeysAreDecrypted: a data key comes back, and two are not alike.
func TestDataKeysAreDecrypted(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.kms(longLived)
	context := map[string]string{"purpose": "photos"}
	one, err := c.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: aws.String(testKey), KeySpec: types.DataKeySpecAes256, EncryptionContext: context})
	if err != nil || len(one.Plaintext) != 32 {
		t.Fatalf("data key: %+v, %v", one, err)
	}
	two, err := c.GenerateDataKeyWithoutPlaintext(t.Context(), &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: aws.String(testKey), KeySpec: types.DataKeySpecAes256, EncryptionContext: context})
	if err != nil {
		t.Fatal(err)
	}
	for name, blob := range map[string][]byte{"one": one.CiphertextBlob, "two": two.CiphertextBlob} {
		got, err := c.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: context})
		if err != nil || len(got.Plaintext) != 32 || bytes.Equal(got.Plaintext, one.Plaintext) != (name == "one") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestKeysAndAliases: they are listed in pages, and an alias is made once.
func TestKeysAndAliases(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.kms(longLived)
	want := map[string]bool{testKey: true}
	for range 3 {
		made, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{})
		if err != nil {
			t.Fatal(err)
		}
		want[*made.KeyMetadata.Arn] = true
	}
	pages := kms.NewListKeysPaginator(c, &kms.ListKeysInput{Limit: aws.Int32(3)})
	count := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count++
		for _, k := range page.Keys {
			if !want[*k.KeyArn] {
				t.Errorf("listed twice, or never made: %s", *k.KeyArn)
			}
			delete(want, *k.KeyArn)
		}
	}
	if count != 2 || len(want) > 0 {
		t.Errorf("%d pages, without %v", count, want)
	}
	if _, err := c.ListKeys(t.Context(), &kms.ListKeysInput{Marker: aws.String("garbage")}); codeOf(err) != "InvalidMarkerException" {
		t.Errorf("a made-up marker: %v", err)
	}
	alias := func(name string) string {
		_, err := c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: aws.String(testKey)})
		return codeOf(err)
	}
	for _, tt := range []struct{ name, want string }{
		{"alias/photos", ""}, {"alias/photos", "AlreadyExistsException"}, {"photos", "ValidationException"}, {"alias/aws/mine", "InvalidAliasNameException"},
	} {
		if got := alias(tt.name); got != tt.want {
			t.Errorf("CreateAlias %s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
