# SPDX-License-Identifier: Apache-2.0
"""Iceberg's OpenAPI document as a judge: what its operations are, and what is wrong with an answer."""

import json
import pathlib
import random
import re
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

import jsonschema
import requests
import yaml

DOCUMENT = pathlib.Path(__file__).resolve().parent / "contract/iceberg-rest-openapi.yaml"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
# Members we give beside the document's: clients of the management interface read a view's simple form.
MORE = {"createView", "loadView", "replaceView", "registerView"}, {"name", "sql", "dialect", "properties"}


def mended(spec):
    """The document as it is meant, where its words are not JSON Schema's or contradict each other."""

    def mend(node):
        if isinstance(node, list):
            return [mend(v) for v in node]
        if not isinstance(node, dict):
            return node
        node = {k: mend(v) for k, v in node.items() if k not in ("example", "examples")}
        # Some errors are described as a bare ErrorModel; their examples are wrapped, as IcebergErrorResponse says
        # that all error responses are.
        if node.get("schema") == {"$ref": "#/components/schemas/ErrorModel"}:
            node["schema"] = {"$ref": "#/components/schemas/IcebergErrorResponse"}
        # OpenAPI 3.1 dropped `nullable`, but the document still says it.
        if node.pop("nullable", False) is True:
            node["type"] = [node["type"], "null"]
        # A "variant" is a string too, an int a long too: exactly one of them is never true.
        if isinstance(node.get("oneOf"), list):
            node["anyOf"] = node.pop("oneOf")
        return node

    return mend(spec)


@dataclass
class Operation:
    id: str
    method: str
    path: str
    responses: dict  # "200" -> {"content": ..., "headers": ...}; "5XX" covers its hundred
    body: dict | None  # content type -> schema
    needs_body: bool
    parameters: list = field(default_factory=list)

    @property
    def endpoint(self):
        """As /v1/config names it."""
        return f"{self.method} {self.path}"

    @property
    def takes_keys(self):
        return any(p["name"] == "Idempotency-Key" for p in self.parameters)

    def documented(self, status):
        return self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX")


class Document:
    def __init__(self):
        self.spec = mended(yaml.safe_load(DOCUMENT.read_text()))
        self.operations = {o.id: o for o in self.read_operations()}

    def read_operations(self):
        for path, item in self.spec["paths"].items():
            for method, o in item.items():
                if method == "parameters":
                    continue
                yield Operation(
                    o["operationId"],
                    method.upper(),
                    path,
                    {str(k): self.deref(v) for k, v in o["responses"].items()},
                    {k: v["schema"] for k, v in o["requestBody"]["content"].items()} if "requestBody" in o else None,
                    o.get("requestBody", {}).get("required", False),
                    [self.deref(p) for p in item.get("parameters", []) + o.get("parameters", [])],
                )

    def deref(self, node):
        while "$ref" in node:
            found = self.spec
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def wrong(self, value, schema, what):
        """What in `value` is not as the schema says, one line each."""
        checker = jsonschema.Draft202012Validator(
            {**schema, "components": self.spec["components"]},
            format_checker=jsonschema.FormatChecker(formats=["uuid", "date"]),
        )
        return [
            f"{what}{''.join(f'[{p!r}]' for p in e.absolute_path)}: {best(e).message[:300]}" for e in checker.iter_errors(value)
        ]

    def members(self, schema):
        """Names that an object of the schema has; None where it has any."""
        schema = self.deref(schema)
        if schema.get("additionalProperties") not in (None, False):
            return None
        found = set(schema.get("properties", {}))
        for part in schema.get("allOf", []) + schema.get("anyOf", []):
            more = self.members(part)
            if more is None:
                return None
            found |= more
        return found

    def judge_request(self, operation, body):
        """What is wrong with a body that is meant to be good: the tests are to be right too."""
        if operation.body is None:
            return [] if body is None else ["the operation takes no body"]
        (schema,) = operation.body.values()
        return self.wrong(body, schema, "request body")

    def judge(self, operation, answer):
        """What is wrong with an answer to the operation."""
        status, documented = answer.status_code, operation.documented(answer.status_code)
        if status >= 500:
            return [f"{status}: {answer.text[:300]}"]
        if documented is None:
            return [f"{status} is not documented: {answer.text[:300]}"]
        content = documented.get("content")
        if not content or operation.method == "HEAD" or status == 304:
            return [f"{status} has a body: {answer.text[:100]!r}"] if answer.content else []
        if answer.headers.get("Content-Type", "").partition(";")[0] != JSON:
            return [f"{status} has the content type {answer.headers.get('Content-Type')!r}"]
        return self.judge_body(status, content[JSON]["schema"], answer, MORE[1] if operation.id in MORE[0] else set())

    def judge_body(self, status, schema, answer, more):
        try:
            value = json.loads(answer.text)
        except ValueError as e:
            return [f"not JSON: {e}"]
        wrong = self.wrong(value, schema, "")
        names = self.members(schema)
        if names is not None and isinstance(value, dict) and set(value) - names - more:
            wrong.append(f"members that the document does not have: {sorted(set(value) - names - more)}")
        error = value.get("error") if isinstance(value, dict) else None
        if isinstance(error, dict) and error.get("code") != status:
            wrong.append(f"error.code is {error.get('code')} in a {status}")
        return wrong


