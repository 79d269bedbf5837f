package explain

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"reseal/internal/shell"
	"reseal/internal/smallfile"
	"reseal/s3api"
)

// setupRemedy is what to do about a problem with endpoint, credentials, bucket or key.
func setupRemedy(e *s3api.SetupError, again func(flag, value string) string) Remedy {
	const alike = "aws sts get-caller-identity"
	switch e.Kind {
	case s3api.BadConfig:
		return Remedy{"check AWS_PROFILE, AWS_REGION and the files in ~/.aws; or name a profile with --profile, a Region with --region", "aws configure list-profiles"}
	case s3api.NoCredentials:
		return Remedy{"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or name a profile with --profile; then check who that is", alike}
	case s3api.BadCredential:
		return Remedy{"check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_PROFILE, then ask who they are", alike}
	case s3api.Clock:
		return Remedy{"set this machine's clock, then run the same command again", "timedatectl"}
	case s3api.OpenFiles:
		return Remedy{"allow this process more open files, then run the same command again", "ulimit -n 4096"}
	case s3api.NoBucket:
		return Remedy{"check the bucket's name; these are the account's", "aws s3 ls"}
	case s3api.AccessDenied:
		if e.Op == "HeadBucket" { // which a preflight of it begins with
			return Remedy{"a permission is missing, or a policy denies it; docs/permissions.md lists what each command needs; see who the caller is", alike}
		}
		return denied(bucketNamed(e))
	case s3api.WrongRegion:
		return inRegion(e.Region, again)
	}
	if r := keyRemedy(e); r != (Remedy{}) {
		return r
	}
	if r := endpointRemedy(e, again); r != (Remedy{}) {
		return r
	}
	return fileRemedy(e.Err)
}

// fileRemedy is what to do about a file, a folder or an object that cannot be used.
func fileRemedy(err error) Remedy {
	var path *fs.PathError
	var small *smallfile.Error
	look := ""
	if errors.As(err, &path) {
		look = "ls -ld " + shell.Path(path.Path)
	}
	if errors.As(err, &small) {
		return Remedy{"look at what it is, or name another", "ls -ld " + shell.Path(small.Name)}
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Remedy{"check who owns it, and its mode", look}
	case errors.Is(err, fs.ErrNotExist):
		r := Remedy{Say: "check the name, then run the same command again"}
		var setup *s3api.SetupError
		switch {
		case path != nil:
			r.Next = "ls -la " + shell.Path(filepath.Dir(path.Path))
		case errors.As(err, &setup) && strings.HasPrefix(setup.Subject, "s3://"):
			r.Next = "aws s3 ls " + shell.Word(setup.Subject[:strings.LastIndexByte(setup.Subject, '/')+1])
		}
		return r
	case errors.Is(err, syscall.EPIPE):
		return Remedy{Say: "what was to read the output has ended: run the same command again with another reader, or none"}
	case path != nil:
		return Remedy{"look at what it is, or name another", look}
	}
	return Remedy{}
}

// KeyCommand is the command that does something about what is wrong with a key.
func KeyCommand(kind s3api.SetupKind, key string) string {
	return keyRemedy(&s3api.SetupError{Kind: kind, Subject: key}).Next
}

// keyRemedy is what to do about a key.
func keyRemedy(e *s3api.SetupError) Remedy {
	key := "--key-id " + shell.Word(cmp.Or(e.Subject, "KEY"))
	in := ""
	if region := s3api.KeyOfARN(e.Subject).Region; region != "" {
		in = " --region " + shell.Word(region)
	}
	switch e.Kind {
	case s3api.KeyUnknown:
		return Remedy{"check the key's ARN, Region and account; this lists the keys that have an alias", "aws kms list-aliases" + in}
	case s3api.KeyDisabled:
		return Remedy{"enable it, then run the same command again", "aws kms enable-key " + key + in}
	case s3api.KeyDeleted:
		return Remedy{"objects under a key that is deleted are lost; take back its deletion and enable it, then run the same command again",
			"aws kms cancel-key-deletion " + key + in + " && aws kms enable-key " + key + in}
	case s3api.KeyUnavailable:
		return Remedy{"S3 can only use a key in state Enabled; look at it", "aws kms describe-key " + key + in}
	case s3api.KeyUsage:
		return Remedy{"S3 needs a symmetric encryption key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT); this lists the keys that have an alias", "aws kms list-aliases" + in}
	case s3api.KeyRegion:
		return Remedy{"the bucket stays in its Region: name a key that is there; this lists the keys that have an alias", "aws kms list-aliases --region " + shell.Word(cmp.Or(e.Region, "REGION"))}
	}
	return Remedy{}
}

