"""S3: buckets and what is set on them."""

import json

from lane import ACCOUNT

BUCKET, OTHER, LOCKED = "calls-photos", "calls-reports", "calls-locked"


def run(lane, s3, key):
    buckets(lane, s3)
    encryption(lane, s3, key)
    access(lane, s3)
    documents(lane, s3)
    state(lane, s3)
    missing(lane, s3)


def buckets(lane, s3):
    with lane.call("s3 CreateBucket"):
        lane.same("location", s3.create_bucket(Bucket=BUCKET)["Location"], "/" + BUCKET)
        s3.create_bucket(Bucket=OTHER)
    with lane.call("s3 CreateBucket", "again, by its owner, in us-east-1"):
        lane.same("location", s3.create_bucket(Bucket=BUCKET)["Location"], "/" + BUCKET)
    with lane.call("s3 CreateBucket", "object lock, ACLs"):
        s3.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True, ObjectOwnership="ObjectWriter")
        lane.same("versioning", s3.get_bucket_versioning(Bucket=LOCKED)["Status"], "Enabled")
    with lane.call("s3 CreateBucket", "bad name"):
        lane.error("InvalidBucketName", 400, s3.create_bucket, Bucket="Photos_of_us")
    with lane.call("s3 CreateBucket", "no such Region"):
        lane.error("InvalidLocationConstraint", 400, s3.create_bucket, Bucket="calls-tokyo",
                   CreateBucketConfiguration={"LocationConstraint": "nowhere"})
    with lane.call("s3 HeadBucket"):
        got = s3.head_bucket(Bucket=BUCKET)["ResponseMetadata"]["HTTPHeaders"]
        lane.same("Region", got["x-amz-bucket-region"], s3.meta.region_name)
    with lane.call("s3 HeadBucket", "none"):
        lane.error("404", 404, s3.head_bucket, Bucket="calls-none")
    with lane.call("s3 HeadBucket", "expected owner is another"):
        lane.error("403", 403, s3.head_bucket, Bucket=BUCKET, ExpectedBucketOwner="999988887777")
    with lane.call("s3 ListBuckets"):
        got = s3.list_buckets()
        lane.true("names", {BUCKET, OTHER, LOCKED} <= {b["Name"] for b in got["Buckets"]})
        lane.same("length of the owner's canonical id", len(got["Owner"]["ID"]), 64)
    with lane.call("s3 ListBuckets", "prefix, pages of one", since="1.35"):
        lane.new()
        got = s3.list_buckets(Prefix="calls-", MaxBuckets=1)
        lane.same("first page", ([b["Name"] for b in got["Buckets"]], got["Prefix"]), ([LOCKED], "calls-"))
        got = s3.list_buckets(Prefix="calls-", MaxBuckets=1, ContinuationToken=got["ContinuationToken"])
        lane.same("second page", [b["Name"] for b in got["Buckets"]], [BUCKET])
    with lane.call("s3 GetBucketLocation"):
        lane.same("us-east-1", s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"], None)


def encryption(lane, s3, key):
    def rules():
        return s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]

    with lane.call("s3 GetBucketEncryption", "never set"):
        lane.same("algorithm", rules()[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256")
    with lane.call("s3 PutBucketEncryption", "KMS, bucket key"):
        want = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [want]})
        lane.same("rule", {k: rules()[0][k] for k in want}, want)
    with lane.call("s3 PutBucketEncryption", "key with AES256"):
        lane.error("InvalidArgument", 400, s3.put_bucket_encryption, Bucket=BUCKET, ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": key}}]})
    with lane.call("s3 DeleteBucketEncryption"):
        s3.delete_bucket_encryption(Bucket=BUCKET)
        lane.same("algorithm", rules()[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256")


def access(lane, s3):
    def policy(principal):
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow", "Principal": principal,
                           "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}]})

    blocked = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    with lane.call("s3 GetPublicAccessBlock", "new bucket"):
        lane.same("all four", s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"], blocked)
    with lane.call("s3 GetBucketPolicy", "none"):
        lane.error("NoSuchBucketPolicy", 404, s3.get_bucket_policy, Bucket=BUCKET)
    with lane.call("s3 PutBucketPolicy", "public, blocked"):
        lane.error("AccessDenied", 403, s3.put_bucket_policy, Bucket=BUCKET, Policy=policy("*"))
    with lane.call("s3 PutBucketPolicy", "malformed"):
        lane.error("MalformedPolicy", 400, s3.put_bucket_policy, Bucket=BUCKET, Policy='{"Version":"2012-10-17"}')
    with lane.call("s3 PutBucketPolicy"):
        want = policy({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
        s3.put_bucket_policy(Bucket=BUCKET, Policy=want)
        lane.same("policy", json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"]), json.loads(want))
    with lane.call("s3 GetBucketPolicyStatus", "private"):
        lane.same("public", s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"], False)
    with lane.call("s3 PutPublicAccessBlock"):
        want = dict(blocked, BlockPublicPolicy=False, RestrictPublicBuckets=False)
        s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=want)
        lane.same("settings", s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"], want)
    with lane.call("s3 GetBucketPolicyStatus", "public"):
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy("*"))
        lane.same("public", s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"], True)
    with lane.call("s3 DeleteBucketPolicy"):
        s3.delete_bucket_policy(Bucket=BUCKET)
        lane.error("NoSuchBucketPolicy", 404, s3.get_bucket_policy_status, Bucket=BUCKET)
    with lane.call("s3 DeletePublicAccessBlock"):
        s3.delete_public_access_block(Bucket=BUCKET)
        lane.error("NoSuchPublicAccessBlockConfiguration", 404, s3.get_public_access_block, Bucket=BUCKET)
    with lane.call("s3 GetBucketOwnershipControls"):
        got = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
        lane.same("rule", got, [{"ObjectOwnership": "BucketOwnerEnforced"}])
    with lane.call("s3 PutBucketAcl", "ACLs off"):
        lane.error("AccessControlListNotSupported", 400, s3.put_bucket_acl, Bucket=BUCKET, ACL="public-read")
    with lane.call("s3 PutBucketOwnershipControls"):
        s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
        got = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
        lane.same("rule", got, [{"ObjectOwnership": "BucketOwnerPreferred"}])
    with lane.call("s3 PutBucketAcl", "canned"):
        s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
        lane.same("grants", sorted(g["Permission"] for g in s3.get_bucket_acl(Bucket=BUCKET)["Grants"]), ["FULL_CONTROL", "READ"])
    with lane.call("s3 GetBucketAcl", "private"):
        s3.put_bucket_acl(Bucket=BUCKET, ACL="private")
        got = s3.get_bucket_acl(Bucket=BUCKET)
        lane.same("owner", got["Grants"][0]["Grantee"]["ID"], got["Owner"]["ID"])
        lane.same("grants", [(g["Grantee"]["Type"], g["Permission"]) for g in got["Grants"]], [("CanonicalUser", "FULL_CONTROL")])
    with lane.call("s3 DeleteBucketOwnershipControls"):
        s3.delete_bucket_ownership_controls(Bucket=BUCKET)
        lane.error("OwnershipControlsNotFoundError", 404, s3.get_bucket_ownership_controls, Bucket=BUCKET)


# Documents that are put, come back alike, and are deleted: noun of the calls, name of the argument, the document, the
# code where there is none.
DOCUMENTS = [
    ("lifecycle_configuration", "LifecycleConfiguration", {"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}]}, "NoSuchLifecycleConfiguration"),
    ("website", "WebsiteConfiguration", {"IndexDocument": {"Suffix": "index.html"}}, "NoSuchWebsiteConfiguration"),
    ("cors", "CORSConfiguration", {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}]},
     "NoSuchCORSConfiguration"),
    ("tagging", "Tagging", {"TagSet": [{"Key": "team", "Value": "photos & <films>"}]}, "NoSuchTagSet"),
    ("replication", "ReplicationConfiguration", {"Role": f"arn:aws:iam::{ACCOUNT}:role/copier", "Rules": [{"ID": "all", "Priority": 1,
        "Status": "Enabled", "Filter": {"Prefix": ""}, "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{OTHER}"}}]}, "ReplicationConfigurationNotFoundError"),
]
DELETES = {"lifecycle_configuration": "lifecycle"}


def title(noun):
    return {"cors": "Cors"}.get(noun, "".join(w.capitalize() for w in noun.split("_")))


def documents(lane, s3):
    for b in (BUCKET, OTHER):
        s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    for noun, argument, doc, none in DOCUMENTS:
        get = getattr(s3, "get_bucket_" + noun)
        with lane.call("s3 GetBucket" + title(noun), "none"):
            lane.error(none, 404, get, Bucket=BUCKET)
        with lane.call("s3 PutBucket" + title(noun)):
            getattr(s3, "put_bucket_" + noun)(Bucket=BUCKET, **{argument: doc})
            got = get(Bucket=BUCKET)
            got = got.get(argument, got)
            lane.same("document", {k: got[k] for k in doc}, doc)
        deleted = DELETES.get(noun, noun)
        with lane.call("s3 DeleteBucket" + title(deleted)):
            getattr(s3, "delete_bucket_" + deleted)(Bucket=BUCKET)
            lane.error(none, 404, get, Bucket=BUCKET)
    inventory(lane, s3)


def inventory(lane, s3):
    doc = {"Id": "daily", "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"},
           "Destination": {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{OTHER}", "Format": "CSV", "AccountId": ACCOUNT}},
           "OptionalFields": ["Size", "EncryptionStatus"]}
    with lane.call("s3 PutBucketInventoryConfiguration"):
        s3.put_bucket_inventory_configuration(Bucket=BUCKET, Id="daily", InventoryConfiguration=doc)
        got = s3.get_bucket_inventory_configuration(Bucket=BUCKET, Id="daily")["InventoryConfiguration"]
        lane.same("document", got, doc)
    with lane.call("s3 ListBucketInventoryConfigurations"):
        got = s3.list_bucket_inventory_configurations(Bucket=BUCKET)
        lane.same("documents", (got["InventoryConfigurationList"], got["IsTruncated"]), ([doc], False))
    with lane.call("s3 DeleteBucketInventoryConfiguration"):
        s3.delete_bucket_inventory_configuration(Bucket=BUCKET, Id="daily")
        lane.error("NoSuchConfiguration", 404, s3.get_bucket_inventory_configuration, Bucket=BUCKET, Id="daily")


def state(lane, s3):
    with lane.call("s3 GetBucketVersioning", "never set"):
        s3.create_bucket(Bucket="calls-plain")
        lane.true("no status", "Status" not in s3.get_bucket_versioning(Bucket="calls-plain"))
    with lane.call("s3 PutBucketVersioning", "suspended"):
        s3.put_bucket_versioning(Bucket="calls-plain", VersioningConfiguration={"Status": "Suspended"})
        lane.same("status", s3.get_bucket_versioning(Bucket="calls-plain")["Status"], "Suspended")
    with lane.call("s3 PutBucketVersioning", "off again"):
        lane.error("IllegalVersioningConfigurationException", 400, s3.put_bucket_versioning, Bucket="calls-plain", VersioningConfiguration={"Status": "Disabled"})
    with lane.call("s3 PutBucketLogging"):
        want = {"TargetBucket": OTHER, "TargetPrefix": "log/"}
        s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus={"LoggingEnabled": want})
        lane.same("target", s3.get_bucket_logging(Bucket=BUCKET)["LoggingEnabled"], want)
    with lane.call("s3 GetBucketLogging", "off"):
        s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus={})
        lane.true("nothing", "LoggingEnabled" not in s3.get_bucket_logging(Bucket=BUCKET))
    with lane.call("s3 PutBucketNotificationConfiguration"):
        s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
        lane.same("EventBridge", s3.get_bucket_notification_configuration(Bucket=BUCKET).get("EventBridgeConfiguration"), {})
    with lane.call("s3 PutBucketRequestPayment"):
        s3.put_bucket_request_payment(Bucket=OTHER, RequestPaymentConfiguration={"Payer": "Requester"})
        lane.same("payer", s3.get_bucket_request_payment(Bucket=OTHER)["Payer"], "Requester")
    with lane.call("s3 GetBucketRequestPayment", "default"):
        lane.same("payer", s3.get_bucket_request_payment(Bucket=BUCKET)["Payer"], "BucketOwner")
    with lane.call("s3 GetObjectLockConfiguration", "none"):
        lane.error("ObjectLockConfigurationNotFoundError", 404, s3.get_object_lock_configuration, Bucket=BUCKET)
    with lane.call("s3 PutObjectLockConfiguration", "default retention"):
        want = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
        s3.put_object_lock_configuration(Bucket=LOCKED, ObjectLockConfiguration=want)
        lane.same("rule", s3.get_object_lock_configuration(Bucket=LOCKED)["ObjectLockConfiguration"], want)
    with lane.call("s3 DeleteBucket"):
        s3.delete_bucket(Bucket="calls-plain")
        lane.error("NoSuchBucket", 404, s3.list_objects_v2, Bucket="calls-plain")


def missing(lane, s3):
    lane.missing("s3 GetBucketAccelerateConfiguration", s3.get_bucket_accelerate_configuration, Bucket=BUCKET)
    lane.missing("s3 ListBucketMetricsConfigurations", s3.list_bucket_metrics_configurations, Bucket=BUCKET)
    lane.missing("s3 ListBucketAnalyticsConfigurations", s3.list_bucket_analytics_configurations, Bucket=BUCKET)
    lane.missing("s3 ListBucketIntelligentTieringConfigurations", s3.list_bucket_intelligent_tiering_configurations, Bucket=BUCKET)
    lane.missing("s3 PutBucketVersioning (MFA delete)", s3.put_bucket_versioning, Bucket=BUCKET, MFA="arn:aws:iam::1:mfa/x 123456",
                 VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"})
