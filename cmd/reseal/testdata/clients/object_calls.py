"""S3: objects, one at a time."""

import hashlib
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

from botocore import UNSIGNED

from bucket_calls import LOCKED
from checksums import checksum, md5

BUCKET, KEY, BODY = "calls-objects", "dir/a photo+100%.jpg", b"hello, world"
AT = dict(Bucket=BUCKET, Key=KEY)
ETAG = f'"{hashlib.md5(BODY).hexdigest()}"'
RESEAL_CONTEXT = "eyJwdXJwb3NlIjoicGhvdG9zIn0="  # {"purpose":"photos"}
CUSTOMER = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=b"k" * 32)


def run(lane, s3, key, client):
    s3.create_bucket(Bucket=BUCKET)
    puts(lane, s3)
    conditions(lane, s3)
    gets(lane, s3)
    copies(lane, s3, key)
    encryption(lane, s3, key)
    subresources(lane, s3)
    locks(lane, s3)
    versions(lane, s3)
    urls(lane, s3, client, key)
    missing(lane, s3)


def puts(lane, s3):
    for algorithm, since in (("CRC32", "0.0"), ("CRC32C", "0.0"), ("SHA1", "0.0"), ("SHA256", "0.0"), ("CRC64NVME", "1.36")):
        with lane.call("s3 PutObject", algorithm, since=since):
            lane.new()
            name, value = "Checksum" + algorithm, checksum(algorithm, BODY)
            lane.same("checksum", s3.put_object(Bucket=BUCKET, Key="sum", Body=BODY, **{name: value})[name], value)
            got = s3.get_object(Bucket=BUCKET, Key="sum", ChecksumMode="ENABLED")
            lane.same("read back", (got["Body"].read(), got[name]), (BODY, value))
            lane.error("BadDigest", 400, s3.put_object, Bucket=BUCKET, Key="sum", Body=b"hello, w0rld", **{name: value})
    with lane.call("s3 PutObject", "Content-MD5"):
        lane.same("ETag", s3.put_object(Bucket=BUCKET, Key="sum", Body=BODY, ContentMD5=md5(BODY))["ETag"], ETAG)
        lane.error("BadDigest", 400, s3.put_object, Bucket=BUCKET, Key="sum", Body=BODY, ContentMD5=md5(b"other"))
        lane.error("InvalidDigest", 400, s3.put_object, Bucket=BUCKET, Key="sum", Body=BODY, ContentMD5="abc")
    with lane.call("s3 PutObject", "all headers"):
        s3.put_object(**AT, Body=BODY, ContentType="image/jpeg", CacheControl="max-age=60", ContentDisposition='attachment; filename="a"',
                      ContentEncoding="gzip", ContentLanguage="de", Expires=datetime(2030, 1, 2, tzinfo=timezone.utc),
                      Metadata={"color": "blue", "maker": "M. Muster"}, Tagging="a=b&c+d=e%26f", StorageClass="STANDARD_IA",
                      WebsiteRedirectLocation="/other")
        got = s3.head_object(**AT)
        lane.same("headers", [got[k] for k in ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage")],
                  ["image/jpeg", "max-age=60", 'attachment; filename="a"', "gzip", "de"])
        lane.same("Expires", got["Expires"], datetime(2030, 1, 2, tzinfo=timezone.utc))
        lane.same("metadata", got["Metadata"], {"color": "blue", "maker": "M. Muster"})
        lane.same("class, redirect", (got["StorageClass"], got["WebsiteRedirectLocation"]), ("STANDARD_IA", "/other"))
    with lane.call("s3 PutObject", "no such class"):
        lane.error("InvalidStorageClass", 400, s3.put_object, **AT, Body=BODY, StorageClass="COLD")
    with lane.call("s3 PutObject", "too much metadata"):
        lane.error("MetadataTooLarge", 400, s3.put_object, **AT, Body=BODY, Metadata={"a": "x" * 2100})
    with lane.call("s3 PutObject", "bad tags"):
        lane.error("InvalidTag", 400, s3.put_object, **AT, Body=BODY, Tagging="k" * 200 + "=v")
    with lane.call("s3 PutObject", "no such bucket"):
        lane.error("NoSuchBucket", 404, s3.put_object, Bucket="calls-none", Key="k", Body=b"")


def conditions(lane, s3):
    with lane.call("s3 PutObject", "If-None-Match", since="1.35"):
        lane.new()
        lane.error("PreconditionFailed", 412, s3.put_object, **AT, Body=BODY, IfNoneMatch="*")
    with lane.call("s3 PutObject", "If-Match", since="1.36"):
        lane.new()
        lane.error("PreconditionFailed", 412, s3.put_object, **AT, Body=BODY, IfMatch='"other"')
        lane.error("NoSuchKey", 404, s3.put_object, Bucket=BUCKET, Key="none", Body=BODY, IfMatch=ETAG)
    with lane.call("s3 GetObject", "If-Match"):
        lane.same("status", s3.get_object(**AT, IfMatch=ETAG)["ResponseMetadata"]["HTTPStatusCode"], 200)
        lane.error("PreconditionFailed", 412, s3.get_object, **AT, IfMatch='"other"')
    with lane.call("s3 GetObject", "If-None-Match"):
        lane.error("304", 304, s3.get_object, **AT, IfNoneMatch=ETAG)
    with lane.call("s3 HeadObject", "If-Modified-Since"):
        lane.error("304", 304, s3.head_object, **AT, IfModifiedSince=datetime.now(timezone.utc))
        lane.error("412", 412, s3.head_object, **AT, IfUnmodifiedSince=datetime(2001, 1, 1, tzinfo=timezone.utc))


def gets(lane, s3):
    for span, want in (("bytes=0-4", BODY[:5]), ("bytes=7-", BODY[7:]), ("bytes=-5", BODY[-5:]), ("bytes=5-999", BODY[5:])):
        with lane.call("s3 GetObject", span):
            got = s3.get_object(**AT, Range=span, ChecksumMode="ENABLED")
            lane.same("bytes", (got["Body"].read(), got["ContentLength"]), (want, len(want)))
            start = BODY.index(want)
            lane.same("range", got["ContentRange"], f"bytes {start}-{start + len(want) - 1}/{len(BODY)}")
            lane.same("status", got["ResponseMetadata"]["HTTPStatusCode"], 206)
    with lane.call("s3 GetObject", "range beyond the end"):
        lane.error("InvalidRange", 416, s3.get_object, **AT, Range="bytes=100-200")
    with lane.call("s3 GetObject", "headers of the answer"):
        got = s3.get_object(**AT, ResponseContentType="text/plain", ResponseCacheControl="no-store")
        lane.same("headers", (got["ContentType"], got["CacheControl"]), ("text/plain", "no-store"))
    with lane.call("s3 GetObject", "none"):
        lane.same("key named", lane.error("NoSuchKey", 404, s3.get_object, Bucket=BUCKET, Key="none")["Error"]["Key"], "none")
    with lane.call("s3 HeadObject"):
        got = s3.head_object(**AT)
        lane.same("ETag, length", (got["ETag"], got["ContentLength"], got["AcceptRanges"]), (ETAG, len(BODY), "bytes"))
        lane.true("time", abs(got["LastModified"] - datetime.now(timezone.utc)) < timedelta(minutes=10))
    with lane.call("s3 HeadObject", "checksum of its own"):
        s3.put_object(Bucket=BUCKET, Key="sum", Body=BODY, ChecksumSHA256=checksum("SHA256", BODY))
        lane.same("checksum", s3.head_object(Bucket=BUCKET, Key="sum", ChecksumMode="ENABLED")["ChecksumSHA256"], checksum("SHA256", BODY))
    with lane.call("s3 HeadObject", "none"):
        lane.error("404", 404, s3.head_object, Bucket=BUCKET, Key="none")


def copies(lane, s3, key):
    source = {"Bucket": BUCKET, "Key": KEY}
    with lane.call("s3 CopyObject"):
        got = s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=source)
        lane.same("ETag", got["CopyObjectResult"]["ETag"], ETAG)
        head = s3.head_object(Bucket=BUCKET, Key="copy")
        lane.same("metadata", head["Metadata"], {"color": "blue", "maker": "M. Muster"})
        lane.true("class is not kept", "StorageClass" not in head)
        lane.same("tags", len(s3.get_object_tagging(Bucket=BUCKET, Key="copy")["TagSet"]), 2)
    with lane.call("s3 CopyObject", "onto itself, nothing changed"):
        lane.error("InvalidRequest", 400, s3.copy_object, Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "copy"})
    with lane.call("s3 CopyObject", "metadata and tags replaced"):
        s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=source, MetadataDirective="REPLACE", Metadata={"size": "1"},
                       TaggingDirective="REPLACE", Tagging="x=y", ContentType="text/plain", StorageClass="GLACIER_IR")
        head = s3.head_object(Bucket=BUCKET, Key="copy")
        lane.same("metadata", (head["Metadata"], head["ContentType"], head["StorageClass"]), ({"size": "1"}, "text/plain", "GLACIER_IR"))
        lane.same("tags", s3.get_object_tagging(Bucket=BUCKET, Key="copy")["TagSet"], [{"Key": "x", "Value": "y"}])
    with lane.call("s3 CopyObject", "condition fails"):
        lane.error("PreconditionFailed", 412, s3.copy_object, Bucket=BUCKET, Key="copy", CopySource=source, CopySourceIfMatch='"x"')
        lane.error("PreconditionFailed", 412, s3.copy_object, Bucket=BUCKET, Key="copy", CopySource=source, CopySourceIfNoneMatch=ETAG)
    with lane.call("s3 CopyObject", "checksum asked for"):
        got = s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=source, ChecksumAlgorithm="SHA256")
        lane.same("checksum", got["CopyObjectResult"]["ChecksumSHA256"], checksum("SHA256", BODY))
    with lane.call("s3 CopyObject", "no such source"):
        lane.error("NoSuchKey", 404, s3.copy_object, Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "none"})
    with lane.call("s3 CopyObject", "in place, under a key"):
        got = s3.copy_object(**AT, CopySource=source, CopySourceIfMatch=ETAG, ServerSideEncryption="aws:kms", SSEKMSKeyId=key,
                             BucketKeyEnabled=True, StorageClass="STANDARD_IA")
        lane.same("key", (got["ServerSideEncryption"], got["SSEKMSKeyId"], got["BucketKeyEnabled"]), ("aws:kms", key, True))
        got = s3.head_object(**AT)
        lane.same("object", (got["SSEKMSKeyId"], got["Metadata"]["color"], got["StorageClass"]), (key, "blue", "STANDARD_IA"))
        lane.true("ETag is no MD5", got["ETag"] != ETAG)


