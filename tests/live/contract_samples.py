# SPDX-License-Identifier: Apache-2.0
"""Requests that the OpenAPI document's schemas allow, made up at random: what bad ones are made out of."""

import re

from bad_input import FORM, BadInput

TEXTS = ["id", "name", "main", "n", "t", "v", "f", "é \U0001f427", "s3://lake/x", "file:///tmp/x", "1", "long", "bucket[4]", "2026-01-01", "a.b"]
NUMBERS = [0, 1, 2, 1000, -1, 2**31, 2**62, 9223372036854775807]


class Samples(BadInput):
    """Bad requests made out of samples of every operation; the same ones for the same seed."""

    def __init__(self, seed, document, catalog, token, per_operation=20):
        super().__init__(seed, catalog, "n", "t", token)
        self.document, self.catalog = document, catalog
        self.good = [self.request(o) for o in document.operations.values() for _ in range(per_operation)]

    def request(self, operation):
        """(method, path, body) as BadInput has them; the path's members mostly exist."""
        there = {"prefix": self.catalog, "namespace": "n", "table": "t", "view": "v", "function": "f", "plan-id": "p"}
        path = re.sub(r"\{([^}]*)\}", lambda found: there[found.group(1)], operation.path)
        query = "&".join(
            f"{p['name']}={self.sample(p['schema'])}" for p in operation.parameters if p["in"] == "query" and self.rng.random() < 0.5
        )
        body = None
        if operation.body:
            ((kind, schema),) = operation.body.items()
            body = self.sample(schema)
            if kind == FORM:
                body = "&".join(f"{k}={v}" for k, v in body.items())
        return operation.method, path + ("?" + query if query else ""), body

    def next(self):
        request = super().next()
        for name in self.headers_of(request):
            request.headers.setdefault(name, b"x")
        return request

    def headers_of(self, request):
        """Now and then a header of the document with nothing good in it."""
        if self.rng.random() < 0.1:
            yield self.rng.choice(["Idempotency-Key", "X-Iceberg-Access-Delegation", "If-None-Match"])

    # --- from a schema to a value ---

    def sample(self, schema, depth=0):
        schema = self.document.deref(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.rng.choice(schema["enum"])
        if "anyOf" in schema:
            return self.alternative(schema, depth)
        kind = schema.get("type")
        kind = self.rng.choice(kind) if isinstance(kind, list) else kind
        if kind == "object" or "properties" in schema or "allOf" in schema:
            return self.object(schema, depth)
        if kind == "array":
            return [self.sample(schema["items"], depth + 1) for _ in range(self.rng.choice([0, 1, 1, 2]) if depth < 8 else 0)]
        return self.primitive(kind)

    def alternative(self, schema, depth):
        """One of them; deep down the first, which ends the recursion in this document."""
        chosen = schema["anyOf"][0] if depth > 6 else self.rng.choice(schema["anyOf"])
        value = self.sample(chosen, depth + 1)
        return {**value, **self.object(schema, depth)} if isinstance(value, dict) and "properties" in schema else value

    def object(self, schema, depth):
        made = {}
        for part in schema.get("allOf", []):
            made |= self.sample(part, depth)
        for name, inner in schema.get("properties", {}).items():
            if name in schema.get("required", []) or (depth < 8 and self.rng.random() < 0.6):
                made[name] = self.member(name, inner, depth)
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            made |= {self.rng.choice(TEXTS): self.sample(more, depth + 1) for _ in range(self.rng.choice([0, 1, 2]))}
        return made

    def member(self, name, schema, depth):
        """A reference beside a const or an enum is narrowed by it."""
        narrowed = {k: v for k, v in schema.items() if k in ("const", "enum")}
        return self.sample(narrowed or schema, depth + 1)

    def primitive(self, kind):
        if kind == "boolean":
            return self.rng.random() < 0.5
        if kind == "integer":
            return self.rng.choice(NUMBERS)
        if kind == "number":
            return self.rng.choice([0.5, -1.0, 1e300])
        return None if kind == "null" else self.rng.choice(TEXTS)