// endpointRemedy is what to do where the service was not reached.
func endpointRemedy(e *s3api.SetupError, again func(flag, value string) string) Remedy {
	endpoint := s3api.EndpointOf(e.Err)
	look := ""
	if endpoint != "" {
		look = "curl -sSI " + shell.Word(endpoint)
	}
	host := strings.TrimPrefix(endpoint, "https://")
	switch e.Kind {
	case s3api.BadBundle:
		return Remedy{"name a readable file of certificates in PEM with --ca-bundle or AWS_CA_BUNDLE; without both, this machine's own authorities hold",
			"ls -ld " + shell.Path(e.Subject)}
	case s3api.BadEndpoint:
		if strings.Contains(e.Subject, "://") || again == nil {
			return Remedy{Say: "an endpoint looks like https://s3.example.com:9000"}
		}
		return Remedy{"an endpoint begins with https://, or on this machine with http://", again("endpoint-url", "https://"+e.Subject)}
	case s3api.PlainHTTP:
		r := Remedy{Say: "use https://; or, on a network that you trust, --allow-http"}
		if again != nil {
			r.Next = again("endpoint-url", "https://"+strings.TrimPrefix(e.Subject, "http://"))
		}
		return r
	case s3api.Unreachable:
		return Remedy{"check the endpoint and the Region, and the way there: routes, firewall, VPC endpoint, HTTPS_PROXY; where it is only down for a while, run the same command again", look}
	case s3api.UnknownHost:
		return Remedy{"check the name of the endpoint, the Region, and this machine's DNS; see what it resolves to", "getent hosts " + shell.Word(cmp.Or(s3api.UnknownNameOf(e.Err), "NAME"))}
	case s3api.Proxy:
		return Remedy{"check HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), and that it lets S3 through; NO_PROXY=HOST goes past it", "env | grep -i proxy"}
	case s3api.Middlebox:
		return Remedy{"something between this machine and S3 answers in its place: a proxy, firewall or login page; or the endpoint wants https://; look at what it says", look}
	case s3api.NotTLS:
		return Remedy{"where the endpoint has no TLS, its address begins with http://; else check HTTPS_PROXY", "env | grep -i proxy"}
	case s3api.OldTLS:
		return Remedy{"have the endpoint speak TLS 1.2 or later, as AWS does; see what it speaks", "openssl s_client -connect " + shell.Word(cmp.Or(host, "HOST:PORT")) + " -tls1_2"}
	case s3api.Certificate:
		return Remedy{"trust the endpoint's certificate authority with --ca-bundle; where the name or the date is wrong, check the endpoint, this machine's clock (timedatectl), and who opens TLS in between", look}
	}
	return Remedy{}
}

// denied is what to do where access to a bucket was denied.
func denied(bucket string) Remedy {
	r := Remedy{Say: "a permission is missing, or a policy denies it; reseal preflight names the statement of a bucket policy that does; reseal permissions prints the smallest policies for a run; " +
		"docs/permissions.md lists what each command needs"}
	if r.Next = "aws sts get-caller-identity"; bucket != "" {
		r.Next = "reseal preflight --bucket " + shell.Word(bucket)
	}
	return r
}

// inRegion is what to do where a bucket is in another Region, "" where that is not known.
func inRegion(region string, again func(flag, value string) string) Remedy {
	switch {
	case region == "":
		return Remedy{Say: "name its Region with --region"}
	case again == nil:
		return Remedy{Say: fmt.Sprintf("it is in %[1]s: --region %[1]s", region)}
	}
	return Remedy{"it is in " + region, again("region", region)}
}

// bucketNamed is the bucket that a refused request was about, "" where it was none.
func bucketNamed(e *s3api.SetupError) string {
	if strings.HasPrefix(e.Subject, "s3://") || strings.HasSuffix(e.Op, "Bucket") || strings.HasPrefix(e.Op, "GetBucket") {
		return bucketOf(e.Subject)
	}
	return ""
}
