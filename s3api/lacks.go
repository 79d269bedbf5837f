package s3api

import (
	"net/http"
	"strings"
)

// lacks names the permission for want of which a request was refused, "" where it
// was not. S3 and KMS say it in most answers; to HeadObject there is no text at all.
// Other answers with 403, such as InvalidObjectState, are about the object.
func (a *answer) lacks(op string) string {
	switch a.code {
	case "AccessDenied", "AccessDeniedException", "Forbidden", "AllAccessDisabled", "":
	default:
		return ""
	}
	if a.fault != faultNone || a.status != http.StatusForbidden && a.code != "AccessDeniedException" {
		return ""
	}
	if _, rest, ok := strings.Cut(a.message, "not authorized to perform: "); ok {
		if action, _, _ := strings.Cut(rest, " "); strings.Contains(action, ":") {
			return strings.TrimRight(action, ".,")
		}
	}
	switch op {
	case "HeadObject", "GetObject":
		return "s3:GetObject or kms:Decrypt"
	case "CopyObject", "UploadPartCopy":
		return "s3:GetObject, s3:PutObject, or the use of the key"
	case "CreateMultipartUpload", "CompleteMultipartUpload":
		return "s3:PutObject or the use of the key"
	case "":
		return "s3:GetObject, s3:GetObjectTagging, s3:GetObjectAcl or kms:Decrypt"
	}
	return "s3:" + op
}

// Lacks names the permission for want of which a look at an object failed, as
// Reply.Lacks does.
func Lacks(err error) string {
	if err == nil {
		return ""
	}
	a := answerOf(err)
	return a.lacks("")
}