def best(error):
    """Of an alternative's failures the one that got furthest."""
    return jsonschema.exceptions.best_match([error]) or error


def fresh_key():
    """A UUIDv7: RFC 9562, 5.7."""
    made = (time.time_ns() // 1_000_000 << 80) | random.getrandbits(80)
    return str(uuid.UUID(int=made & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62))


class Caller:
    """One catalog, driven by the document's operations; every answer is judged."""

    def __init__(self, document, server, catalog):
        self.document, self.server, self.catalog = document, server, catalog
        self.session = requests.Session()
        self.seen = {}  # operation -> statuses

    def url(self, operation, path):
        """Path members by name; a namespace is a list of levels."""

        def segment(found):
            value = path[found.group(1).replace("-", "_")]
            return urllib.parse.quote("\x1f".join(value) if isinstance(value, (list, tuple)) else value, safe="")

        return self.server.uri + re.sub(r"\{([^}]*)\}", segment, operation.path)

    def __call__(self, name, expect, *, body=None, query=None, headers=None, token=None, good=True, **path):
        """Calls the operation; the status must be the expected one, and the answer as documented.
        token: None = our own, "" = none.  good=False: the body is meant to be wrong."""
        operation = self.document.operations[name]
        headers = {**(self.server.headers(token) if token != "" else {}), **(headers or {})}
        form = operation.body is not None and FORM in operation.body
        if good and (wrong := self.document.judge_request(operation, body)):
            raise AssertionError(f"{name}: the test is wrong: {wrong}")
        request = {
            "method": operation.method,
            "url": self.url(operation, {"prefix": self.catalog, **path}),
            "params": query,
            "headers": {"Content-Type": FORM if form else JSON, **headers} if body is not None else headers,
            "data": None if body is None else body if form or isinstance(body, bytes) else json.dumps(body),
        }
        if operation.takes_keys:
            request["headers"] = {"Idempotency-Key": fresh_key(), **request["headers"]}
        for _ in range(2 if operation.takes_keys else 1):  # the second time is a retry: it gets the first one's answer
            answer = self.session.request(**request, timeout=60)
            assert answer.status_code == expect, f"{name}: {answer.status_code}, not {expect}: {answer.text[:600]}"
            wrong = self.document.judge(operation, answer)
            assert not wrong, f"{name} {path}: {len(wrong)} violations\n" + "\n".join(wrong[:20])
        self.seen.setdefault(name, set()).add(answer.status_code)
        return answer

    def ok(self, name, **more):
        """A success with a body: the body."""
        return self(name, 200, **more).json()

    def fails(self, name, status, type=None, **more):
        """An error of that type; answers its message."""
        answer = self(name, status, **more)
        if self.document.operations[name].method == "HEAD":
            return ""
        error = answer.json()["error"]
        assert type is None or error["type"] == type, f"{name}: {error}"
        return error["message"]
