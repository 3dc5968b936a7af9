# SPDX-License-Identifier: Apache-2.0
"""Commits as JSON, without data files: for tests of who wins and what stands."""

import random
import time


def snapshot_on(metadata, location, **summary):
    """A snapshot on top of the current one, with its sequence number; the current one's id."""
    current = metadata.get("current-snapshot-id")
    snapshot = random.getrandbits(62)
    made = {
        "snapshot-id": snapshot,
        "sequence-number": metadata["last-sequence-number"] + 1,
        "timestamp-ms": max(int(time.time() * 1000), metadata["last-updated-ms"]),
        "manifest-list": f"{location}/metadata/none-{snapshot}.avro",
        "summary": {"operation": "append", **summary},
        "schema-id": 0,
    }
    if current in (None, -1):
        return None, made
    return current, {**made, "parent-snapshot-id": current}


def append_to(metadata, location, **summary):
    """A commit of one snapshot onto exactly what was read: requirements and updates."""
    current, snapshot = snapshot_on(metadata, location, **summary)
    ref = {"ref-name": "main", "type": "branch", "snapshot-id": snapshot["snapshot-id"]}
    return {
        "requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": current}],
        "updates": [{"action": "add-snapshot", "snapshot": snapshot}, {"action": "set-snapshot-ref", **ref}],
    }
