# SPDX-License-Identifier: Apache-2.0
"""Tables on Google Cloud Storage: the server's own reading and writing, and what clients are given."""

import json
import time

import pytest

import google_stub
from clouds import VENDED, ask, make_table, requests_of, use_apart
from server import Started

pytestmark = pytest.mark.ours


@pytest.fixture(scope="module")
def cloud(request):
    if request.config.getoption("--reference"):
        pytest.skip("ours")
    made = google_stub.Google()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(cloud):
    made = Started("sqlite", PANGOLIN_COUNTS="true")
    yield made
    logs = "".join(p.read_text(errors="replace") for p in (made.run / "logs").glob("*"))
    made.stop()
    assert "PRIVATE KEY" not in logs and not [t for t in cloud.given if t in logs]


@pytest.fixture(scope="module")
def catalog(server, cloud):
    return server.make_catalog(cloud.config(), vending_strategy="GcpDownscoped")


def test_a_table(server, cloud, catalog):
    use_apart(server, catalog)
    uploads = [path for method, path in cloud.asked if "/upload/" in path and "uploadType=resumable" in path]
    assert uploads  # PyArrow's, by what was vended


def test_the_names_that_clients_read(server, cloud, catalog):
    table = make_table(server, catalog)
    asked = ask(server, "GET", table, **VENDED)
    loaded, one = asked.json(), asked.json()["storage-credentials"][0]
    assert one["prefix"] == loaded["metadata"]["location"] and "no-store" in asked.headers["Cache-Control"]
    config = one["config"]
    ends, rules = cloud.given[config["gcs.oauth2.token"]]
    assert rules is not None
    told = int(config["gcs.oauth2.token-expires-at"]) / 1000
    assert abs(told - ends) < 5 and 1700 < told - time.time() <= 3600
    assert config["gcs.project-id"] == "project" and config["gcs.service.host"] == cloud.endpoint
    assert config["gcs.oauth2.refresh-credentials-endpoint"] == f"{table[1:]}/credentials"
    assert loaded["config"].items() >= config.items() and "PRIVATE" not in asked.text
    assert "gcs.oauth2.token" not in ask(server, "GET", table).json()["config"]
    location = loaded["metadata"]["location"]
    own = ask(server, "GET", f"/api/v1/warehouses/{catalog}/credentials?location={location}").json()
    assert own["type"] == "Gcp" and own["access_token"] in cloud.given and own["expiration"]


def test_what_it_costs(server, catalog):
    one, two = make_table(server, catalog), make_table(server, catalog)
    cold = ask(server, "GET", one, **VENDED)
    warm = ask(server, "GET", one, **VENDED)
    assert requests_of(cold) == 1 and requests_of(warm) == 0 and requests_of(ask(server, "GET", two, **VENDED)) == 1
    assert warm.json()["storage-credentials"] == cold.json()["storage-credentials"]


def test_a_token_is_good_for_its_table_alone(server, cloud, catalog):
    a, b = make_table(server, catalog), make_table(server, catalog)
    loaded = ask(server, "GET", a, **VENDED).json()
    token, own = loaded["config"]["gcs.oauth2.token"], loaded["metadata-location"]
    other = ask(server, "GET", b).json()["metadata-location"]
    near = other.replace(other.split("/")[-3], own.split("/")[-3] + "2")  # a folder whose name begins as ours does
    assert cloud.get(own, token) == 200 and cloud.get(own + ".new", token, "PUT") == 200
    for location in (other, near):
        assert {cloud.get(location, token, m) for m in ("GET", "PUT", "DELETE", "PATCH")} == {403}
        folder = location.split("/", 3)[3].rpartition("/")[0]
        assert {cloud.list(prefix, token) for prefix in (f"{folder}/", folder, "")} == {403}
    folder = own.split("/", 3)[3].rpartition("/metadata/")[0]
    assert cloud.list(f"{folder}/", token) == 200 and cloud.list(folder, token) == 403
    assert cloud.get(own + ".new", token, "DELETE") == 200