def encryption(lane, s3, key):
    with lane.call("s3 PutObject", "KMS, bucket key, context"):
        got = s3.put_object(Bucket=BUCKET, Key="kms", Body=BODY, ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True,
                            SSEKMSEncryptionContext=RESEAL_CONTEXT)
        lane.same("key", (got["ServerSideEncryption"], got["SSEKMSKeyId"], got["BucketKeyEnabled"]), ("aws:kms", key, True))
        lane.same("bytes", s3.get_object(Bucket=BUCKET, Key="kms")["Body"].read(), BODY)
    with lane.call("s3 PutObject", "no such key"):
        lane.error("KMS.NotFoundException", 400, s3.put_object, Bucket=BUCKET, Key="kms", Body=BODY, ServerSideEncryption="aws:kms",
                   SSEKMSKeyId=key[:-4] + "0000")
    with lane.call("s3 PutObject", "key without aws:kms"):
        lane.error("InvalidArgument", 400, s3.put_object, Bucket=BUCKET, Key="kms", Body=BODY, ServerSideEncryption="AES256", SSEKMSKeyId=key)
    with lane.call("s3 PutObject", "customer key"):
        got = s3.put_object(Bucket=BUCKET, Key="own", Body=BODY, **CUSTOMER)
        lane.same("algorithm, MD5 of the key", (got["SSECustomerAlgorithm"], got["SSECustomerKeyMD5"]), ("AES256", md5(b"k" * 32)))
    with lane.call("s3 GetObject", "customer key"):
        lane.same("bytes", s3.get_object(Bucket=BUCKET, Key="own", **CUSTOMER)["Body"].read(), BODY)
    with lane.call("s3 GetObject", "customer key left out"):
        lane.error("InvalidRequest", 400, s3.get_object, Bucket=BUCKET, Key="own")
    with lane.call("s3 GetObject", "another customer key"):
        lane.error("AccessDenied", 403, s3.get_object, Bucket=BUCKET, Key="own", SSECustomerAlgorithm="AES256", SSECustomerKey=b"o" * 32)
    with lane.call("s3 HeadObject", "customer key left out"):
        lane.error("400", 400, s3.head_object, Bucket=BUCKET, Key="own")
    with lane.call("s3 CopyObject", "from a customer key"):
        s3.copy_object(Bucket=BUCKET, Key="own2", CopySource={"Bucket": BUCKET, "Key": "own"}, CopySourceSSECustomerAlgorithm="AES256",
                       CopySourceSSECustomerKey=b"k" * 32)
        lane.same("encryption", s3.head_object(Bucket=BUCKET, Key="own2")["ServerSideEncryption"], "AES256")


