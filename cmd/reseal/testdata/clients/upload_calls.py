"""S3: uploads in parts."""

import base64
import hashlib
import io

from boto3.s3.transfer import TransferConfig

from checksums import checksum

BUCKET = "calls-uploads"
MIB = 1 << 20
BIG, SMALL = bytes(range(256)) * (5 * MIB // 256), b"the end"
WHOLE = BIG + SMALL


def run(lane, s3, key):
    s3.create_bucket(Bucket=BUCKET)
    upload(lane, s3, key)
    sums(lane, s3)
    copies(lane, s3, key)
    refused(lane, s3)
    transfers(lane, s3)


def etag_of(*parts):
    """The ETag of an object in parts under SSE-S3."""
    joined = b"".join(hashlib.md5(p).digest() for p in parts)
    return f'"{hashlib.md5(joined).hexdigest()}-{len(parts)}"'


def upload(lane, s3, key):
    at = dict(Bucket=BUCKET, Key="film")
    with lane.call("s3 CreateMultipartUpload", "metadata, class, tags"):
        got = s3.create_multipart_upload(**at, Metadata={"color": "blue"}, StorageClass="STANDARD_IA", Tagging="a=b", ContentType="video/mp4")
        at["UploadId"] = got["UploadId"]
        lane.same("place", (got["Bucket"], got["Key"], got["ServerSideEncryption"]), (BUCKET, "film", "AES256"))
    parts = []
    with lane.call("s3 UploadPart"):
        for n, data in ((1, BIG), (2, SMALL)):
            got = s3.upload_part(**at, PartNumber=n, Body=data)
            lane.same(f"ETag {n}", got["ETag"], f'"{hashlib.md5(data).hexdigest()}"')
            parts.append({"PartNumber": n, "ETag": got["ETag"]})
    with lane.call("s3 ListParts"):
        got = s3.list_parts(**at)
        lane.same("parts", [(p["PartNumber"], p["Size"]) for p in got["Parts"]], [(1, len(BIG)), (2, len(SMALL))])
        lane.same("class", got["StorageClass"], "STANDARD_IA")
        lane.same("owner, initiator", sorted(k for k in ("Owner", "Initiator") if got.get(k, {}).get("ID")), ["Initiator", "Owner"])
    with lane.call("s3 ListParts", "pages of one"):
        got = list(s3.get_paginator("list_parts").paginate(**at, PaginationConfig={"PageSize": 1}))
        lane.same("parts", [[p["PartNumber"] for p in page["Parts"]] for page in got], [[1], [2]])
    with lane.call("s3 CompleteMultipartUpload"):
        got = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
        lane.same("ETag", got["ETag"], etag_of(BIG, SMALL))
        lane.true("location", got["Location"].endswith(f"/{BUCKET}/film"))
    at.pop("UploadId")
    with lane.call("s3 HeadObject", "in parts"):
        got = s3.head_object(**at)
        lane.same("attributes", (got["ContentLength"], got["Metadata"], got["StorageClass"], got["ContentType"]),
                  (len(WHOLE), {"color": "blue"}, "STANDARD_IA", "video/mp4"))
    with lane.call("s3 GetObject", "part 2"):
        got = s3.get_object(**at, PartNumber=2)
        lane.same("part", (got["Body"].read(), got["PartsCount"]), (SMALL, 2))
        lane.same("range", got["ContentRange"], f"bytes {len(BIG)}-{len(WHOLE) - 1}/{len(WHOLE)}")


def sums(lane, s3):
    def put(name, algorithm, **kw):
        at = dict(Bucket=BUCKET, Key=name)
        got = s3.create_multipart_upload(**at, ChecksumAlgorithm=algorithm, **kw)
        at["UploadId"] = got["UploadId"]
        parts = []
        for n, data in ((1, BIG), (2, SMALL)):
            value = {"Checksum" + algorithm: checksum(algorithm, data)}
            got = s3.upload_part(**at, PartNumber=n, Body=data, **value)
            parts.append({"PartNumber": n, "ETag": got["ETag"], **value})
        return at, parts

    with lane.call("s3 CompleteMultipartUpload", "SHA256 of parts"):
        at, parts = put("sha", "SHA256")
        got = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
        joined = b"".join(base64.b64decode(p["ChecksumSHA256"]) for p in parts)
        lane.same("checksum", got["ChecksumSHA256"], checksum("SHA256", joined) + "-2")
    with lane.call("s3 CompleteMultipartUpload", "wrong checksum of a part"):
        at, parts = put("wrong", "SHA256")
        parts[1]["ChecksumSHA256"] = checksum("SHA256", b"other")
        lane.error("InvalidPart", 400, s3.complete_multipart_upload, **at, MultipartUpload={"Parts": parts})
        s3.abort_multipart_upload(**at)
    with lane.call("s3 CompleteMultipartUpload", "CRC32 of the whole", since="1.36"):
        lane.new()
        at, parts = put("crc", "CRC32", ChecksumType="FULL_OBJECT")
        got = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts}, ChecksumType="FULL_OBJECT",
                                           ChecksumCRC32=checksum("CRC32", WHOLE))
        lane.same("checksum", (got["ChecksumCRC32"], got["ChecksumType"]), (checksum("CRC32", WHOLE), "FULL_OBJECT"))
    with lane.call("s3 GetObjectAttributes", "parts"):
        got = s3.get_object_attributes(Bucket=BUCKET, Key="sha", ObjectAttributes=["ETag", "ObjectParts", "ObjectSize", "StorageClass", "Checksum"])
        lane.same("attributes", (got["ETag"], got["ObjectSize"], got["StorageClass"]), (etag_of(BIG, SMALL).strip('"'), len(WHOLE), "STANDARD"))
        lane.same("parts", (got["ObjectParts"]["TotalPartsCount"], [(p["PartNumber"], p["Size"], p["ChecksumSHA256"]) for p in got["ObjectParts"]["Parts"]]),
                  (2, [(1, len(BIG), checksum("SHA256", BIG)), (2, len(SMALL), checksum("SHA256", SMALL))]))


