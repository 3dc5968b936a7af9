# SPDX-License-Identifier: Apache-2.0
"""What the tests of single clouds share."""

import json
import os
import subprocess
import sys
import uuid

import requests
from pyiceberg.catalog import load_catalog
from pyiceberg.types import LongType

from server import HERE
from test_pyiceberg_write import PEOPLE, people, rows

VENDED = {"X-Iceberg-Access-Delegation": "vended-credentials"}


def certificate(folder):
    """Of our own, for loopback: (certificate, key) files."""
    names = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost".split()
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", names[0], "-keyout", names[1]],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return names


def ask(server, method, path, body=None, expect=200, **headers):
    answer = requests.request(method, server.uri + path, json=body, headers={**server.headers(), **headers}, timeout=60)
    assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer


def use_apart(server, catalog, **env):
    """use() in a process of its own, with what is vended.

    PyArrow's client for Google waits for answers without letting other threads run, the stub's among them; Azure's takes
    the authorities it trusts from the environment when it is imported.
    """
    properties = {**server.connection(catalog), **{f"header.{k}": v for k, v in VENDED.items()}}
    command = [sys.executable, HERE / "clouds.py", json.dumps(properties)]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=150)
    assert not done.returncode, done.stderr[-3000:]


def make_table(server, catalog, name="t", **more):
    """By the interface itself; its path."""
    schema = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": True}]}
    base = f"/v1/{catalog}/namespaces"
    namespace = f"n{uuid.uuid4().hex[:8]}"
    ask(server, "POST", base, {"namespace": [namespace]})
    ask(server, "POST", f"{base}/{namespace}/tables", {"name": name, "schema": schema, **more})
    return f"{base}/{namespace}/tables/{name}"


def use(catalog):
    """Creates, writes, reads, changes schema and properties, reads again; the table."""
    namespace = f"n{uuid.uuid4().hex[:8]}"
    catalog.create_namespace(namespace)
    table = catalog.create_table(f"{namespace}.t", PEOPLE)
    table.append(people((1, "ada", 36), (2, "bob", None)))
    assert rows(catalog.load_table(f"{namespace}.t")) == [(1, "ada", 36), (2, "bob", None)]
    with table.update_schema() as update:
        update.add_column("more", LongType())
    with table.transaction() as t:
        t.set_properties(a="b")
    table.delete("id = 1")
    table = catalog.load_table(f"{namespace}.t")
    assert rows(table) == [(2, "bob", None)]
    assert table.properties["a"] == "b" and "more" in table.schema().column_names
    return table


def requests_of(answer):
    """How many requests to clouds an answer took."""
    counted = dict(p.split("=") for p in answer.headers["X-Pangolin-Counts"].replace(";", " ").replace(",", " ").split())
    return int(counted["requests"])


if __name__ == "__main__":
    use(load_catalog("cloud", type="rest", **json.loads(sys.argv[1])))
