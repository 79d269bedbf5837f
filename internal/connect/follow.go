package connect

import (
	"context"
	"fmt"

	"reseal/job"
	"reseal/job/known"
	"reseal/s3api"
)

// Follow has the settings go to where a job's requests went when it was made, by whatever
// variable or profile that was, unless the user or the environment names another place
// now; the note says which. A nil job is a new one. Nothing is sent.
func (s *Settings) Follow(ctx context.Context, m *Met) (note string, err error) {
	if m == nil {
		return "", nil
	}
	return s.follow(ctx, m.plan)
}

func (s *Settings) follow(ctx context.Context, made *job.Plan) (note string, err error) {
	if s.Endpoint == "" {
		s.Endpoint = made.Endpoint
	}
	if made.S3 == "" {
		return "", nil // of a version that did not know
	}
	client, err := s.Client(ctx, 1)
	if err != nil {
		return "", err
	}
	now := client.Endpoint().URL
	switch own, owned := s3api.Own(now), s3api.Own(made.S3); {
	case now == made.S3, own && owned: // of another Region, say
		return "", nil
	case s.Endpoint == "" && own: // nothing names a place
		if s.S3Only = made.S3; made.KMS == made.S3 {
			s.Endpoint, s.S3Only = made.S3, ""
		}
		return "", nil
	}
	return fmt.Sprintf("the job was made at %s, and its requests go to %s now, as the command line, AWS_ENDPOINT_URL or the profile says", made.S3, now), nil
}

// serverOf is where the requests of a client go, as jobs are known by it.
func serverOf(client *s3api.Client) string {
	if url := client.Endpoint().URL; !s3api.Own(url) {
		return url
	}
	return known.AWS
}
