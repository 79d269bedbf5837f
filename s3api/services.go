package s3api

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3tables"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// services makes the service clients of one Region.
type services struct {
	config Config
	aws    aws.Config
	peers  *pool // by whose clocks requests are signed; nil: by the clock of this machine
}

// build makes a client of one Region.
func build(c Config, cfg aws.Config, creds *credentials, ownRoots bool) (*Client, error) {
	out := &Client{config: c, aws: cfg, credentials: creds, caller: new(caller), owner: c.ExpectedBucketOwner}
	b := services{config: c, aws: cfg, peers: poolOf(cfg)}
	out.preflight = s3.NewFromConfig(cfg, b.s3)
	out.tasks = s3.NewFromConfig(cfg, b.s3, func(o *s3.Options) {
		o.Retryer = aws.NopRetryer{}
		o.RetryMaxAttempts = 0 // an AWS_MAX_ATTEMPTS would wrap the retryer
	})
	b.others(out)
	bases := []*string{out.accounts.Options().BaseEndpoint, out.preflight.Options().BaseEndpoint, out.kms.Options().BaseEndpoint,
		out.sts.Options().BaseEndpoint, out.quotas.Options().BaseEndpoint, out.iam.Options().BaseEndpoint, out.metrics.Options().BaseEndpoint,
		out.tables.Options().BaseEndpoint}
	for _, base := range bases {
		if err := checkEndpoint(base, c.AllowHTTP); err != nil {
			return nil, err
		}
	}
	s3Of := out.preflight.Options()
	var err error
	out.endpoint, err = resolveEndpoint(&s3Of, cfg.Region, ownRoots)
	out.endpoint.KMS = value(out.kms.Options().BaseEndpoint)
	return out, err
}

// s3 sets the options of both clients for S3.
func (b *services) s3(o *s3.Options) {
	if url := b.config.s3URL(); url != "" {
		o.BaseEndpoint = &url
	}
	// Virtual-host names need DNS that other servers rarely have.
	if o.BaseEndpoint != nil {
		_, known := s3Endpoint(*o.BaseEndpoint)
		o.UsePathStyle = !known
	}
	// Only where S3 demands one: a checksum of our own on top adds nothing
	// to requests without a body, and asking for one on reads needs kms:Decrypt.
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	o.DisableLogOutputChecksumValidationSkipped = true
	o.DisableMultiRegionAccessPoints = true
	o.DisableS3ExpressSessionAuth = aws.Bool(true)
	o.HTTPSignerV4 = b.signer(o.HTTPSignerV4, pathAsItIs)
}

// others makes the clients of all services but S3.
func (b *services) others(out *Client) {
	out.kms = kms.NewFromConfig(b.aws, func(o *kms.Options) {
		o.BaseEndpoint, o.HTTPSignerV4 = b.endpoint(o.BaseEndpoint), b.signer(o.HTTPSignerV4)
	})
	out.sts = sts.NewFromConfig(b.aws, func(o *sts.Options) {
		o.BaseEndpoint, o.HTTPSignerV4 = b.endpoint(o.BaseEndpoint), b.signer(o.HTTPSignerV4)
	})
	out.quotas = servicequotas.NewFromConfig(b.aws, func(o *servicequotas.Options) {
		o.BaseEndpoint, o.HTTPSignerV4 = b.endpoint(o.BaseEndpoint), b.signer(o.HTTPSignerV4)
	})
	out.metrics = cloudwatch.NewFromConfig(b.aws, func(o *cloudwatch.Options) {
		o.BaseEndpoint, o.HTTPSignerV4 = b.endpoint(o.BaseEndpoint), b.signer(o.HTTPSignerV4)
	})
	out.tables = s3tables.NewFromConfig(b.aws, func(o *s3tables.Options) {
		o.BaseEndpoint, o.HTTPSignerV4 = b.endpoint(o.BaseEndpoint), b.signer(o.HTTPSignerV4)
	})
	out.iam = iam.NewFromConfig(b.aws, func(o *iam.Options) { o.BaseEndpoint = b.endpoint(o.BaseEndpoint) })
	out.accounts = s3control.NewFromConfig(b.aws, func(o *s3control.Options) {
		o.BaseEndpoint, o.HTTPSignerV4 = b.endpoint(o.BaseEndpoint), b.signer(o.HTTPSignerV4, pathAsItIs)
		if o.BaseEndpoint != nil { // else the account's id would become part of the host
			o.EndpointResolverV2 = fixedAccountEndpoint(*o.BaseEndpoint)
		}
	})
}

// endpoint is where a service other than S3 is, which has own of the environment; nil
// for AWS's own.
func (b *services) endpoint(own *string) *string {
	return serviceEndpoint(own, b.aws.BaseEndpoint, b.config.EndpointURL)
}

// httpSigner is what every service calls its signer.
type httpSigner interface {
	SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time, options ...func(*v4.SignerOptions)) error
}

// pathAsItIs has a path signed as it is sent, as S3 wants it.
func pathAsItIs(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }

// signer returns a signer that goes by the clock of the host, or usual.
func (b *services) signer(usual httpSigner, options ...func(*v4.SignerOptions)) httpSigner {
	if b.peers == nil {
		return usual
	}
	return signs{v4.NewSigner(options...), b.peers}
}
