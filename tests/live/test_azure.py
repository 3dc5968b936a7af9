# SPDX-License-Identifier: Apache-2.0
"""Tables on Azure: the server's own reading and writing, and what clients are given."""

import os
import shutil
import signal
import subprocess
import time
import types
import uuid

import azure.storage.blob
import pytest
import requests

import azure_stub
from clouds import VENDED, ask, certificate, make_table, requests_of, use_apart
from server import HERE, Started, cache_folder

pytestmark = pytest.mark.ours
HOST = "account.dfs.core.windows.net"


@pytest.fixture(scope="module")
def trust(tmp_path_factory):
    """A certificate that the server and its clients trust, and its key."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(request, trust):
    if request.config.getoption("--reference"):
        pytest.skip("ours")
    made = Started("sqlite", PANGOLIN_COUNTS="true", PANGOLIN_CA_FILE=str(trust[0]))
    yield made
    logs = "".join(p.read_text(errors="replace") for p in (made.run / "logs").glob("*"))
    made.stop()
    assert azure_stub.KEY not in logs and azure_stub.CLIENT_SECRET not in logs and "sig=" not in logs


@pytest.fixture
def cloud(trust):
    made = azure_stub.Azure(trust)
    yield made
    made.stop()


@pytest.mark.parametrize("by", ["client", "key"])
def test_a_table(server, cloud, trust, by):
    catalog = server.make_catalog(cloud.config(by), vending_strategy="AzureSas")
    use_apart(server, catalog, SSL_CERT_FILE=str(trust[0]))
    assert any("sr=d" in path and method == "PUT" for method, path in cloud.asked)


# --- what is vended ----------------------------------------------------------------------------------


def vended(server, table, **more):
    [one] = ask(server, "GET", table, **VENDED).json()["storage-credentials"]
    return one


def test_the_names_that_clients_read(server, cloud):
    catalog = server.make_catalog(cloud.config(), vending_strategy="AzureSas")
    table = make_table(server, catalog)
    asked = ask(server, "GET", table, **VENDED)
    loaded, one = asked.json(), asked.json()["storage-credentials"][0]
    assert one["prefix"] == loaded["metadata"]["location"] and "no-store" in asked.headers["Cache-Control"]
    config = one["config"]
    token = config[f"adls.sas-token.{HOST}"]
    assert config["adls.sas-token.account"] == token and config["adls.sas-token"] == f"?{token}"
    ends = {config[f"adls.sas-token-expires-at-ms{x}"] for x in ("", ".account", f".{HOST}")}
    assert len(ends) == 1 and 3500 < int(ends.pop()) / 1000 - time.time() <= 3600
    assert config["adls.account-name"] == "account" and config["adls.refresh-credentials-endpoint"] == f"{table[1:]}/credentials"
    assert loaded["config"].items() >= config.items()
    assert not [k for k in config if "key" in k or "secret" in k]
    plain = ask(server, "GET", table).json()
    assert "storage-credentials" not in plain and not [k for k in plain["config"] if "sas" in k]
    again = ask(server, "GET", f"{table}/credentials").json()["storage-credentials"]
    assert again[0]["config"][f"adls.sas-token.{HOST}"]
    location = loaded["metadata"]["location"]
    own = ask(server, "GET", f"/api/v1/warehouses/{catalog}/credentials?location={location}").json()
    assert own["type"] == "Azure" and own["account_name"] == "account" and "sig=" in own["sas_token"] and own["expiration"]


def test_what_it_costs(server, cloud):
    """A token, a delegation key: then signatures are the server's own work."""
    catalog = server.make_catalog(cloud.config(), vending_strategy="AzureSas")
    one, two = make_table(server, catalog), make_table(server, catalog, name="u")
    cold = ask(server, "GET", one, **VENDED)
    assert requests_of(cold) == 1  # the key; the token was there for the server's own reading
    warm = ask(server, "GET", one, **VENDED)
    assert requests_of(warm) == 0 and warm.json()["storage-credentials"] == cold.json()["storage-credentials"]
    assert requests_of(ask(server, "GET", two, **VENDED)) == 0


def test_a_signature_is_good_for_its_table_alone(server, cloud):
    catalog = server.make_catalog(cloud.config(), vending_strategy="AzureSas")
    a, b = make_table(server, catalog), make_table(server, catalog)
    sas = vended(server, a)["config"]["adls.sas-token"]
    own, other = (ask(server, "GET", t).json()["metadata-location"] for t in (a, b))
    near = other.replace(other.split("/")[-3], own.split("/")[-3] + "2")  # a folder whose name begins as ours does
    cloud.blobs[near.split("/", 3)[3]] = b"{}"
    assert cloud.get(own, sas) == 200
    for location in (other, near):
        assert {cloud.get(location, sas, m) for m in ("GET", "HEAD", "PUT", "DELETE")} == {403}
        folder = location.split("/", 3)[3].rpartition("/")[0]
        assert {cloud.list(prefix, sas) for prefix in (f"{folder}/", folder, "")} == {403}
    assert cloud.list(own.split("/", 3)[3].rpartition("/")[0] + "/", sas) == 200


def test_a_whole_container_only_where_the_warehouse_says_so(server, cloud):
    narrow = vended(server, make_table(server, server.make_catalog(cloud.config(), vending_strategy="AzureSas")))
    assert "sr=d&" in narrow["config"]["adls.sas-token"]
    wide = server.make_catalog(cloud.config(**{"azure.sas-scope": "container"}), vending_strategy="AzureSas")
    assert "sr=c&" in vended(server, make_table(server, wide))["config"]["adls.sas-token"]


