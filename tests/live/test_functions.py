# SPDX-License-Identifier: Apache-2.0
"""Functions: the management interface makes, replaces and drops them; Iceberg's clients list and load them."""

import concurrent.futures
import json
import pathlib
import uuid

import pytest

from contract_others import function_metadata
from test_rest import SCHEMA, Rest, rest, space  # noqa: F401: fixtures

pytestmark = pytest.mark.ours


class Functions(Rest):
    """Those of one namespace."""

    def __init__(self, rest, space):
        self.__dict__.update(rest.__dict__)
        self.space = space
        self.managed = f"{rest.server.uri}/api/v1/catalogs/{rest.site.catalog}/namespaces/{space}/functions"

    def make(self, name="f", metadata=None, expect=201, **more):
        return self.ask("POST", self.managed, {"name": name, "metadata": metadata or function_metadata(), **more}, expect).json()

    def load(self, name="f", expect=200):
        return self.ask("GET", f"/namespaces/{self.space}/functions/{name}", expect=expect).json()

    def list(self, query=""):
        return self.ask("GET", f"/namespaces/{self.space}/functions{query}").json()

    def replace(self, metadata, name="f", expect=200, **more):
        return self.ask("PUT", f"{self.managed}/{name}", {"metadata": metadata, **more}, expect).json()


@pytest.fixture
def functions(rest, space):  # noqa: F811
    return Functions(rest, space)


def test_a_function_is_made_and_loaded(functions):
    given = function_metadata() | {"x-unknown": {"kept": [1.50, None]}}
    made = functions.make(metadata=given)
    assert made == functions.load()
    metadata = made["metadata"]
    location = metadata["location"]
    assert metadata == given | {"location": location} and made["metadata-location"].startswith(location + "/metadata/00000-")
    if location.startswith("file:"):
        assert json.loads(pathlib.Path(made["metadata-location"].removeprefix("file://")).read_text()) == metadata
    assert functions.list() == {"identifiers": [[functions.space, "f"]], "next-page-token": None}


def test_what_is_left_out_is_filled_in(functions):
    definitions = function_metadata()["definitions"]
    metadata = functions.make(metadata={"definitions": definitions})["metadata"]
    assert uuid.UUID(metadata["function-uuid"]) and metadata["format-version"] == 1
    (entry,) = metadata["definition-log"]
    assert [v["definition-id"] for v in entry["definition-versions"]] == ["int", "list<string>"]


def test_replaced(functions):
    made = functions.make()
    definitions = json.loads(json.dumps(made["metadata"]["definitions"]))
    definitions[0]["versions"].append({**definitions[0]["versions"][0], "version-id": 2})
    definitions[0]["current-version-id"] = 2
    after = functions.replace({"definitions": definitions}, **{"base-metadata-location": made["metadata-location"]})
    assert after == functions.load() and "/metadata/00001-" in after["metadata-location"]
    assert len(after["metadata"]["definition-log"]) == 2
    assert after["metadata"]["function-uuid"] == made["metadata"]["function-uuid"]
    assert functions.replace(after["metadata"]) == after  # nothing changes: no new file
    stale = {"metadata": {"definitions": definitions}, "base-metadata-location": made["metadata-location"]}
    functions.error("PUT", f"{functions.managed}/f", stale, 409, "ConflictException")
    other = {"metadata": after["metadata"] | {"function-uuid": str(uuid.uuid4())}}
    assert "function-uuid" in functions.error("PUT", f"{functions.managed}/f", other)["message"]
    functions.error("PUT", f"{functions.managed}/none", {"metadata": after["metadata"]}, 404, "NoSuchFunctionException")


def test_dropped(functions):
    made = functions.make()
    functions.ask("DELETE", f"{functions.managed}/f", expect=204)
    functions.error("GET", f"/namespaces/{functions.space}/functions/f", expect=404, type="NoSuchFunctionException")
    functions.error("DELETE", f"{functions.managed}/f", expect=404, type="NoSuchFunctionException")
    assert functions.list()["identifiers"] == []
    again = functions.make(metadata=function_metadata() | {"location": made["metadata"]["location"]})
    assert again["metadata"]["location"] == made["metadata"]["location"]  # its folder is free


def test_names(functions):
    """A table or a view may have a function's name; two functions of one namespace may not."""
    tables = f"/namespaces/{functions.space}/tables"
    functions.make("t")
    assert functions.error("POST", functions.managed, {"name": "t", "metadata": function_metadata()}, 409, "AlreadyExistsException")[
        "message"
    ] == (f"Function already exists: {functions.space}.t")
    functions.ask("POST", tables, {"name": "t", "schema": SCHEMA})
    assert functions.ask("GET", tables).json()["identifiers"] == [{"namespace": [functions.space], "name": "t"}]
    functions.ask("DELETE", f"{tables}/t", expect=204)
    assert functions.load("t@main") == functions.load("t")
    functions.error("DELETE", f"/namespaces/{functions.space}", expect=409, type="NamespaceNotEmptyException")
    functions.ask("DELETE", f"{functions.managed}/t", expect=204)
    functions.ask("DELETE", f"/namespaces/{functions.space}", expect=204)


def test_what_is_no_function_is_refused(functions):
    for metadata in [{}, function_metadata() | {"format-version": 2}, function_metadata() | {"definitions": [{}]}]:
        functions.error("POST", functions.managed, {"name": "f", "metadata": metadata}, 400, "BadRequestException")
    functions.error("POST", functions.managed, {"metadata": function_metadata()})
    functions.error("POST", functions.managed, {"name": "a/b@c", "metadata": function_metadata()})
    functions.error("POST", functions.managed, {"name": "f", "metadata": function_metadata() | {"location": "file:///etc"}})
    nowhere = functions.managed.replace(functions.space, "none")
    functions.error("POST", nowhere, {"name": "f", "metadata": function_metadata()}, 404, "NoSuchNamespaceException")
    assert functions.list()["identifiers"] == []


def test_one_of_many_makes_it(functions):
    def make(_):
        body = {"name": "f", "metadata": function_metadata()}
        return functions.session.post(functions.managed, json=body, headers=functions.server.headers(), timeout=60).status_code

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make, range(4))) == [201, 409, 409, 409]


def test_they_share_no_folder_with_a_table(functions):
    location = functions.make()["metadata"]["location"]
    body = {"name": "t", "schema": SCHEMA, "location": location}
    functions.error("POST", f"/namespaces/{functions.space}/tables", body, 400)
