"""KMS, IAM, STS, CloudWatch and Service Quotas."""

import json
from datetime import datetime, timedelta, timezone

from lane import ACCOUNT

OPEN = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                                               "Action": "kms:*", "Resource": "*"}}


def key_for_s3(kms):
    return kms.create_key(Description="for buckets")["KeyMetadata"]["Arn"]


def run(lane, client):
    keys(lane, client("kms"))
    users(lane, client)
    figures(lane, client)
    missing(lane, client)


def keys(lane, kms):
    key, name = None, "alias/calls"
    with lane.call("kms CreateKey", "policy, description"):
        made = kms.create_key(Policy=json.dumps(OPEN), Description="for photos")["KeyMetadata"]
        key = made["Arn"]
        lane.same("description", made["Description"], "for photos")
        lane.same("state", (made["KeyState"], made["Enabled"], made["KeySpec"]), ("Enabled", True, "SYMMETRIC_DEFAULT"))
        lane.same("ARN", key, f"arn:aws:kms:{kms.meta.region_name}:{ACCOUNT}:key/{made['KeyId']}")
    with lane.call("kms CreateKey", "malformed policy"):
        lane.error("MalformedPolicyDocumentException", 400, kms.create_key, Policy="{}")
    with lane.call("kms DescribeKey"):
        got = kms.describe_key(KeyId=key)["KeyMetadata"]
        lane.same("id", got["Arn"], key)
        lane.true("creation date", abs(got["CreationDate"] - datetime.now(timezone.utc)) < timedelta(minutes=10))
    with lane.call("kms DescribeKey", "no such key"):
        lane.error("NotFoundException", 400, kms.describe_key, KeyId="alias/none")
    with lane.call("kms ListKeys"):
        lane.true("the key", key in [k["KeyArn"] for p in kms.get_paginator("list_keys").paginate() for k in p["Keys"]])
    with lane.call("kms ListKeys", "pages of one"):
        pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1}))
        lane.true("more than one page", len(pages) > 1)
        lane.true("the key", key in [k["KeyArn"] for p in pages for k in p["Keys"]])
    with lane.call("kms CreateAlias"):
        kms.create_alias(AliasName=name, TargetKeyId=key)
        lane.same("found by alias", kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"], key)
    with lane.call("kms CreateAlias", "again"):
        lane.error("AlreadyExistsException", 400, kms.create_alias, AliasName=name, TargetKeyId=key)
    with lane.call("kms ListAliases", "of a key"):
        got = kms.list_aliases(KeyId=key)["Aliases"]
        lane.same("alias", [(a["AliasName"], a["TargetKeyId"]) for a in got], [(name, key.rpartition("/")[2])])
    with lane.call("kms GetKeyPolicy"):
        lane.same("policy", json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]), OPEN)
    with lane.call("kms PutKeyPolicy"):
        changed = dict(OPEN, Id="changed")
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(changed))
        lane.same("policy", json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]), changed)
    secrets(lane, kms, key)
    with lane.call("kms DisableKey"):
        kms.disable_key(KeyId=key)
        lane.same("state", kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"], "Disabled")
    with lane.call("kms GenerateDataKey", "disabled key"):
        lane.error("DisabledException", 400, kms.generate_data_key, KeyId=key, KeySpec="AES_256")
    with lane.call("kms EnableKey"):
        kms.enable_key(KeyId=key)
        lane.same("state", kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"], "Enabled")
    with lane.call("kms ScheduleKeyDeletion"):
        got = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        lane.same("answer", (got["KeyId"], got["KeyState"], got["PendingWindowInDays"]), (key, "PendingDeletion", 7))
    with lane.call("kms CancelKeyDeletion"):
        lane.same("key", kms.cancel_key_deletion(KeyId=key)["KeyId"], key)
        lane.same("state", kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"], "Disabled")


def secrets(lane, kms, key):
    context, blob = {"purpose": "photos"}, None
    with lane.call("kms GenerateDataKey"):
        got = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
        lane.same("key", (got["KeyId"], len(got["Plaintext"])), (key, 32))
        lane.same("decrypted", kms.decrypt(CiphertextBlob=got["CiphertextBlob"], EncryptionContext=context)["Plaintext"],
                  got["Plaintext"])
    with lane.call("kms GenerateDataKey", "DryRun", since="1.28"):
        lane.new()
        lane.error("DryRunOperationException", 412, kms.generate_data_key, KeyId=key, KeySpec="AES_256", DryRun=True)
    with lane.call("kms Encrypt", "context"):
        got = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=context)
        blob = got["CiphertextBlob"]
        lane.same("answer", (got["KeyId"], got["EncryptionAlgorithm"]), (key, "SYMMETRIC_DEFAULT"))
        lane.true("other bytes", b"hello" not in blob)
    with lane.call("kms Decrypt", "context"):
        got = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
        lane.same("plaintext", got["Plaintext"], b"hello")
        lane.same("key", got["KeyId"], key)
    with lane.call("kms Decrypt", "another context"):
        lane.error("InvalidCiphertextException", 400, kms.decrypt, CiphertextBlob=blob)
    with lane.call("kms Decrypt", "bytes of nobody"):
        lane.error("InvalidCiphertextException", 400, kms.decrypt, CiphertextBlob=b"x" * 100)
    with lane.call("kms Decrypt", "another key named"):
        other = key_for_s3(kms)
        lane.error("IncorrectKeyException", 400, kms.decrypt, CiphertextBlob=blob, EncryptionContext=context, KeyId=other)
    with lane.call("kms Encrypt", "too much"):
        lane.error("ValidationException", 400, kms.encrypt, KeyId=key, Plaintext=b"x" * 4097)


def users(lane, client):
    iam, sts = client("iam"), client("sts")
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}}
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}}
    policy = f"arn:aws:iam::{ACCOUNT}:policy/lister"
    with lane.call("iam CreateUser", "path"):
        got = iam.create_user(UserName="jane", Path="/staff/")["User"]
        lane.same("ARN", got["Arn"], f"arn:aws:iam::{ACCOUNT}:user/staff/jane")
        lane.true("id", got["UserId"].startswith("AIDA"))
    with lane.call("iam CreateUser", "again"):
        lane.error("EntityAlreadyExists", 409, iam.create_user, UserName="jane")
    with lane.call("iam GetUser"):
        lane.same("path", iam.get_user(UserName="jane")["User"]["Path"], "/staff/")
    with lane.call("iam GetUser", "no such user"):
        lane.error("NoSuchEntity", 404, iam.get_user, UserName="nobody")
    with lane.call("iam CreatePolicy"):
        got = iam.create_policy(PolicyName="lister", PolicyDocument=json.dumps(allow))["Policy"]
        lane.same("ARN", (got["Arn"], got["DefaultVersionId"]), (policy, "v1"))
    with lane.call("iam CreatePolicy", "malformed"):
        lane.error("MalformedPolicyDocument", 400, iam.create_policy, PolicyName="none", PolicyDocument="{}")
    with lane.call("iam CreateAccessKey"):
        made = iam.create_access_key(UserName="jane")["AccessKey"]
        lane.same("state", (made["UserName"], made["Status"]), ("jane", "Active"))
        jane = dict(aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"])
        lane.error("AccessDenied", 403, client("s3", **jane).list_buckets)
    with lane.call("iam AttachUserPolicy"):
        iam.attach_user_policy(UserName="jane", PolicyArn=policy)
        lane.same("allowed now", client("s3", **jane).list_buckets()["ResponseMetadata"]["HTTPStatusCode"], 200)
    with lane.call("iam PutUserPolicy"):
        iam.put_user_policy(UserName="jane", PolicyName="inline", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}))
        lane.error("AccessDenied", 403, client("s3", **jane).list_buckets)
    role = f"arn:aws:iam::{ACCOUNT}:role/team/lister"
    with lane.call("iam CreateRole", "path"):
        got = iam.create_role(RoleName="lister", Path="/team/", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        lane.same("ARN", got["Arn"], role)
    with lane.call("iam GetRole"):
        got = iam.get_role(RoleName="lister")["Role"]
        lane.same("trust policy", got["AssumeRolePolicyDocument"], trust)
        lane.same("path", got["Path"], "/team/")
    with lane.call("iam AttachRolePolicy"):
        iam.attach_role_policy(RoleName="lister", PolicyArn=policy)
        lane.error("NoSuchEntity", 404, iam.attach_role_policy, RoleName="lister", PolicyArn=policy + "x")
    with lane.call("sts GetCallerIdentity"):
        got = sts.get_caller_identity()
        lane.same("account", got["Account"], ACCOUNT)
        lane.same("of jane", client("sts", **jane).get_caller_identity()["Arn"], f"arn:aws:iam::{ACCOUNT}:user/staff/jane")
    with lane.call("sts AssumeRole"):
        got = sts.assume_role(RoleArn=role, RoleSessionName="night")
        c = got["Credentials"]
        lane.same("ARN without path", got["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/lister/night")
        session = client("s3", aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"],
                         aws_session_token=c["SessionToken"])
        lane.same("works", session.list_buckets()["ResponseMetadata"]["HTTPStatusCode"], 200)
    with lane.call("sts AssumeRole", "no such role"):
        lane.error("AccessDenied", 403, sts.assume_role, RoleArn=role + "x", RoleSessionName="night")


def figures(lane, client):
    quotas, metrics, now = client("service-quotas"), client("cloudwatch"), datetime.now(timezone.utc)
    code = "L-6E3AF000"
    with lane.call("service-quotas ListServiceQuotas"):
        lane.true("KMS requests", code in [q["QuotaCode"] for q in quotas.list_service_quotas(ServiceCode="kms")["Quotas"]])
    with lane.call("service-quotas GetServiceQuota"):
        lane.same("value", quotas.get_service_quota(ServiceCode="kms", QuotaCode=code)["Quota"]["Value"], 100000.0)
    with lane.call("service-quotas GetServiceQuota", "no such quota"):
        lane.error("NoSuchResourceException", 400, quotas.get_service_quota, ServiceCode="kms", QuotaCode="L-00000000")
    with lane.call("service-quotas GetAWSDefaultServiceQuota"):
        got = quotas.get_aws_default_service_quota(ServiceCode="kms", QuotaCode=code)["Quota"]
        lane.same("value", (got["Value"], got["Adjustable"]), (100000.0, True))
    with lane.call("service-quotas ListAWSDefaultServiceQuotas"):
        lane.true("KMS requests", code in [q["QuotaCode"] for q in quotas.list_aws_default_service_quotas(ServiceCode="kms")["Quotas"]])
    with lane.call("cloudwatch GetMetricData"):
        names = dict(Service="KMS", Type="API", Class="None", Resource="CryptographicOperationsSymmetric")
        got = metrics.get_metric_data(StartTime=now - timedelta(hours=1), EndTime=now, MetricDataQueries=[{"Id": "m", "MetricStat": {
            "Stat": "Sum", "Period": 60, "Metric": {"Namespace": "AWS/Usage", "MetricName": "CallCount",
                                                    "Dimensions": [{"Name": n, "Value": v} for n, v in names.items()]}}}])
        got = got["MetricDataResults"][0]
        lane.same("series", (got["Id"], got["StatusCode"], len(got["Values"]) == len(got["Timestamps"])), ("m", "Complete", True))


def missing(lane, client):
    kms, iam, sts = client("kms"), client("iam"), client("sts")
    key = key_for_s3(kms)
    lane.missing("kms RetireGrant", kms.retire_grant, KeyId=key, GrantId="0" * 64)
    lane.missing("kms EnableKeyRotation", kms.enable_key_rotation, KeyId=key)
    lane.missing("kms CreateKey (with tags)", kms.create_key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    lane.missing("kms Sign", kms.sign, KeyId=key, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    lane.missing("iam CreateGroup", iam.create_group, GroupName="g")
    lane.missing("sts GetSessionToken", sts.get_session_token)
    lane.missing("cloudwatch PutMetricData", client("cloudwatch").put_metric_data, Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
    lane.missing("service-quotas ListServices", client("service-quotas").list_services)