def subresources(lane, s3):
    at = dict(Bucket=BUCKET, Key="kms")
    with lane.call("s3 PutObjectTagging"):
        want = [{"Key": "a b", "Value": "<&>"}]
        s3.put_object_tagging(**at, Tagging={"TagSet": want})
        lane.same("tags", s3.get_object_tagging(**at)["TagSet"], want)
        lane.same("count", s3.get_object(**at)["TagCount"], 1)
    with lane.call("s3 PutObjectTagging", "the same key twice"):
        lane.error("InvalidTag", 400, s3.put_object_tagging, **at, Tagging={"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]})
    with lane.call("s3 DeleteObjectTagging"):
        s3.delete_object_tagging(**at)
        lane.same("tags", s3.get_object_tagging(**at)["TagSet"], [])
    with lane.call("s3 GetObjectAcl"):
        got = s3.get_object_acl(**at)
        lane.same("grants", [(g["Grantee"]["ID"], g["Permission"]) for g in got["Grants"]], [(got["Owner"]["ID"], "FULL_CONTROL")])
    with lane.call("s3 PutObjectAcl", "ACLs off"):
        lane.error("AccessControlListNotSupported", 400, s3.put_object_acl, **at, ACL="public-read")
    with lane.call("s3 PutObjectAcl"):
        s3.put_object(Bucket=LOCKED, Key="acl", Body=BODY, ContentMD5=md5(BODY))
        s3.put_object_acl(Bucket=LOCKED, Key="acl", ACL="bucket-owner-full-control")
        lane.error("AccessDenied", 403, s3.put_object_acl, Bucket=LOCKED, Key="acl", ACL="public-read")
        lane.same("grants", len(s3.get_object_acl(Bucket=LOCKED, Key="acl")["Grants"]), 1)
    with lane.call("s3 GetObjectAttributes"):
        s3.put_object(Bucket=BUCKET, Key="sum", Body=BODY, ChecksumSHA256=checksum("SHA256", BODY))
        got = s3.get_object_attributes(Bucket=BUCKET, Key="sum", ObjectAttributes=["ETag", "Checksum", "ObjectSize", "StorageClass"])
        lane.same("attributes", (got["ETag"], got["ObjectSize"], got["StorageClass"], got["Checksum"]["ChecksumSHA256"]),
                  (ETAG.strip('"'), len(BODY), "STANDARD", checksum("SHA256", BODY)))
    with lane.call("s3 RestoreObject"):
        s3.put_object(Bucket=BUCKET, Key="cold", Body=BODY, StorageClass="GLACIER")
        lane.error("InvalidObjectState", 403, s3.get_object, Bucket=BUCKET, Key="cold")
        lane.same("status", s3.restore_object(Bucket=BUCKET, Key="cold", RestoreRequest={"Days": 1})["ResponseMetadata"]["HTTPStatusCode"], 202)
        lane.same("under way", s3.head_object(Bucket=BUCKET, Key="cold")["Restore"][:16], "ongoing-request=")
    with lane.call("s3 RestoreObject", "not archived"):
        lane.error("InvalidObjectState", 403, s3.restore_object, Bucket=BUCKET, Key="sum", RestoreRequest={"Days": 1})


def locks(lane, s3):
    at, until = dict(Bucket=LOCKED, Key="kept"), datetime(2099, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    with lane.call("s3 PutObject", "default retention"):
        at["VersionId"] = s3.put_object(Bucket=LOCKED, Key="kept", Body=BODY, ContentMD5=md5(BODY))["VersionId"]
        lane.same("mode", s3.head_object(**at)["ObjectLockMode"], "GOVERNANCE")
    with lane.call("s3 PutObjectRetention"):
        want = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
        s3.put_object_retention(**at, Retention=want)
        lane.same("retention", s3.get_object_retention(**at)["Retention"], want)
    with lane.call("s3 PutObjectRetention", "shorter"):
        lane.error("AccessDenied", 403, s3.put_object_retention, **at, Retention=dict(want, RetainUntilDate=until - timedelta(days=365)))
    with lane.call("s3 PutObjectLegalHold"):
        s3.put_object_legal_hold(**at, LegalHold={"Status": "ON"})
        lane.same("hold", s3.get_object_legal_hold(**at)["LegalHold"]["Status"], "ON")
        lane.same("in HeadObject", s3.head_object(**at)["ObjectLockLegalHoldStatus"], "ON")
    with lane.call("s3 DeleteObject", "held"):
        lane.error("AccessDenied", 403, s3.delete_object, **at, BypassGovernanceRetention=True)
    with lane.call("s3 DeleteObject", "governance passed by"):
        s3.put_object_legal_hold(**at, LegalHold={"Status": "OFF"})
        lane.error("AccessDenied", 403, s3.delete_object, **at)
        lane.same("version", s3.delete_object(**at, BypassGovernanceRetention=True)["VersionId"], at["VersionId"])
    with lane.call("s3 GetObjectRetention", "bucket without lock"):
        lane.error("InvalidRequest", 400, s3.get_object_retention, Bucket=BUCKET, Key="sum")


def versions(lane, s3):
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    at = dict(Bucket=BUCKET, Key="twice")
    first, second = (s3.put_object(**at, Body=b)["VersionId"] for b in (b"one", b"two"))
    with lane.call("s3 GetObject", "version"):
        got = s3.get_object(**at, VersionId=first)
        lane.same("bytes", (got["Body"].read(), got["VersionId"]), (b"one", first))
    with lane.call("s3 GetObject", "no such version"):
        lane.error("NoSuchVersion", 404, s3.get_object, **at, VersionId=first[:-1] + ("a" if first[-1] != "a" else "b"))
    with lane.call("s3 CopyObject", "version"):
        got = s3.copy_object(Bucket=BUCKET, Key="back", CopySource=dict(at, VersionId=first))
        lane.same("source", got["CopySourceVersionId"], first)
        lane.same("bytes", s3.get_object(Bucket=BUCKET, Key="back")["Body"].read(), b"one")
    with lane.call("s3 DeleteObject", "marker"):
        got = s3.delete_object(**at)
        marker = got["VersionId"]
        lane.same("marker", got["DeleteMarker"], True)
    with lane.call("s3 GetObject", "deleted"):
        headers = lane.error("NoSuchKey", 404, s3.get_object, **at)["ResponseMetadata"]["HTTPHeaders"]
        lane.same("marker named", (headers["x-amz-delete-marker"], headers["x-amz-version-id"]), ("true", marker))
    with lane.call("s3 GetObject", "marker by its id"):
        lane.error("MethodNotAllowed", 405, s3.get_object, **at, VersionId=marker)
    with lane.call("s3 DeleteObjects"):
        got = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "twice", "VersionId": marker}, {"Key": "twice", "VersionId": first},
                                                                    {"Key": "never there"}]})
        lane.same("deleted", len(got["Deleted"]), 3)
        lane.same("marker", [d["DeleteMarkerVersionId"] for d in got["Deleted"] if d.get("VersionId") == marker], [marker])
        lane.same("current again", s3.get_object(**at)["Body"].read(), b"two")
    with lane.call("s3 DeleteBucket", "not empty"):
        lane.error("BucketNotEmpty", 409, s3.delete_bucket, Bucket=BUCKET)


