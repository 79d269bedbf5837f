package partition

import "testing"

func TestPartitions(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-2": "aws", "mx-central-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eusc-de-east-1": "aws-eusc",
		"us-iso-east-1": "aws-iso", "us-isob-west-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f", "": "aws", "local": "aws",
	} {
		p := OfRegion(region)
		if p.ID != want {
			t.Errorf("Region %q: %s, want %s", region, p.ID, want)
		}
		if got := OfARN(p.Bucket("b")); got.ID != want {
			t.Errorf("ARN %s: %s, want %s", p.Bucket("b"), got.ID, want)
		}
	}
	if got := Of("1234abcd-12ab", "cn-north-1").S3("cn-north-1"); got != "s3.cn-north-1.amazonaws.com.cn" {
		t.Errorf("S3 in China is %s", got)
	}
	if got := Of("arn:aws-eusc:kms:eusc-de-east-1:111122223333:key/k", "eu-west-1").ID; got != "aws-eusc" {
		t.Errorf("a key's ARN says %s", got)
	}
}

// TestS3Host: what is S3, and names that only look like it.
func TestS3Host(t *testing.T) {
	for host, want := range map[string]string{ // "-": not S3
		"s3.amazonaws.com": "", "S3.EU-West-1.amazonaws.com.": "eu-west-1", "s3-us-west-2.amazonaws.com": "us-west-2", "s3-external-1.amazonaws.com": "us-east-1",
		"s3-fips.us-gov-west-1.amazonaws.com": "us-gov-west-1", "s3.dualstack.eu-west-1.amazonaws.com": "eu-west-1", "s3-fips.dualstack.us-east-1.amazonaws.com": "us-east-1",
		"s3.cn-north-1.amazonaws.com.cn": "cn-north-1", "s3.eusc-de-east-1.amazonaws.eu": "eusc-de-east-1", "s3.us-iso-east-1.c2s.ic.gov": "us-iso-east-1",
		"s3.us-isob-east-1.sc2s.sgov.gov": "us-isob-east-1", "s3.eu-isoe-west-1.cloud.adc-e.uk": "eu-isoe-west-1", "s3.us-isof-south-1.csp.hci.ic.gov": "us-isof-south-1",
		"bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com": "us-east-1", "vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com": "us-east-1",
		"bucket.vpce-1a2b3c4d-5e6f-us-east-1a.s3.us-east-1.vpce.amazonaws.com": "us-east-1", "accesspoint.vpce-1a2b3c4d-5e6f.s3.cn-north-1.vpce.amazonaws.com.cn": "cn-north-1",
		"media-111122223333.s3-accesspoint.eu-west-1.amazonaws.com": "eu-west-1", "media-111122223333.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com": "us-east-1",

		"amazonaws.com": "-", "example.com": "-", "s3.amazonaws.com.example.com": "-", "s3.eu-west-1.amazonaws.com.evil.net": "-", "xs3.eu-west-1.amazonaws.com": "-",
		"s3.eu-west-1.amazonaws.com.cn": "-", "s3.cn-north-1.amazonaws.com": "-", "s3.eu-west-1.c2s.ic.gov": "-", "evilamazonaws.com": "-", "s3.evilamazonaws.com": "-",
		"d111111abcdef8.cloudfront.net": "-", "my-lb-1234567890.eu-west-1.elb.amazonaws.com": "-", "s3.eu-west-1.elb.amazonaws.com": "-", "s3-eu-west-1.elb.amazonaws.com": "-",
		"ec2-203-0-113-25.compute-1.amazonaws.com": "-", "ec2-203-0-113-25.eu-west-1.compute.amazonaws.com": "-", "s3.compute-1.amazonaws.com": "-",
		"a1b2c3.execute-api.eu-west-1.amazonaws.com": "-", "s3.execute-api.eu-west-1.amazonaws.com": "-", "vpce-0a1b.vpce-svc-0c2d.us-east-1.vpce.amazonaws.com": "-",
		"bucket.vpce-0a1b.vpce-svc-0c2d.us-east-1.vpce.amazonaws.com": "-", "s3.us-east-1.vpce.amazonaws.com": "-", "vpce-1a2b.execute-api.us-east-1.vpce.amazonaws.com": "-",
		"control.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com": "-", "media.s3.eu-west-1.amazonaws.com": "-", "media.s3-website-eu-west-1.amazonaws.com": "-",
		"media.s3-website.eu-central-1.amazonaws.com": "-", "s3-website-us-east-1.amazonaws.com": "-", "s3-accelerate.amazonaws.com": "-", "s3-control.eu-west-1.amazonaws.com": "-",
		"ol-111122223333.s3-object-lambda.eu-west-1.amazonaws.com": "-", "s3-object-lambda.eu-west-1.amazonaws.com": "-", "s3express-control.us-east-1.amazonaws.com": "-",
		"op-111122223333.op-01.s3-outposts.eu-west-1.amazonaws.com": "-", "kms.eu-west-1.amazonaws.com": "-", "s3.not-a-region.amazonaws.com": "-", "": "-",
		"search-s3.eu-west-1.es.amazonaws.com": "-", "mrap.accesspoint.s3-global.amazonaws.com": "-", "s3.eu-west-1.on.aws": "-", "s3.eu-west-1.api.aws": "-",
	} {
		region, ok := S3Host(host)
		if got := map[bool]string{true: region, false: "-"}[ok]; got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}
