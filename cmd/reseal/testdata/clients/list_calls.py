"""S3: lists, their pages and their encoding."""

BUCKET = "calls-lists"
KEYS = sorted(["a b+c%41.txt", "dir/1", "dir/2", "dir/sub/3", "other/4", "z\u00fc"], key=lambda k: k.encode())


def run(lane, s3):
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for k in KEYS:
        s3.put_object(Bucket=BUCKET, Key=k, Body=k.encode())
    first(lane, s3)
    second(lane, s3)
    versions(lane, s3)
    uploads(lane, s3)


def keys(page, name="Contents"):
    return [o["Key"] for o in page.get(name, [])]


def folders(page):
    return [p["Prefix"] for p in page.get("CommonPrefixes", [])]


def pages(s3, operation, size, **kw):
    return list(s3.get_paginator(operation).paginate(Bucket=BUCKET, PaginationConfig={"PageSize": size}, **kw))


def first(lane, s3):
    with lane.call("s3 ListObjects"):
        got = s3.list_objects(Bucket=BUCKET)
        lane.same("keys", keys(got), KEYS)
        lane.same("size, class", (got["Contents"][1]["Size"], got["Contents"][1]["StorageClass"]), (5, "STANDARD"))
    with lane.call("s3 ListObjects", "delimiter, page of one, marker"):
        got = s3.list_objects(Bucket=BUCKET, Delimiter="/", MaxKeys=1, Marker=KEYS[0])
        lane.same("page", (keys(got), folders(got), got["IsTruncated"], got["NextMarker"]), ([], ["dir/"], True, "dir/"))
    with lane.call("s3 ListObjects", "pages of two"):
        got = pages(s3, "list_objects", 2)
        lane.same("keys", [k for p in got for k in keys(p)], KEYS)
        lane.same("pages", len(got), 3)
    with lane.call("s3 ListObjects", "encoding asked for"):
        got = s3.list_objects(Bucket=BUCKET, EncodingType="url", Prefix="a")
        lane.same("key", keys(got), ["a+b%2Bc%2541.txt"])


def second(lane, s3):
    with lane.call("s3 ListObjectsV2"):
        got = s3.list_objects_v2(Bucket=BUCKET)
        lane.same("keys", keys(got), KEYS)
        lane.same("count", (got["KeyCount"], got["MaxKeys"], got["IsTruncated"]), (len(KEYS), 1000, False))
    with lane.call("s3 ListObjectsV2", "prefix, delimiter"):
        got = s3.list_objects_v2(Bucket=BUCKET, Prefix="dir/", Delimiter="/")
        lane.same("page", (keys(got), folders(got), got["KeyCount"]), (["dir/1", "dir/2"], ["dir/sub/"], 3))
    with lane.call("s3 ListObjectsV2", "start-after"):
        got = s3.list_objects_v2(Bucket=BUCKET, StartAfter="dir/2")
        lane.same("keys", (keys(got), got["StartAfter"]), (KEYS[3:], "dir/2"))
    with lane.call("s3 ListObjectsV2", "owner"):
        got = s3.list_objects_v2(Bucket=BUCKET, FetchOwner=True, MaxKeys=1)
        lane.same("length of the canonical id", len(got["Contents"][0]["Owner"]["ID"]), 64)
        lane.true("none unless asked", "Owner" not in s3.list_objects_v2(Bucket=BUCKET)["Contents"][0])
    with lane.call("s3 ListObjectsV2", "pages of four with folders"):
        got = pages(s3, "list_objects_v2", 2, Delimiter="/")
        lane.same("keys", [k for p in got for k in keys(p)], [k for k in KEYS if "/" not in k])
        lane.same("folders", [k for p in got for k in folders(p)], ["dir/", "other/"])
    with lane.call("s3 ListObjectsV2", "encoding asked for"):
        got = s3.list_objects_v2(Bucket=BUCKET, EncodingType="url", Prefix="z")
        lane.same("key", keys(got), ["z%C3%BC"])
    with lane.call("s3 ListObjectsV2", "made-up token"):
        lane.error("InvalidArgument", 400, s3.list_objects_v2, Bucket=BUCKET, ContinuationToken="garbage")
    with lane.call("s3 ListObjectsV2", "no entries"):
        got = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=0)
        lane.same("page", (keys(got), got["IsTruncated"]), ([], False))


def versions(lane, s3):
    s3.put_object(Bucket=BUCKET, Key="dir/1", Body=b"new")
    s3.delete_object(Bucket=BUCKET, Key="dir/2")
    with lane.call("s3 ListObjectVersions"):
        got = s3.list_object_versions(Bucket=BUCKET)
        latest = {v["Key"]: v["VersionId"] for v in got["Versions"] if v["IsLatest"]}
        lane.same("versions", len(got["Versions"]), len(KEYS) + 1)
        lane.same("delete marker", [(m["Key"], m["IsLatest"]) for m in got["DeleteMarkers"]], [("dir/2", True)])
        lane.true("latest", "dir/1" in latest and "dir/2" not in latest)
    with lane.call("s3 ListObjectVersions", "pages of one"):
        got = pages(s3, "list_object_versions", 1)
        lane.same("versions", sum(len(p.get("Versions", [])) + len(p.get("DeleteMarkers", [])) for p in got), len(KEYS) + 2)
        lane.same("pages", len(got), len(KEYS) + 2)
    with lane.call("s3 ListObjectVersions", "markers"):
        one = s3.list_object_versions(Bucket=BUCKET, Prefix="dir/1")["Versions"]
        got = s3.list_object_versions(Bucket=BUCKET, KeyMarker="dir/1", VersionIdMarker=one[0]["VersionId"], MaxKeys=1)
        lane.same("next", [v["VersionId"] for v in got["Versions"]], [one[1]["VersionId"]])
    with lane.call("s3 ListObjectVersions", "version marker alone"):
        lane.error("InvalidArgument", 400, s3.list_object_versions, Bucket=BUCKET, VersionIdMarker=one[0]["VersionId"])
    with lane.call("s3 ListObjectVersions", "delimiter"):
        got = s3.list_object_versions(Bucket=BUCKET, Delimiter="/")
        lane.same("folders", folders(got), ["dir/", "other/"])


def uploads(lane, s3):
    ids = [(k, s3.create_multipart_upload(Bucket=BUCKET, Key=k)["UploadId"]) for k in ("up/1", "up/1", "up b")]
    with lane.call("s3 ListMultipartUploads"):
        got = s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
        lane.same("uploads", sorted((u["Key"], u["UploadId"]) for u in got), sorted(ids))
        lane.same("order of keys", [u["Key"] for u in got], ["up b", "up/1", "up/1"])
    with lane.call("s3 ListMultipartUploads", "pages of one"):
        got = pages(s3, "list_multipart_uploads", 1)
        lane.same("uploads", sorted((u["Key"], u["UploadId"]) for p in got for u in p.get("Uploads", [])), sorted(ids))
    with lane.call("s3 ListMultipartUploads", "prefix, delimiter"):
        got = s3.list_multipart_uploads(Bucket=BUCKET, Prefix="up", Delimiter="/")
        lane.same("page", (keys(got, "Uploads"), folders(got)), (["up b"], ["up/"]))
    with lane.call("s3 AbortMultipartUpload"):
        for k, u in ids:
            s3.abort_multipart_upload(Bucket=BUCKET, Key=k, UploadId=u)
        lane.same("left", keys(s3.list_multipart_uploads(Bucket=BUCKET), "Uploads"), [])
