# SPDX-License-Identifier: Apache-2.0
"""Shared access signatures made by our code and by Microsoft's Python library of the same inputs are the same text.

usage: sas.py PROGRAM ROUNDS
"""

import base64
import datetime
import json
import random
import subprocess
import sys
import urllib.parse

from azure.storage.blob import _shared_access_signature as blob_signatures
from azure.storage.blob import generate_blob_sas, generate_container_sas
from azure.storage.filedatalake import UserDelegationKey, generate_directory_sas

VERSION = "2021-12-02"
READ, WRITE, DELETE = 1, 2, 4
ATOMS = ["t", "T", "orders", "-", "_", ".", "x=1", "é", "漢", "a b", "+", "&", "'", "%2e", "(", "🐼", "~", "*", "$"]

# The service version is the library's own newest: what is signed is the same for all since 2020-12-06.
blob_signatures.X_MS_VERSION = VERSION


def made_up(rng):
    verbs = READ | rng.choice([0, WRITE, WRITE | DELETE, DELETE])
    path = "/".join("".join(rng.choices(ATOMS, k=rng.randint(1, 4))) for _ in range(rng.randint(1, 6)))
    kind = rng.choice(["container", "directory", "blob"])
    one = {
        "account": rng.choice(["acc", "account2"]),
        "container": rng.choice(["c", "my-container"]),
        "path": "" if kind == "container" else path,
        "blob": int(kind == "blob"),
        "verbs": verbs,
        "expires": rng.randint(1_700_000_000, 4_000_000_000),
        "http": rng.randint(0, 1),
        "key": base64.b64encode(rng.randbytes(64)).decode(),
    }
    if rng.randint(0, 1):
        one["delegation"] = {
            "oid": "11111111-2222-3333-4444-555555555555",
            "tid": "66666666-7777-8888-9999-000000000000",
            "start": "2026-11-24T07:03:09Z",
            "expiry": "2026-11-25T07:03:09Z",
            "service": "b",
            "version": "2021-12-02",
            "value": base64.b64encode(rng.randbytes(32)).decode(),
        }
    return kind, one


def permission(one):
    letters = "r" + ("acw" if one["verbs"] & WRITE else "") + ("d" if one["verbs"] & DELETE else "")
    return letters + ("" if one["blob"] else "l")


def theirs(kind, one):
    key = one["key"]
    if "delegation" in one:
        key = UserDelegationKey()
        for name, value in one["delegation"].items():
            setattr(key, "value" if name == "value" else f"signed_{name}", value)
    secret = {"user_delegation_key": key} if "delegation" in one else {"account_key": key}
    more = {
        "permission": permission(one),
        "expiry": datetime.datetime.fromtimestamp(one["expires"], datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "protocol": "https,http" if one["http"] else "https",
    }
    if kind == "container":
        return generate_container_sas(one["account"], one["container"], **secret, **more)
    if kind == "blob":
        return generate_blob_sas(one["account"], one["container"], one["path"], **secret, **more)
    return generate_directory_sas(one["account"], one["container"], one["path"], credential=key, **more)


def main():
    program, rounds = sys.argv[1], int(sys.argv[2])
    rng = random.Random(7)
    cases = [made_up(rng) for _ in range(rounds)]
    lines = "".join(json.dumps(one) + "\n" for _, one in cases)
    answers = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == len(cases)
    for (kind, one), answer in zip(cases, answers):
        wanted = urllib.parse.parse_qs(theirs(kind, one))
        got = urllib.parse.parse_qs(answer)
        if got != wanted:
            print(f"FAILED {kind} {one}\n  ours   {got}\n  theirs {wanted}")
            return 1
    return 0


sys.exit(main())