def open_url(url, method="GET", data=None, **headers):
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE")) if url.startswith("https") else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=headers), context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def urls(lane, s3, client, key):
    v4 = client(config={"signature_version": "s3v4"})
    with lane.call("s3 presigned GetObject"):
        url = v4.generate_presigned_url("get_object", Params=dict(Bucket=BUCKET, Key="kms", ResponseContentType="text/plain"))
        lane.same("bytes", open_url(url), (200, BODY))
    with lane.call("s3 presigned GetObject", "changed"):
        status, text = open_url(url.replace("text%2Fplain", "text%2Fhtml"))
        lane.same("refused", (status, b"<Code>SignatureDoesNotMatch</Code>" in text), (403, True))
    with lane.call("s3 presigned PutObject", "metadata"):
        url = v4.generate_presigned_url("put_object", Params=dict(Bucket=BUCKET, Key="by url", Metadata={"color": "red"}))
        lane.same("status", open_url(url, "PUT", b"new", **{"x-amz-meta-color": "red", "Content-Type": ""})[0], 200)
        lane.same("metadata", s3.head_object(Bucket=BUCKET, Key="by url")["Metadata"], {"color": "red"})
    with lane.call("s3 presigned HeadBucket"):
        lane.same("status", open_url(v4.generate_presigned_url("head_bucket", Params=dict(Bucket=BUCKET)), "HEAD")[0], 200)
    with lane.call("s3 presigned GetObject", "Signature Version 2"):
        url = client(config={"signature_version": "s3"}).generate_presigned_url("get_object", Params=dict(Bucket=BUCKET, Key="kms"))
        lane.true("signed so", "AWSAccessKeyId=" in url)
        status, text = open_url(url)
        lane.same("refused", (status, b"<Code>InvalidRequest</Code>" in text, b"Please use AWS4-HMAC-SHA256." in text), (400, True, True))
    with lane.call("s3 GetObject", "Signature Version 2"):
        lane.error("InvalidRequest", 400, client(config={"signature_version": "s3"}).get_object, Bucket=BUCKET, Key="kms")
    with lane.call("s3 GetObject", "anonymous"):
        lane.error("AccessDenied", 403, client(config={"signature_version": UNSIGNED}).get_object, Bucket=BUCKET, Key="kms")
    with lane.call("s3 ListBuckets", "signed for another Region"):
        lane.error("AuthorizationHeaderMalformed", 400, client(region_name="eu-west-1").list_buckets)
    with lane.call("s3 GetObject", "wrong secret"):
        lane.error("SignatureDoesNotMatch", 403, client(aws_access_key_id="SIMULATOR", aws_secret_access_key="x").get_object,
                   Bucket=BUCKET, Key="kms")
    with lane.call("s3 GetObject", "unknown access key"):
        lane.error("InvalidAccessKeyId", 403, client(aws_access_key_id="NOBODY", aws_secret_access_key="x").get_object,
                   Bucket=BUCKET, Key="kms")


def missing(lane, s3):
    lane.missing("s3 SelectObjectContent", s3.select_object_content, Bucket=BUCKET, Key="sum", Expression="SELECT 1", ExpressionType="SQL",
                 InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}})
    lane.missing("s3 GetObjectTorrent", s3.get_object_torrent, Bucket=BUCKET, Key="sum")
    form = s3.generate_presigned_post(BUCKET, "form")
    body = urllib.parse.urlencode(form["fields"]).encode()
    lane.answered_501("s3 POST of a form", *open_url(form["url"], "POST", body, **{"Content-Type": "multipart/form-data; boundary=x"}))
