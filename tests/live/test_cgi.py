# SPDX-License-Identifier: Apache-2.0
"""The responders' binaries as plain CGI: environment and standard input in, one answer out."""

import json
import subprocess

import pytest

from fastcgi import Answer, parameters

pytestmark = pytest.mark.ours


@pytest.fixture
def cgi(own_server):
    def call(family, method, uri, body=None, headers=()):
        data = json.dumps(body).encode() if body is not None else b""
        headers = {**own_server.headers(), "Content-Type": "application/json", **dict(headers)}
        done = subprocess.run(
            [own_server.program(f"pangolin-{family}")],
            env={**own_server.process_env(), **parameters(method, uri.encode(), data, headers)},
            input=data,
            stdout=subprocess.PIPE,
            timeout=60,
        )
        assert done.returncode == 0
        return Answer(done.stdout)

    return call


@pytest.fixture(scope="module")
def name(own_server, servers):
    return own_server.make_catalog(servers.storage("file", own_server).config())


def test_a_table_by_cgi_alone(cgi, name):
    schema = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": True}]}
    made = cgi("namespaces", "POST", f"/v1/{name}/namespaces", {"namespace": ["a b"]})
    assert made.status == 200, made.body
    made = cgi("tables", "POST", f"/v1/{name}/namespaces/a%20b/tables", {"name": "t", "schema": schema})
    assert made.status == 200, made.body
    update = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"k": "v"}}]}
    done = cgi("tables", "POST", f"/v1/{name}/namespaces/a%20b/tables/t", update)
    assert done.status == 200, done.body
    loaded = cgi("tables", "GET", f"/v1/{name}/namespaces/a%20b/tables/t")
    assert json.loads(loaded.body)["metadata"]["properties"]["k"] == "v"
    assert cgi("tables", "HEAD", f"/v1/{name}/namespaces/a%20b/tables/t").body == b""


def test_every_family_by_cgi(cgi, name):
    assert json.loads(cgi("admin", "GET", f"/api/v1/catalogs/{name}").body)["name"] == name
    assert json.loads(cgi("namespaces", "GET", f"/v1/config?warehouse={name}").body)["endpoints"]
    answer = cgi("credentials", "POST", "/v1/oauth/tokens", {}, {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 400 and json.loads(answer.body)["error"]


def test_errors_by_cgi(cgi, name):
    answer = cgi("tables", "GET", f"/v1/{name}/namespaces/none/tables/t")
    assert answer.status == 404 and json.loads(answer.body)["error"]["type"] == "NoSuchTableException"
    answer = cgi("tables", "GET", f"/v1/{name}/namespaces/none/tables/t", headers={"Authorization": "Bearer x"})
    assert answer.status == 401


@pytest.mark.parametrize("length", ["5", "999999", "-1", "x", "99999999999999999999"])
def test_a_wrong_length_by_cgi(own_server, name, length):
    """Too few bytes, and a number that is none, are the client's fault; nothing hangs."""
    env = {**own_server.process_env(), **parameters("POST", f"/v1/{name}/namespaces", b"", own_server.headers())}
    env["CONTENT_LENGTH"] = length
    done = subprocess.run(
        [own_server.program("pangolin-namespaces")], env=env, input=b"{}", stdout=subprocess.PIPE, timeout=60
    )
    answer = Answer(done.stdout)
    assert answer.status in (400, 408, 413) and json.loads(answer.body)["error"]["code"] == answer.status
