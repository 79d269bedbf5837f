"""How long `reseal survey` takes for an account of many buckets, seen from outside.

    python3 survey_account.py RESEAL [--buckets 1000] [--latency 20ms] [--runs 5] [--broken]

It starts a simulator and fills it by boto3: buckets with an object, a policy and an
inventory each, and the newest report of every second one. Then it runs the survey, and
prints the time of each run with the requests that the simulator counted. With --broken it
does so once more with buckets that never answer, others that refuse, and a silent
CloudWatch. It exits with 1 where a row is missing or says what does not hold. make soak
runs it with 1,000 buckets.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True

from lane import client

REPORTS = "acme-reports"
FIELDS = ["Size", "LastModifiedDate", "StorageClass", "ETag", "EncryptionStatus"]


def start(args, folder):
    out = open(folder / "env", "w")
    server = subprocess.Popen([args.reseal, "simulate", "--latency", args.latency], stdout=out, stderr=subprocess.DEVNULL, cwd=folder)
    while not (folder / "env").read_text().strip():
        time.sleep(0.1)
    time.sleep(0.2)
    text = subprocess.run(["sh", "-c", ". ./env; env -0"], cwd=folder, capture_output=True, check=True, text=True).stdout
    env = dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
    env.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
    os.environ.update(env)
    return server, env


def fill(s3, name, at, reported):
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="one", Body=b"data")
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}))
    s3.put_bucket_inventory_configuration(Bucket=name, Id="all", InventoryConfiguration={
        "Id": "all", "IsEnabled": True, "IncludedObjectVersions": "Current", "Schedule": {"Frequency": "Daily"}, "OptionalFields": FIELDS,
        "Destination": {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{REPORTS}", "Format": "Parquet", "Prefix": "inv"}}})
    if reported:
        s3.put_object(Bucket=REPORTS, Key=f"inv/{name}/all/{at}/manifest.checksum", Body=b"x")


def control(endpoint, method, path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(f"{endpoint}/_simulator/{path}", data, method=method)) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def survey(args, env, *more):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([args.reseal, "survey", "--json", "--quiet", *more], env=env, capture_output=True)
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if not done.stdout:
        sys.exit(f"survey ended with {done.returncode}: {done.stderr.decode()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, json.loads(done.stdout), took, cpu


def requests(endpoint):
    return sum(c["count"] for c in control(endpoint, "GET", "counters")["calls"])


def broken(args, env, endpoint, names):
    """A fiftieth of the buckets never answers, as many refuse, and CloudWatch is silent."""
    mute, closed = set(names[0::50]), set(names[1::50])
    for name in sorted(mute):
        control(endpoint, "POST", "faults", {"bucket": name, "directive": "hang"})
    for name in sorted(closed):
        control(endpoint, "POST", "faults", {"bucket": name, "code": "AccessDenied", "status": 403})
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        env = env | {"AWS_ENDPOINT_URL_CLOUDWATCH": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        code, out, took, cpu = survey(args, env)
    rows = {b["bucket"]: b for b in out["buckets"]}
    unasked, unknown = {n for n, b in rows.items() if b["state"] == "not-asked"}, {n for n, b in rows.items() if b["state"] == "unknown"}
    whole = sum(b["state"] in ("ready", "no-report") for b in rows.values())
    print(f"{len(mute)} silent, {len(closed)} that refuse, CloudWatch silent: {took:.1f} s, {cpu:.1f} s of CPU, exit {code}, "
          f"{len(rows)} rows, {whole} whole, {len(unknown)} unknown, {len(unasked)} not asked")
    return code != 3 or not set(names) <= set(rows) or not mute <= unasked or not closed <= unasked | unknown or whole != len(names) - len(mute | closed)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("reseal")
    p.add_argument("--buckets", type=int, default=1000)
    p.add_argument("--latency", default="20ms")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--broken", action="store_true")
    args = p.parse_args()
    args.reseal = str(pathlib.Path(shutil.which(args.reseal)).absolute())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="survey-"))
    server, env = start(args, folder)
    failed = False
    try:
        endpoint = env["AWS_ENDPOINT_URL"]
        s3 = client("s3", endpoint)
        s3.create_bucket(Bucket=REPORTS)
        now = datetime.datetime.now(datetime.timezone.utc)
        names = [f"acme-{i:04d}" for i in range(args.buckets)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n: fill(s3, n, now.strftime("%Y-%m-%dT%H-%MZ"), int(n[5:]) % 2 == 0), names))
        print(f"{args.buckets} buckets, {args.latency} a request")
        for run in range(args.runs):
            control(endpoint, "DELETE", "counters")
            code, out, took, cpu = survey(args, env)
            rows = {b["bucket"]: b for b in out["buckets"]}
            ready = sum(b["state"] == "ready" for b in rows.values())
            print(f"run {run + 1}: {took:.1f} s, {cpu:.1f} s of CPU, {requests(endpoint)} requests, exit {code}, {len(rows)} rows, {ready} ready", flush=True)
            failed |= code != 0 or not set(names) <= set(rows) or ready != (args.buckets + 1) // 2
        if args.broken:
            failed |= broken(args, env, endpoint, names)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


main()
