"""The list of calls and what came of each, one line a call."""

import sys
from contextlib import contextmanager

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "111122223333"  # of `reseal simulate`


def version(text):
    return tuple(int(n) for n in text.split(".")[:2])


class Skipped(Exception):
    """This boto3 does not know the call."""


class Lane:
    def __init__(self):
        self.passed, self.refused, self.skipped, self.failed = 0, 0, 0, 0
        self.operations = set()
        self.facts = []

    @contextmanager
    def call(self, name, how="", since="0.0"):
        """One call. What is checked in it is printed with it.

        since is the boto3 that learned it. Call new() before what an older one lacks.
        """
        self.facts, self.old = [], version(boto3.__version__) < version(since)
        title = f"{name} ({how})" if how else name
        try:
            yield self
        except Skipped:
            self.skipped += 1
            print(f"skip  {title}: boto3 {boto3.__version__} does not know it")
        except Exception as e:  # one that fails does not keep the next from being tried
            self.failed += 1
            print(f"FAIL  {title}: {type(e).__name__}: {e}")
        else:
            self.passed += 1
            self.operations.add(name)
            print(f"ok    {title}: {', '.join(self.facts) or 'answered'}")

    def new(self):
        if self.old:
            raise Skipped

    def same(self, what, got, want):
        if got != want:
            raise AssertionError(f"{what} is {got!r}, want {want!r}")
        self.facts.append(what)

    def true(self, what, holds):
        self.same(what, bool(holds), True)

    def error(self, code, status, fn, *args, **kw):
        """The call has to be refused with this code and status."""
        try:
            fn(*args, **kw)
        except ClientError as e:
            got = (e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"])
            if got != (code, status):
                raise AssertionError(f"{got} {e.response['Error'].get('Message')}, want {(code, status)}")
            self.facts.append(f"{status} {code}")
            return e.response
        raise AssertionError(f"succeeded, want {code}")

    def missing(self, name, fn, *args, **kw):
        """AWS has it and the simulator says that it has not."""
        try:
            fn(*args, **kw)
        except ClientError as e:
            error = e.response["Error"]
            if e.response["ResponseMetadata"]["HTTPStatusCode"] == 501 and error.get("Message"):
                self.refused += 1
                print(f"501   {name}: {error['Message']}")
                return
            print(f"FAIL  {name}: {error}, want 501 and a reason")
        except Exception as e:
            print(f"FAIL  {name}: {type(e).__name__}: {e}, want 501 and a reason")
        else:
            print(f"FAIL  {name}: succeeded, want 501 and a reason")
        self.failed += 1

    def answered_501(self, name, status, text):
        """The same of an answer that no client decoded."""
        if status == 501 and b"<Message>" in text:
            self.refused += 1
            print(f"501   {name}: {text.partition(b'<Message>')[2].partition(b'</Message>')[0].decode()}")
        else:
            self.failed += 1
            print(f"FAIL  {name}: {status} {text}, want 501 and a reason")

    def end(self):
        print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}: {self.passed} calls of "
              f"{len(self.operations)} operations as at AWS, {self.refused} refused as not implemented, "
              f"{self.skipped} not known to this boto3, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def client(service, endpoint, **kw):
    """A client as a script makes it. Boto3 before 1.28 does not read AWS_ENDPOINT_URL."""
    config = dict(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
    config.update(kw.pop("config", {}))
    return boto3.client(service, endpoint_url=endpoint, config=Config(**config), **kw)
