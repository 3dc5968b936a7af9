# SPDX-License-Identifier: Apache-2.0
"""Where tables are kept: local files, or a real S3 server started for the tests."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import uuid

import pyarrow.fs

from server import answers, free_port, wait_until

KEY, SECRET = "rootuser", "rootpass123"


class Files:
    """A folder of the server's machine."""

    client = {}
    admin = {}  # for tests that look at files themselves
    warehouse = {}  # beside storage_config

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def config(self, **more):
        """storage_config of a fresh warehouse."""
        return {"location": f"file://{self.folder}/{uuid.uuid4().hex[:12]}", **more}

    def list(self, location):
        path = pathlib.Path(self.path(location))
        return sorted(str(p) for p in path.rglob("*") if p.is_file())

    def exists(self, location):
        return os.path.exists(self.path(location))

    @staticmethod
    def path(location):
        """file:/a, file:///a"""
        return "/" + location.removeprefix("file:").lstrip("/")

    def stop(self):
        pass


class ObjectStore:
    """An S3 server with one bucket; `start` gives its command line."""

    bucket = "lake"
    warehouse = {}

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pangolin-s3-"))
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.log = open(self.folder / "log", "wb")
        self.process = self.start()
        try:
            wait_until(lambda: answers(self.endpoint), type(self).__name__)
            self.files = pyarrow.fs.S3FileSystem(
                access_key=KEY,
                secret_key=SECRET,
                endpoint_override=self.endpoint,
                region="us-east-1",
                allow_bucket_creation=True,
            )
            wait_until(self.make_bucket, "the bucket")
        except BaseException:
            sys.stderr.write((self.folder / "log").read_text(errors="replace")[-4000:])
            self.stop()
            raise

    def make_bucket(self):
        try:
            self.files.create_dir(self.bucket)
            return True
        except OSError:
            return False

    @property
    def client(self):
        """What a client of the tables needs of its own: its keys are not the server's to give."""
        return {**self.address(), "s3.access-key-id": KEY, "s3.secret-access-key": SECRET}

    admin = client

    def address(self):
        return {"s3.endpoint": self.endpoint, "s3.region": "us-east-1", "s3.path-style-access": "true"}

    def config(self, **more):
        root = f"s3://{self.bucket}/{uuid.uuid4().hex[:12]}"
        return {"location": root, **self.client, **more}

    def vending(self):
        """vending_strategy of a warehouse whose clients get its keys."""
        return {"AwsStatic": {"access_key_id": KEY, "secret_access_key": SECRET}}

    def list(self, location):
        found = self.files.get_file_info(
            pyarrow.fs.FileSelector(location.removeprefix("s3://"), recursive=True, allow_not_found=True)
        )
        return sorted(f"s3://{f.path}" for f in found if f.is_file)

    def exists(self, location):
        return self.files.get_file_info(location.removeprefix("s3://")).is_file

    def stop(self):
        self.process.kill()  # SeaweedFS does not always end on SIGTERM, and nothing is to be kept
        self.process.wait(30)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Vended:
    """An object store whose clients have no keys of their own: the catalog vends them, table by table."""

    def __init__(self, store, asking="vended-credentials", **warehouse):
        self.store = store
        self.client = {"header.X-Iceberg-Access-Delegation": asking}
        self.warehouse = warehouse or {"use_sts": True}

    def config(self, **more):
        return {**self.store.config(), **self.store.vendor, **more}

    def __getattr__(self, name):
        return getattr(self.store, name)

    def stop(self):
        pass


def allow(*actions, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), **more}]}


class SeaweedFS(ObjectStore):
    # Who may assume which role.
    vendor = {
        "s3.access-key-id": "vendor",
        "s3.secret-access-key": "vendorpass123",
        "s3.role-arn": "arn:aws:iam::role/VendRole",
    }

    def start(self):
        identities = [
            {
                "name": "admin",
                "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            },
            {
                "name": "vendor",
                "credentials": [{"accessKey": "vendor", "secretKey": "vendorpass123"}],
                "actions": ["Read", "Write", "List"],
                "policyNames": ["AllowAssume"],
            },
        ]
        role = {
            "roleName": "VendRole",
            "roleArn": self.vendor["s3.role-arn"],
            "attachedPolicies": ["All"],
            "trustPolicy": allow("sts:AssumeRole", Principal="*"),
        }
        iam = {
            "sts": {
                "tokenDuration": "1h",
                "maxSessionLength": "12h",
                "issuer": "tests",
                "signingKey": "dGVzdC1zaWduaW5nLWtleS0zMi1jaGFycy1sb25nMTI=",
            },
            "policy": {"defaultEffect": "Deny", "storeType": "memory"},
            "policies": [
                {"name": "All", "document": allow("s3:*", Resource=["*"])},
                {"name": "AllowAssume", "document": allow("sts:AssumeRole", "s3:*", Resource=["*"])},
            ],
            "roles": [role],
        }
        (self.folder / "s3.json").write_text(json.dumps({"identities": identities}))
        (self.folder / "iam.json").write_text(json.dumps(iam))
        ports = {name: free_port() for name in ("master", "filer", "volume")}
        weed = shutil.which("weed", path=os.path.dirname(sys.executable)) or "weed"
        return subprocess.Popen(
            [
                weed,
                f"-logdir={self.folder}",
                "mini",
                f"-dir={self.folder}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-admin.ui=false",
                "-webdav=false",
                f"-s3.port={self.port}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                f"-s3.config={self.folder}/s3.json",
                f"-s3.iam.config={self.folder}/iam.json",
                *(f"-{name}.port={port}" for name, port in ports.items()),
            ],
            stdout=self.log,
            stderr=self.log,
        )


class MinIO(ObjectStore):
    vendor = {}  # its owner's keys may assume any

    def start(self):
        env = {
            **os.environ,
            "MINIO_ROOT_USER": KEY,
            "MINIO_ROOT_PASSWORD": SECRET,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_CI_CD": "1",
        }
        minio = os.environ.get("MINIO", "minio")
        return subprocess.Popen(
            [minio, "server", "--quiet", "--address", f"127.0.0.1:{self.port}", str(self.folder / "data")],
            env=env,
            stdout=self.log,
            stderr=self.log,
        )


S3 = {"seaweedfs": SeaweedFS, "minio": MinIO}