@pytest.mark.parametrize(
    "account, config, says",
    [
        ({"client_email": "another@x"}, {}, "invalid_grant"),
        ({"private_key": "none"}, {}, "no RSA key"),
        ({"private_key": None}, {}, "private_key"),
        ({"token_uri": "http://127.0.0.1:9/token"}, {}, "token service"),
        ({}, {"gcs.sts-endpoint": "http://127.0.0.1:9"}, "token service"),
        ({}, {"gcs.service.host": "http://127.0.0.1:9"}, "connect"),
        ({}, {"location": "gs://no-such-bucket/w"}, "404"),
        ({}, {"gcs.service-account-key": "{"}, "no JSON"),
        ({}, {"gcs.service-account-key": None}, "gcs.service-account-key"),
        ({}, {"gcs.service-account-key": None, "gcs.service-account-file": "/etc/passwd"}, "PANGOLIN_TRUST_WAREHOUSES"),
        ({}, {"gcs.service-account-key": None, "gcs.identity": "machine"}, "PANGOLIN_TRUST_WAREHOUSES"),
        ({"type": "external_account"}, {}, "PANGOLIN_TRUST_WAREHOUSES"),
    ],
)
def test_the_self_test_says_what_is_wrong(server, cloud, account, config, says):
    more = {"gcs.service-account-key": json.dumps(cloud.account(**account)), **config}
    name = server.make_catalog(cloud.config(**more), vending_strategy="GcpDownscoped")
    answer = ask(server, "POST", f"/api/v1/warehouses/{name}/test", {}).json()
    [bad] = [s["message"] for s in answer["steps"] if s["result"] == "failed"]
    assert not answer["ok"] and says in bad, bad


def test_the_self_test_sees_the_limits(server, cloud, catalog):
    answer = ask(server, "POST", f"/api/v1/warehouses/{catalog}/test", {}).json()
    assert answer["ok"] and len(answer["steps"]) == 11, answer


def test_a_url_for_one_file(server, cloud, catalog):
    """fake-gcs-server checks no URL's signature: its form is what is seen here."""
    table, other = make_table(server, catalog), make_table(server, catalog)
    location = ask(server, "GET", table).json()["metadata-location"]
    url = ask(server, "GET", f"{table}/presign?location={location}").json()["url"]
    assert url.startswith(location.replace("gs://", f"{cloud.endpoint}/") + "?X-Goog-Algorithm=GOOG4-RSA-SHA256&")
    assert "&X-Goog-Signature=" in url and "X-Goog-SignedHeaders=host" in url
    ask(server, "GET", f"{other}/presign?location={location}", expect=403)


# --- the machine's own identities ------------------------------------------------------------------------


def test_identities_of_the_machine(cloud, tmp_path):
    """A key's file, a federated identity, the machine's: only where the operator trusts warehouses with them."""
    (tmp_path / "key.json").write_text(json.dumps(cloud.account()))
    (tmp_path / "subject").write_text(google_stub.SUBJECT + "\n")
    (tmp_path / "subject.json").write_text(json.dumps({"token": google_stub.SUBJECT}))
    external = {
        "type": "external_account",
        "audience": google_stub.AUDIENCE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{cloud.endpoint}/v1/token",
    }
    plain = {**external, "credential_source": {"file": str(tmp_path / "subject")}}
    form = {"type": "json", "subject_token_field_name": "token"}
    shaped = {**external, "credential_source": {"file": str(tmp_path / "subject.json"), "format": form}}
    server = Started("sqlite", PANGOLIN_TRUST_WAREHOUSES="true")
    try:
        for config in (
            {"gcs.service-account-key": None, "gcs.service-account-file": str(tmp_path / "key.json")},
            {"gcs.service-account-key": json.dumps(plain)},
            {"gcs.service-account-key": json.dumps(shaped)},
            {"gcs.service-account-key": None, "gcs.identity": "machine", "gcs.metadata-server": cloud.endpoint},
        ):
            name = server.make_catalog(cloud.config(**config), vending_strategy="GcpDownscoped")
            answer = ask(server, "POST", f"/api/v1/warehouses/{name}/test", {}).json()
            assert answer["ok"], answer
    finally:
        server.stop()
