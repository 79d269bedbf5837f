"""The parts for a whole account, together, seen from outside: a survey, a campaign until
clean with live writers and two SIGKILLs, the buckets closed, and a certificate of each.

    python3 campaign_proof.py RESEAL [--buckets 4] [--objects 20]

It starts a simulator by itself. What is claimed at the end was read by boto3, by the AWS
CLI where that is installed, by ssh-keygen and by sha256sum, and not by reseal. It exits
with 1 where something does not hold. make soak runs it with 50 buckets.
"""

import argparse
import csv
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter

sys.dont_write_bytecode = True

from botocore.exceptions import ClientError

from lane import client

REPORTS = "acme-reports"
SCRATCH = "reseal-probe/"


class Wrong(Exception):
    """Something does not hold."""


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Proof:
    def __init__(self, args, folder):
        self.args, self.dir = args, folder
        self.reseal = str(pathlib.Path(shutil.which(args.reseal)).absolute())
        self.names = [f"acme-{i:03d}" for i in range(args.buckets)]
        self.initial = {}  # bucket -> keys
        self.puts = {}  # (bucket, key) -> encryption of each put that a client made, in order
        self.versions = set()  # that clients wrote: (bucket, key, version)
        self.refused = 0
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.random = random.Random(1)

    # The account.

    def serve(self):
        out = open(self.dir / "env", "w")
        self.server = subprocess.Popen([self.reseal, "simulate", "--latency", "4ms", "--jitter", "4ms"], stdout=out,
                                       stderr=open(self.dir / "simulate.log", "w"), cwd=self.dir)
        for _ in range(600):
            if (self.dir / "env").read_text().strip():
                break
            time.sleep(0.1)
        time.sleep(0.2)
        text = subprocess.run(["sh", "-c", ". ./env; env -0"], cwd=self.dir, capture_output=True, check=True, text=True).stdout
        self.env = dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
        self.env.update(AWS_PAGER="", AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                        XDG_CONFIG_HOME=str(self.dir / "config"), XDG_STATE_HOME=str(self.dir / "state"))
        os.environ.update(self.env)
        endpoint = self.env["AWS_ENDPOINT_URL"]
        self.s3 = client("s3", endpoint)
        self.new_s3 = lambda: client("s3", endpoint)
        kms = client("kms", endpoint)
        keys = [kms.describe_key(KeyId=k["KeyId"])["KeyMetadata"] for k in kms.list_keys()["Keys"]]
        self.key = next(k["Arn"] for k in keys if k["KeyManager"] == "CUSTOMER" and k["Enabled"])

    def put(self, s3, bucket, key, body, **how):
        """One upload of a client, which is noted once it is answered."""
        try:
            got = s3.put_object(Bucket=bucket, Key=key, Body=body, **how)
        except ClientError as e:
            if e.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                raise
            with self.lock:
                self.refused += 1
            return
        with self.lock:
            self.puts.setdefault((bucket, key), []).append(got["ServerSideEncryption"])
            self.versions.add((bucket, key, got["VersionId"]))

    def fill(self):
        self.s3.create_bucket(Bucket=REPORTS)
        for name in self.names:
            self.s3.create_bucket(Bucket=name)
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            self.initial[name] = [f"data/{i:05d} ä+.bin" if i % 7 == 0 else f"data/{i:05d}.bin" for i in range(self.args.objects)]
            for key in self.initial[name]:
                self.put(self.s3, name, key, f"{name}/{key}".encode())

    # The three kinds of source.

    def listed(self, name):
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            yield from page.get("Contents", [])

    def write_report(self, name):
        """A report as S3 Inventory delivers it, for the configuration that the bucket has."""
        config = self.s3.list_bucket_inventory_configurations(Bucket=name)["InventoryConfigurationList"][0]
        prefix = config["Destination"]["S3BucketDestination"]["Prefix"].rstrip("/")
        at, text = f"{prefix}/{name}/{config['Id']}", io.StringIO()
        rows = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        from urllib.parse import quote
        for o in self.listed(name):
            rows.writerow([name, quote(o["Key"]), o["Size"], o["LastModified"].strftime("%Y-%m-%dT%H:%M:%S.000Z"), o["ETag"].strip('"'),
                           "STANDARD", "false", "SSE-S3"])
        data = gzip.compress(text.getvalue().encode())
        now = datetime.datetime.now(datetime.timezone.utc)
        manifest = json.dumps({
            "sourceBucket": name, "destinationBucket": f"arn:aws:s3:::{REPORTS}", "version": "2016-11-30", "creationTimestamp": str(int(now.timestamp() * 1000)),
            "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, EncryptionStatus",
            "files": [{"key": f"{at}/data/0001.csv.gz", "size": len(data), "MD5checksum": hashlib.md5(data).hexdigest()}]}).encode()
        folder = f"{at}/{now:%Y-%m-%dT%H-%MZ}"
        for key, body in ((f"{at}/data/0001.csv.gz", data), (f"{folder}/manifest.json", manifest),
                          (f"{folder}/manifest.checksum", hashlib.md5(manifest).hexdigest().encode())):
            self.s3.put_object(Bucket=REPORTS, Key=key, Body=body)

    def sources(self):
        self.source = {}
        result = self.dir / "result"
        result.mkdir()
        with open(result / "rows.csv", "w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["bucket", "key", "size", "e_tag", "storage_class", "encryption_status"])
            for i, name in enumerate(self.names):
                if i % 3 == 0:
                    self.run("inventory", "setup", "--bucket", name, "--destination", f"s3://{REPORTS}/inventory", "--apply")
                    self.write_report(name)
                    self.source[name] = ("report", None, None)
                elif i % 3 == 1:
                    for o in self.listed(name):
                        rows.writerow([name, o["Key"], o["Size"], o["ETag"].strip('"'), "STANDARD", "SSE-S3"])
                    self.source[name] = ("query result", str(result), "auto")
                else:
                    self.run("inventory", "snapshot", "--bucket", name, "--out", str(self.dir / "listing"), "--head", "--quiet")
                    self.source[name] = ("listing", str(self.dir / "listing" / name / "snapshot"), None)
        say(f"sources: {dict(Counter(kind for kind, _, _ in self.source.values()))}")

    # The commands.

    def run(self, *args, codes=(0,)):
        done = subprocess.run([self.reseal, *args], capture_output=True, text=True, cwd=self.dir, stdin=subprocess.DEVNULL)
        if done.returncode not in codes:
            raise Wrong(f"reseal {' '.join(args)}: exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def survey(self):
        """reseal survey --campaign, and what a person changes in the file."""
        self.run("survey", "--campaign", "surveyed.yaml", "--quiet", codes=(0, 3))
        entries = re.split(r"(?m)^  - ", (self.dir / "surveyed.yaml").read_text())
        out, ready = entries[:1], 0
        for entry in entries[1:]:
            name = re.match(r"name: (\S+)", entry)[1]
            if name in self.source:
                kind, manifest, columns = self.source[name]
                if kind == "report":
                    if "include: true" not in entry:
                        raise Wrong(f"the survey does not take {name}, which has a report:\n{entry}")
                    ready += 1
                else:
                    entry = re.sub(r"(?m)^    manifest: .*\n", "", entry)
                    entry = entry.replace("    include:", f"    manifest: {manifest}\n" + (f"    columns: {columns}\n" if columns else "") + "    include:")
                entry = entry.replace("KEY_ARN", self.key)
                entry = re.sub(r"include: (true|false).*", "include: true", entry)
            out.append(entry)
        (self.dir / "campaign.yaml").write_text("  - ".join(out))
        say(f"survey: {len(entries) - 1} buckets in the list, {ready} ready by themselves")

    def campaign(self, *more):
        return [self.reseal, "campaign", "campaign.yaml", "--job", "camp", "--yes", "--until-clean", "--delta-from", "listing",
                "--kms-rps", str(self.args.kms_rps), "--parallel-buckets", str(self.args.parallel_buckets), "--order", "name",
                "--probe-key-prefix", SCRATCH, *[w for h in self.hazards for w in ("--accept", h)], *more]

    hazards = ["versioned", "weak-conditions", "drops-expires", "readers"]

    def killed(self, when, ready):
        """The campaign, killed once ready() says so."""
        log = open(self.dir / f"{when}.log", "w")
        going = subprocess.Popen(self.campaign(), stdout=log, stderr=log, cwd=self.dir, stdin=subprocess.DEVNULL)
        while going.poll() is None and not ready():
            time.sleep(0.2)
        if going.poll() is not None:
            raise Wrong(f"{when}: the campaign ended with {going.returncode} before it was killed\n" + (self.dir / f"{when}.log").read_text()[-3000:])
        going.send_signal(signal.SIGKILL)
        going.wait()
        s = self.status()
        say(f"{when}: killed; {s['sum']['done']} objects done, states {dict(Counter(b['state'] for b in s['buckets']))}")
        return s

    def status(self):
        done = self.run("status", "camp", "--json", codes=(0, 1, 3))
        return json.loads(done.stdout) if done.stdout.strip().startswith("{") else {"sum": {"done": 0}, "buckets": []}

    def copied(self):
        """How many objects the jobs have recorded."""
        return self.status()["sum"]["done"]

    def in_generations(self):
        """How many buckets have a later generation."""
        return len(list((self.dir / "camp").glob("*/generations.json")))

    # Others.

    def write(self, number):
        """A client that goes on writing: new objects and old ones, with SSE-S3 and without a word."""
        s3, rng, n = self.new_s3(), random.Random(number), 0
        while not self.stop.is_set():
            name = rng.choice(self.names)
            key = f"live/{number}/{n:06d}" if rng.random() < 0.8 else rng.choice(self.initial[name])
            how = {"ServerSideEncryption": "AES256"} if rng.random() < 0.5 else {}
            try:
                self.put(s3, name, key, os.urandom(20), **how)
            except Exception as e:
                self.failure = e
                return
            n += 1
            self.stop.wait(self.args.pause)

    failure = None

    # What holds at the end.

    def read_all(self):
        """Each object of each bucket, by boto3: it is under the key."""
        n, under = 0, Counter()
        for name in self.names:
            for o in self.listed(name):
                if o["Key"].startswith(SCRATCH):
                    continue
                h = self.s3.head_object(Bucket=name, Key=o["Key"])
                under[(h["ServerSideEncryption"], h.get("SSEKMSKeyId"))] += 1
                n += 1
                if h.get("SSEKMSKeyId") != self.key:
                    raise Wrong(f"{name}/{o['Key']} is under {h['ServerSideEncryption']} {h.get('SSEKMSKeyId')}")
                if self.puts.get((name, o["Key"])) is None:
                    raise Wrong(f"{name}/{o['Key']}: no client wrote it")
        if n != len(self.puts):
            raise Wrong(f"{n} objects are there, clients wrote {len(self.puts)}")
        return n

    def read_by_cli(self):
        aws = shutil.which("aws")
        if not aws or subprocess.run([aws, "--version"], capture_output=True).returncode:
            say("SKIPPED: no aws command here, so the AWS CLI looked at nothing")
            return 0
        seen = 0
        for name in self.names[:: max(1, len(self.names) // 3)]:
            ask = lambda *a: json.loads(subprocess.run([aws, "s3api", *a, "--bucket", name, "--output", "json"], capture_output=True, check=True, text=True).stdout)
            key = self.random.choice(ask("list-objects-v2", "--prefix", "data/")["Contents"])["Key"]
            if ask("head-object", "--key", key).get("SSEKMSKeyId") != self.key:
                raise Wrong(f"by the AWS CLI {name}/{key} is not under the key")
            seen += 1
        return seen

    def count_copies(self):
        """Each object was copied as few times as is right, by its versions."""
        copies, overwritten = 0, 0
        for name in self.names:
            by_key = {}
            for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=name):
                for v in page.get("Versions", []):
                    by_key.setdefault(v["Key"], []).append(v)  # the newest first
            for key, versions in by_key.items():
                if key.startswith(SCRATCH):
                    continue
                theirs = [(name, key, v["VersionId"]) in self.versions for v in reversed(versions)]
                n, plain = theirs.count(False), self.puts[(name, key)].count("AES256")
                copies += n
                if len(self.puts[(name, key)]) == 1:
                    if n != plain:
                        raise Wrong(f"{name}/{key} was written once, under {self.puts[(name, key)]}, and copied {n} times")
                    continue
                overwritten += 1
                if n > plain or any(not a and not b for a, b in zip(theirs, theirs[1:])):
                    raise Wrong(f"{name}/{key} was copied {n} times, of writes under {self.puts[(name, key)]}; order {theirs}")
        return copies, overwritten

    def certify(self):
        key = self.dir / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ops", "-f", key], check=True)
        signers = self.dir / "signers"
        signers.write_text('ops@example.com namespaces="reseal-certificate" ' + (self.dir / "key.pub").read_text())
        (self.dir / "evidence").mkdir()
        bundles, verified = 0, Counter()
        for name in self.names:
            # Off AWS nobody knows what an object was whose answer a kill cut off: 3, and no certificate.
            verdict = self.run("verify", f"camp/{name}", "--quiet", codes=(0, 3)).returncode
            verified[verdict] += 1
            done = self.run("certify", f"camp/{name}", "--out", f"evidence/{name}", "--sign-ssh-key", "key", codes=(verdict,))
            if verdict and not re.search(r"\d objects?\s+(was|were)\s+found\s+done,\s+and\s+nobody\s+compared", done.stdout):
                raise Wrong(f"{name} is not certified for another reason than a cut-off answer:\n{done.stdout}")
        for bundle in sorted((self.dir / "evidence").iterdir()):
            subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=bundle, check=True)
            subprocess.run(["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "ops@example.com", "-n", "reseal-certificate", "-s", bundle / "SHA256SUMS.sig"],
                           stdin=open(bundle / "SHA256SUMS"), stdout=subprocess.DEVNULL, check=True)
            self.run("certify", "--check", str(bundle), "--allowed-signers", "signers")
            bundles += 1
        if bundles != verified[0] or not bundles:
            raise Wrong(f"{bundles} bundles, verify ended with {dict(verified)}")
        return bundles, dict(verified)

    def prove(self):
        began = time.time()
        self.serve()
        self.fill()
        self.sources()
        self.survey()
        total = sum(map(len, self.initial.values()))
        say(f"{len(self.names)} buckets, {total} objects under SSE-S3, key {self.key}")
        writers = [threading.Thread(target=self.write, args=(i,)) for i in range(self.args.writers)]
        for w in writers:
            w.start()
        try:
            self.killed("first", lambda: self.copied() > total / 4)
            for name in self.names:  # while the writers go on
                self.run("enforce", "--bucket", name, "--sse-kms-key-id", self.key, "--apply", "--yes", "--quiet")
            say("all buckets closed")
            self.killed("second", lambda: self.in_generations() >= max(1, len(self.names) // 4))
            log = open(self.dir / "third.log", "w")
            code = subprocess.run(self.campaign(), stdout=log, stderr=log, cwd=self.dir, stdin=subprocess.DEVNULL).returncode
        finally:
            self.stop.set()
            for w in writers:
                w.join()
        text = (self.dir / "third.log").read_text()
        if code:
            raise Wrong(f"the third campaign ended with {code}\n{text[-4000:]}")
        if self.failure:
            raise Wrong(f"a client failed: {self.failure}")
        s = self.status()
        states = Counter(b["state"] for b in s["buckets"])
        if states != {"finished": len(self.names)}:
            raise Wrong(f"states {states}")
        say(f"third: clean; {s['sum']['done']} done by all, up to ${s['sum']['spent_max_usd']}" if "spent_max_usd" in s["sum"] else "third: clean")
        fullest = re.search(r"(\d+) requests in the fullest second, the cap was (\d+)", text)
        if not fullest or int(fullest[1]) > self.args.kms_rps:
            raise Wrong("more KMS requests in a second than the cap, or none told: " + (fullest[0] if fullest else text[-500:]))
        say(f"KMS: {fullest[0]}/s")
        n = self.read_all()
        say(f"boto3: {n} objects in {len(self.names)} buckets, each under the key; clients wrote {sum(map(len, self.puts.values()))} times, {self.refused} uploads were denied")
        say(f"the AWS CLI: {self.read_by_cli()} objects, each under the key")
        copies, overwritten = self.count_copies()
        say(f"versions: {copies} copies; each write under SSE-S3 copied once at most, no copy copied again; {overwritten} objects were overwritten by clients")
        bundles, verified = self.certify()
        say(f"evidence: {bundles} bundles of {len(self.names)} buckets hold by sha256sum, ssh-keygen and reseal certify --check; verify ended with {verified}")
        say(f"all of it holds; {time.time() - began:.0f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reseal")
    parser.add_argument("--buckets", type=int, default=4)
    parser.add_argument("--objects", type=int, default=20)
    parser.add_argument("--parallel-buckets", type=int, default=4)
    parser.add_argument("--kms-rps", type=int, default=60)
    parser.add_argument("--writers", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.1)
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    args = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="proof-"))
    proof = Proof(args, folder)
    code = 0
    try:
        proof.prove()
    except (Wrong, subprocess.CalledProcessError, ClientError) as e:
        say(f"WRONG: {e}")
        code = 1
    finally:
        if getattr(proof, "server", None):
            proof.server.kill()
            proof.server.wait()
        if args.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


main()
