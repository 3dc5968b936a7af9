# SPDX-License-Identifier: Apache-2.0
"""No secret that this run used is in an answer, a log line, an audit record or a database."""

import pytest
import requests

import secrets_watch
import storage
from server import Started
from test_admin import SECRET

pytestmark = [pytest.mark.ours, pytest.mark.last]
SMALL_PLACES = ["sqlite-file"]


def test_the_watch_sees(servers, place):
    """Of each kind one, where nobody is looking: the test below could not fail otherwise."""
    watch = secrets_watch.Watch()
    watch.end()
    answer = requests.Response()
    answer.status_code, answer.url = 200, "http://x/y"
    answer.request = requests.Request("GET", "http://x/y").prepare()
    answer._content = f'{{"token": "{"t" * 40}", "a": "{SECRET}", "s3.session-token": "{"v" * 40}"}}'.encode()
    watch.look(answer)
    assert len(watch.leaks) == 1 and watch.issued
    watch.look(answer)
    assert any("shows again" in leak for leak in watch.leaks)
    n = len(watch.leaks)
    watch.scan("a file", b"x" + SECRET.encode() + b"x")
    watch.scan("a file", b"t" * 50)
    watch.scan("a file", b"v" * 50)
    watch.scan("a file", b"x" + storage.SECRET.encode() + b"x")
    assert len(watch.leaks) == n + 4


def test_the_watch_sees_what_a_stopped_server_kept(servers, place):
    server, watch = Started("sqlite"), servers.watch
    (server.run / "logs/strange.log").write_text(f"x {SECRET} x")
    server.stop()
    found = [leak for leak in watch.leaks if "strange.log" in leak]
    watch.leaks = [leak for leak in watch.leaks if leak not in found]
    assert found


def test_no_secret_is_anywhere(servers, place, tmp_path):
    watch = servers.watch
    for name, server in servers.made.items():
        if not isinstance(server, Started):
            continue
        watch.scan_files(name, server)
        watch.scan(f"{name}: the database", secrets_watch.dump_of(server.settings["DATABASE_URL"]))
        if "export" in server.command("help"):
            server.command("export", str(tmp_path / name))
            watch.scan(f"{name}: its export", (tmp_path / name).read_bytes())
    assert not watch.leaks, "\n".join(sorted(set(watch.leaks)))