def copies(lane, s3, key):
    at = dict(Bucket=BUCKET, Key="copied")
    with lane.call("s3 UploadPartCopy", "KMS, ranges"):
        at["UploadId"] = s3.create_multipart_upload(**at, ServerSideEncryption="aws:kms", SSEKMSKeyId=key, BucketKeyEnabled=True)["UploadId"]
        parts = []
        for n, span in ((1, f"0-{len(BIG) - 1}"), (2, f"{len(BIG)}-{len(WHOLE) - 1}")):
            got = s3.upload_part_copy(**at, PartNumber=n, CopySource={"Bucket": BUCKET, "Key": "film"}, CopySourceRange="bytes=" + span)
            parts.append({"PartNumber": n, "ETag": got["CopyPartResult"]["ETag"]})
        lane.same("key", (got["SSEKMSKeyId"], got["BucketKeyEnabled"]), (key, True))
        s3.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
        lane.same("bytes", s3.get_object(Bucket=BUCKET, Key="copied")["Body"].read() == WHOLE, True)
    with lane.call("s3 UploadPartCopy", "range beyond the end"):
        at["UploadId"] = s3.create_multipart_upload(Bucket=BUCKET, Key="copied")["UploadId"]
        lane.error("InvalidArgument", 400, s3.upload_part_copy, **at, PartNumber=1, CopySource={"Bucket": BUCKET, "Key": "film"},
                   CopySourceRange=f"bytes=0-{len(WHOLE)}")
    with lane.call("s3 UploadPartCopy", "condition fails"):
        lane.error("PreconditionFailed", 412, s3.upload_part_copy, **at, PartNumber=1, CopySource={"Bucket": BUCKET, "Key": "film"},
                   CopySourceIfMatch='"x"')
        s3.abort_multipart_upload(**at)


def refused(lane, s3):
    at = dict(Bucket=BUCKET, Key="refused")
    at["UploadId"] = s3.create_multipart_upload(**at)["UploadId"]
    etags = [s3.upload_part(**at, PartNumber=n, Body=b"small")["ETag"] for n in (1, 2)]

    def complete(*numbers, etag=None):
        return dict(at, MultipartUpload={"Parts": [{"PartNumber": n, "ETag": etag or etags[0]} for n in numbers]})

    with lane.call("s3 CompleteMultipartUpload", "part below 5 MiB"):
        lane.error("EntityTooSmall", 400, s3.complete_multipart_upload, **complete(1, 2))
    with lane.call("s3 CompleteMultipartUpload", "order"):
        lane.error("InvalidPartOrder", 400, s3.complete_multipart_upload, **complete(2, 1))
    with lane.call("s3 CompleteMultipartUpload", "unknown part"):
        lane.error("InvalidPart", 400, s3.complete_multipart_upload, **complete(1, etag='"0123"'))
    with lane.call("s3 UploadPart", "number above 10,000"):
        lane.error("InvalidArgument", 400, s3.upload_part, **at, PartNumber=10001, Body=b"x")
    s3.abort_multipart_upload(**at)
    with lane.call("s3 ListParts", "aborted"):
        lane.error("NoSuchUpload", 404, s3.list_parts, **at)


def transfers(lane, s3):
    data = BIG * 2 + SMALL
    config = TransferConfig(multipart_threshold=6 * MIB, multipart_chunksize=5 * MIB)
    with lane.call("s3 upload_fileobj", "in parts of 5 MiB"):
        s3.upload_fileobj(io.BytesIO(data), BUCKET, "moved", Config=config)
        lane.same("ETag", s3.head_object(Bucket=BUCKET, Key="moved")["ETag"], etag_of(BIG, BIG, SMALL))
    with lane.call("s3 download_fileobj", "in ranges"):
        out = io.BytesIO()
        s3.download_fileobj(BUCKET, "moved", out, Config=config)
        lane.same("bytes", out.getvalue() == data, True)
    with lane.call("s3 copy", "in parts of 5 MiB"):
        s3.copy({"Bucket": BUCKET, "Key": "moved"}, BUCKET, "moved again", Config=config)
        lane.same("ETag", s3.head_object(Bucket=BUCKET, Key="moved again")["ETag"], etag_of(BIG, BIG, SMALL))
