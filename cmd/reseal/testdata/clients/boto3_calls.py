"""Calls the simulator with boto3 and compares what comes back.

    eval "$(reseal simulate ...)"; python3 boto3_calls.py

It needs a fresh simulator, and exits with 1 when an answer is not AWS's.
`make awscli` runs it.
"""

import os
import sys

sys.dont_write_bytecode = True  # nothing is left beside the scripts

import account_calls
import bucket_calls
import list_calls
import object_calls
import upload_calls
from lane import Lane, client


def main():
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    lane = Lane()
    s3 = client("s3", endpoint)
    account_calls.run(lane, lambda service, **kw: client(service, endpoint, **kw))
    key = account_calls.key_for_s3(client("kms", endpoint))
    bucket_calls.run(lane, s3, key)
    object_calls.run(lane, s3, key, lambda **kw: client("s3", endpoint, **kw))
    list_calls.run(lane, s3)
    upload_calls.run(lane, s3, key)
    lane.end()


main()