def test_the_accounts_key_only_where_the_warehouse_says_so(server, cloud):
    for warehouse in ({}, {"use_sts": True}, {"vending_strategy": "None"}, {"vending_strategy": "AzureSas"}):
        table = make_table(server, server.make_catalog(cloud.config("key"), **warehouse))
        assert azure_stub.KEY not in ask(server, "GET", table, **VENDED).text
    table = make_table(server, server.make_catalog(cloud.config("key"), vending_strategy="AzureAccountKey"))
    assert vended(server, table)["config"]["adls.account-key"] == azure_stub.KEY
    assert azure_stub.KEY not in ask(server, "GET", table).text


@pytest.mark.parametrize(
    "config, says",
    [
        ({"azure.client-secret": "another"}, "invalid_client"),
        ({"azure.client-id": "another"}, "unauthorized_client"),
        ({"azure.tenant-id": "another"}, "token"),
        ({"azure.authority-host": "https://127.0.0.1:9"}, "token service"),
        ({"azure.endpoint": "https://127.0.0.1:9"}, "connect"),
        ({"location": "abfss://other@account.dfs.core.windows.net/w"}, "no such container"),
    ],
)
def test_the_self_test_says_what_is_wrong(server, cloud, config, says):
    name = server.make_catalog(cloud.config(**config), vending_strategy="AzureSas")
    answer = ask(server, "POST", f"/api/v1/warehouses/{name}/test", {}).json()
    [bad] = [s["message"] for s in answer["steps"] if s["result"] == "failed"]
    assert not answer["ok"] and says in bad and azure_stub.CLIENT_SECRET not in str(answer)


@pytest.mark.parametrize("by", ["client", "key"])
def test_the_self_test_sees_the_limits(server, cloud, by):
    name = server.make_catalog(cloud.config(by), vending_strategy="AzureSas")
    answer = ask(server, "POST", f"/api/v1/warehouses/{name}/test", {}).json()
    assert answer["ok"] and len(answer["steps"]) == 11, answer
    name = server.make_catalog(cloud.config(by, **{"azure.sas-scope": "container"}), vending_strategy="AzureSas")
    answer = ask(server, "POST", f"/api/v1/warehouses/{name}/test", {}).json()
    bad = [s["name"] for s in answer["steps"] if s["result"] == "failed"]
    assert bad == ["read beside it", "write beside it", "list beside it", "remove beside it"]
    assert not cloud.blobs


def test_a_url_for_one_file(server, cloud, trust):
    catalog = server.make_catalog(cloud.config(), vending_strategy="AzureSas")
    table, other = make_table(server, catalog), make_table(server, catalog)
    location = ask(server, "GET", table).json()["metadata-location"]
    url = ask(server, "GET", f"{table}/presign?location={location}").json()["url"]
    assert requests.get(url, verify=trust[0], timeout=10).json()["location"] in location
    for method in ("PUT", "DELETE"):
        assert requests.request(method, url, verify=trust[0], timeout=10).status_code == 403
    assert requests.get(url.replace(".json", ".jsox"), verify=trust[0], timeout=10).status_code == 403
    ask(server, "GET", f"{other}/presign?location={location}", expect=403)
    silent = make_table(server, server.make_catalog(cloud.config()))
    ask(server, "GET", f"{silent}/presign?location={location}", expect=400)


# --- Azurite -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def azurite(trust, tmp_path_factory):
    """storage_config of a warehouse on Azurite; it uses our certificate."""
    folder = tmp_path_factory.mktemp("azurite")
    shutil.copy(trust[0], folder / "public.crt")
    shutil.copy(trust[1], folder / "private.key")
    path = f"{cache_folder()}/node/bin:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "AZURITE": str(cache_folder() / "azurite/node_modules/.bin/azurite-blob")}
    line = subprocess.run([HERE / "servers/azurite.sh", folder], env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    told = dict(p.split("=", 1) for p in line.split())
    account, endpoint = told["account"], f"https://127.0.0.1:{told['https_port']}"
    with azure.storage.blob.BlobServiceClient(f"{endpoint}/{account}", credential=told["key"], connection_verify=str(trust[0])) as service:
        service.create_container("lake")

    def config(**keys):
        root = f"abfss://lake@{account}.dfs.core.windows.net/{uuid.uuid4().hex[:12]}"
        return {"location": root, "azure.endpoint": endpoint, **keys}

    yield types.SimpleNamespace(config=config, key=told["key"])
    for pid in (told["pid"], told["tls_pid"]):
        os.kill(int(pid), signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["client", "key"])
def test_a_table_on_azurite(server, azurite, cloud, trust, by):
    """It knows no directories' signatures: the container's are tried, and a client's token whose signature it takes as it is."""
    keys = cloud.client() if by == "client" else {"adls.account-key": azurite.key}
    catalog = server.make_catalog(azurite.config(**keys, **{"azure.sas-scope": "container"}), vending_strategy="AzureSas")
    use_apart(server, catalog, SSL_CERT_FILE=str(trust[0]))
    answer = ask(server, "POST", f"/api/v1/warehouses/{catalog}/test", {}).json()
    bad = [s["name"] for s in answer["steps"] if s["result"] == "failed"]
    assert bad == ["read beside it", "write beside it", "list beside it", "remove beside it"]


@pytest.mark.slow
def test_azurite_refuses_what_it_does_not_know(server, azurite):
    """A directory's signature is good for nothing there: never for more."""
    catalog = server.make_catalog(azurite.config(**{"adls.account-key": azurite.key}), vending_strategy="AzureSas")
    answer = ask(server, "POST", f"/api/v1/warehouses/{catalog}/test", {}).json()
    assert [s["name"] for s in answer["steps"] if s["result"] == "failed"] == ["use what is vended"]
