package s3api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// cborReply is an answer of CloudWatch, which speaks RPC v2 with CBOR.
func cborReply(v cbor.Value) reply {
	return reply{header: map[string]string{"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}, body: string(cbor.Encode(v))}
}

func TestKMSUsage(t *testing.T) {
	from := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	s := serve(t, func(r request) reply {
		if r.path != "/service/GraniteServiceVersion20100801/operation/GetMetricData" {
			return reply{status: 404}
		}
		in, err := cbor.Decode([]byte(r.body))
		if err != nil {
			t.Errorf("request: %v", err)
		}
		for _, want := range []string{"AWS/Usage", "CallCount", "CryptographicOperationsSymmetric", "KMS", "Sum"} {
			if !strings.Contains(r.body, want) {
				t.Errorf("the request does not name %s: %v", want, in)
			}
		}
		at := func(m int) cbor.Value {
			return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(from.Unix()) + 60*float64(m))}
		}
		return cborReply(cbor.Map{"MetricDataResults": cbor.List{cbor.Map{
			"Id": cbor.String("calls"), "StatusCode": cbor.String("Complete"),
			"Timestamps": cbor.List{at(0), at(2)}, "Values": cbor.List{cbor.Float64(6000), cbor.Float64(90000.5)},
		}}})
	})
	got, err := client(t, s.URL).KMSUsage(t.Context(), from, from.Add(5*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !got[0].Minute.Equal(from) || got[0].Calls != 6000 || !got[1].Minute.Equal(from.Add(2*time.Minute)) || got[1].Calls != 90000.5 {
		t.Errorf("KMSUsage = %v", got)
	}
}

func TestKMSUsageDenied(t *testing.T) {
	s := serve(t, func(request) reply {
		r := cborReply(cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#AccessDenied"), "message": cbor.String("not authorized to perform: cloudwatch:GetMetricData")})
		r.status = 403
		return r
	})
	_, err := client(t, s.URL).KMSUsage(t.Context(), time.Now().Add(-time.Hour), time.Now())
	var setup *SetupError
	if !errors.As(err, &setup) || setup.Kind != AccessDenied || setup.Op != "GetMetricData" {
		t.Errorf("KMSUsage = %v (kind %q), want a SetupError of kind %q", err, KindOf(err), AccessDenied)
	}
}

// TestKMSUsageElsewhere: with S3 at an endpoint of its own, AWS is not asked.
func TestKMSUsageElsewhere(t *testing.T) {
	hermetic(t)
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
	c, err := New(t.Context(), Config{Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	var setup *SetupError
	if _, err := c.KMSUsage(t.Context(), time.Now(), time.Now()); !errors.As(err, &setup) || setup.Kind != Unsupported {
		t.Errorf("KMSUsage = %v, want kind %q", err, Unsupported)
	}
}
