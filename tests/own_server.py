# SPDX-License-Identifier: Apache-2.0
"""A server of the test's own, by ./quickstart, and requests to it: only Python's own library."""

import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
counts = {"passed": 0, "failed": 0}


def check(what, good, detail=""):
    counts["passed" if good else "failed"] += 1
    print(f"ok      {what}" if good else f"FAILED  {what}  {detail}", flush=True)


def finish():
    print(f"{counts['passed']} passed, {counts['failed']} failed, 0 skipped")
    sys.exit(counts["failed"] > 0)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Site:
    """with Site() as site: ...    settings are environment variables of quickstart."""

    def __init__(self, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pangolin-test-"))
        self.folder.chmod(0o755)
        self.run = self.folder / "run"
        self.port = free_port()
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PANGOLIN_") and k not in ("DATABASE_URL", "WAREHOUSE")}
        self.settings = {**kept, "PANGOLIN_RUN": str(self.run), "PANGOLIN_PORT": str(self.port), **settings}

    def __enter__(self):
        self.quickstart("--no-demo")
        self.env = dict(
            line.split("=", 1) for line in (self.run / "env").read_text().splitlines() if not line.startswith("export")
        )
        self.catalog = self.env["PANGOLIN_CATALOG"]
        return self

    def __exit__(self, kind, error, trace):
        if kind or counts["failed"]:
            for log in sorted(self.run.glob("logs/*")):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}")
        self.quickstart("stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def quickstart(self, *arguments):
        subprocess.run([TOP / "quickstart", *arguments], env=self.settings, stdin=subprocess.DEVNULL, check=True, timeout=900)

    def connect(self, port=None):
        return http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)

    def request(self, method, path, body=None, connection=None, headers=None, port=None):
        """(status, headers in lower case, parsed body or None or its text)"""
        c = connection or self.connect(port)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        heads = {"Authorization": f"Bearer {self.env['PANGOLIN_TOKEN']}", "Content-Type": "application/json", **(headers or {})}
        c.request(method, path, body, {k: v for k, v in heads.items() if v is not None})
        answer = c.getresponse()
        data = answer.read()
        heads = {k.lower(): v for k, v in answer.getheaders()}
        if not connection:
            c.close()
        try:
            return answer.status, heads, json.loads(data) if data else None
        except ValueError:
            return answer.status, heads, data.decode(errors="replace")

    def pid(self, name):
        """The process that quickstart started under that name."""
        return int((self.run / f"pids/{name}.pid").read_text().split()[0])

    def responders(self, family):
        """Process ids of a family's responders: the children of its multiwatch."""
        return [int(p) for p in subprocess.run(["pgrep", "-P", str(self.pid(family))], capture_output=True, text=True).stdout.split()]


TABLE = {
    "name": "t",
    "schema": {
        "type": "struct",
        "schema-id": 0,
        "fields": [{"id": i, "name": f"column_{i}", "type": "string", "required": False} for i in range(1, 21)],
    },
}
