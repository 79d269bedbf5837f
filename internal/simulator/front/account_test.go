package front

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"reseal/internal/simulator"
)

// oneAddress is where all accounts are asked about.
type oneAddress string

func (o oneAddress) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(string(o))
	return smithyendpoints.Endpoint{URI: *u}, err
}

// TestAccountSettings: the SDK's client of S3 Control reads answers and errors.
func TestAccountSettings(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	o := r.s3(longLived).Options()
	c := s3control.New(s3control.Options{Region: o.Region, Credentials: o.Credentials, HTTPClient: o.HTTPClient, EndpointResolverV2: oneAddress(*o.BaseEndpoint)})
	account := aws.String(longLived.AccountID)
	get := func() string {
		out, err := c.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: account})
		if err != nil {
			return codeOf(err)
		}
		if *out.PublicAccessBlockConfiguration.BlockPublicAcls {
			return "blocked"
		}
		return "not blocked"
	}
	if got := get(); got != "NoSuchPublicAccessBlockConfiguration" {
		t.Errorf("before: %s", got)
	}
	if _, err := c.PutPublicAccessBlock(t.Context(), &s3control.PutPublicAccessBlockInput{AccountId: account,
		PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true)}}); err != nil {
		t.Fatal(err)
	}
	if got := get(); got != "blocked" {
		t.Errorf("after: %s", got)
	}
	r.front.Locked(func(w *simulator.World) {
		w.AddAccessPoint(simulator.AccessPoint{Name: "b", Bucket: testBucket})
		w.AddAccessPoint(simulator.AccessPoint{Name: "a", Bucket: "another"})
	})
	for of, want := range map[*string]string{aws.String(testBucket): "[b]", nil: "[a b]"} {
		out, err := c.ListAccessPoints(t.Context(), &s3control.ListAccessPointsInput{AccountId: account, Bucket: of})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range out.AccessPointList {
			names = append(names, *p.Name)
		}
		if fmt.Sprint(names) != want {
			t.Errorf("access points %v, want %s", names, want)
		}
	}
	if _, err := c.ListAccessPoints(t.Context(), &s3control.ListAccessPointsInput{AccountId: aws.String("999988887777")}); codeOf(err) != "AccessDenied" {
		t.Errorf("access points of another account: %v", err)
	}
}
