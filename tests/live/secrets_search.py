# SPDX-License-Identifier: Apache-2.0
"""Looks for many secrets in much text at once: as they are, and as they are written in URLs, in JSON, in base64, in hex."""

import base64
import json
import pathlib
import subprocess
import urllib.parse

SHORTEST = 8  # what is shorter stands in any text
LONGEST = 40  # of a longer one its end is looked for: tokens begin alike


def core(secret):
    return secret if len(secret) <= LONGEST else secret[-LONGEST:]


def in_base64(data):
    """What stands in base64 whatever stands before and after: the whole groups of each of three alignments."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data)
        text = text[4 if before else 0 : (before + len(data)) // 3 * 4]
        yield text
        yield text.replace(b"+", b"-").replace(b"/", b"_")


def forms(secret):
    """Every way to write a secret that is looked for."""
    text = core(secret)
    quoted = json.dumps(text)[1:-1]
    written = {text, quoted, quoted.replace("/", "\\/"), json.dumps(text, ensure_ascii=False)[1:-1]}
    written |= {quote(text, safe=safe) for quote in (urllib.parse.quote, urllib.parse.quote_plus) for safe in ("", "/", "/:")}
    data = text.encode()
    found = {w.encode() for w in written} | {data.hex().encode(), data.hex().upper().encode(), *in_base64(data)}
    return {f for f in found if len(f) >= SHORTEST and b"\n" not in f}


def search(secrets, places, folder):
    """(file, offset, secret) of each place where one of them stands in the files and folders; `folder` is for our own use."""
    known = {form: secret for secret in sorted(secrets) for form in forms(secret)}
    patterns = pathlib.Path(folder) / "patterns"
    patterns.write_bytes(b"\n".join(known))
    done = subprocess.run(
        ["grep", "-rFaob", "--null", "-f", str(patterns), *map(str, places)],
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        timeout=300,
    )
    if not known or done.returncode > 1:
        raise RuntimeError(f"grep ended with {done.returncode}; it knew {len(known)} texts")
    for line in done.stdout.split(b"\n")[:-1]:
        path, _, rest = line.partition(b"\0")
        offset, _, text = rest.partition(b":")
        yield path.decode(), int(offset), known[text]
