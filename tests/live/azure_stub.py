# SPDX-License-Identifier: Apache-2.0
"""Azure Storage and Microsoft Entra as strict as the real ones where it matters: signatures, scopes, times, directories.

Blobs are in memory.  Unlike Azurite it knows directories' signatures (sr=d), and checks the tokens that it gave out.
"""

import base64
import datetime
import hashlib
import hmac
import http.server
import json
import secrets
import ssl
import threading
import urllib.parse
import uuid
from xml.sax.saxutils import escape

import requests

ACCOUNT = "account"
KEY = base64.b64encode(b"the key of the tests' account" * 2).decode()
TENANT, CLIENT, CLIENT_SECRET = "11111111-2222-3333-4444-555555555555", "client-of-the-tests", "client-secret-of-the-tests"
SCOPE = "https://storage.azure.com/.default"
CONTAINER = "lake"
STANDARD = (
    "content-encoding content-language content-length content-md5 content-type date if-modified-since if-match if-none-match"
    " if-unmodified-since range"
).split()


def signed(key, text):
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def utc():
    return datetime.datetime.now(datetime.UTC)


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)


class Refused(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle_any(self):
        raw, _, query = self.path.partition("?")
        self.raw, self.query = raw, dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.cloud = self.server.cloud
        self.cloud.asked.append((self.command, self.path))
        try:
            if raw.endswith("/oauth2/v2.0/token"):
                status, headers, body = self.token()
            else:
                status, headers, body = self.storage()
        except Refused as e:
            body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{e.code}</Code></Error>'.encode()
            status, headers = e.status, {"x-ms-error-code": e.code, "Content-Type": "application/xml"}
        self.send_response(status)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    # --- Entra ---------------------------------------------------------------------------------------

    def token(self):
        form = dict(urllib.parse.parse_qsl(self.body.decode(), strict_parsing=True))
        error = None
        if self.command != "POST" or self.raw != f"/{TENANT}/oauth2/v2.0/token":
            error = "invalid_request"
        elif form.get("grant_type") != "client_credentials":
            error = "unsupported_grant_type"
        elif form.get("client_id") != CLIENT:
            error = "unauthorized_client"
        elif form.get("client_secret") != CLIENT_SECRET:
            error = "invalid_client"
        elif form.get("scope") != SCOPE:
            error = "invalid_scope"
        if error:
            return 401 if "client" in error else 400, {}, f'{{"error": "{error}", "error_description": "AADSTS"}}'.encode()
        token = self.cloud.token()
        self.cloud.tokens[token] = utc() + datetime.timedelta(hours=1)
        return 200, {}, f'{{"token_type": "Bearer", "expires_in": 3600, "access_token": "{token}"}}'.encode()

    # --- who asks ------------------------------------------------------------------------------------

    def allow(self, letters, container, blob):
        """Refuses who may do none of what the letters stand for there."""
        given = self.headers.get("Authorization", "")
        if "sig" in self.query:
            return self.check_sas(letters, container, blob)
        if "x-ms-version" not in self.headers:
            raise Refused(400, "MissingRequiredHeader")
        if given.startswith("Bearer "):
            if self.cloud.tokens.get(given[7:], utc()) <= utc():
                raise Refused(401, "InvalidAuthenticationInfo")
        elif given != f"SharedKey {ACCOUNT}:{signed(KEY, self.string_to_sign())}":
            raise Refused(403, "AuthenticationFailed")
        return None

    def string_to_sign(self):
        lines = [self.command]
        for name in STANDARD:
            value = self.headers.get(name, "")
            lines.append("" if name == "content-length" and value == "0" else value)
        names = sorted(n.lower() for n in self.headers if n.lower().startswith("x-ms-"))
        lines += [f"{n}:{self.headers[n]}" for n in names]
        resource = f"/{ACCOUNT}{self.raw}"
        return "\n".join([*lines, resource, *(f"{k}:{v}" for k, v in sorted(self.query.items()))])

    def check_sas(self, letters, container, blob):
        q = self.query
        if moment(q["se"]) <= utc() or q["spr"] != "https":
            raise Refused(403, "AuthenticationFailed")
        path = self.sas_path(blob)
        fields = [q["sp"], q.get("st", ""), q["se"], f"/blob/{ACCOUNT}/{container}{path}"]
        key = KEY
        if "skoid" in q:
            own = [q[k] for k in ("skoid", "sktid", "skt", "ske", "sks", "skv")]
            key = self.cloud.delegations.get(tuple(own))
            if not key or moment(q["ske"]) < moment(q["se"]) or moment(q["skt"]) > utc():
                raise Refused(403, "AuthenticationFailed")
            fields += [*own, "", "", ""]
        else:
            fields += [""]
        fields += ["", q["spr"], q["sv"], q["sr"], "", "", "", "", "", "", ""]
        if signed(key, "\n".join(fields)) != q["sig"]:
            raise Refused(403, "AuthenticationFailed")
        if not set(letters) & set(q["sp"]):
            raise Refused(403, "AuthorizationPermissionMismatch")

    def sas_path(self, blob):
        """The part of the request's path that the signature must be of."""
        kind = self.query["sr"]
        if kind == "c":
            return ""
        if kind == "b":
            return f"/{blob}"
        depth = int(self.query["sdd"])
        parts = blob.split("/")
        if kind != "d" or depth < 1 or len(parts) <= depth:  # the directory itself is no blob in it
            raise Refused(403, "AuthorizationPermissionMismatch")
        return "/" + "/".join(parts[:depth])

    # --- the blob service ------------------------------------------------------------------------------

    def storage(self):
        parts = urllib.parse.unquote(self.raw).split("/", 3)
        if parts[1] != ACCOUNT:
            raise Refused(400, "InvalidUri")
        if self.query.get("comp") == "userdelegationkey":
            return self.delegation_key()
        container, blob = parts[2], parts[3] if len(parts) > 3 else ""
        if container != CONTAINER:
            raise Refused(404, "ContainerNotFound")
        if not blob:
            return self.list(container)
        return getattr(self, f"blob_{self.command.lower()}")(container, blob)

    def delegation_key(self):
        self.allow("", "", "")
        if not self.headers.get("Authorization", "").startswith("Bearer "):
            raise Refused(403, "AuthenticationFailed")
        start, expiry = (self.body.decode().split(f"<{n}>")[1].split(f"</{n}>")[0] for n in ("Start", "Expiry"))
        if moment(start) > utc() or not utc() < moment(expiry) <= utc() + datetime.timedelta(days=7):
            raise Refused(400, "InvalidXmlNodeValue")
        names = ("SignedOid", "SignedTid", "SignedStart", "SignedExpiry", "SignedService", "SignedVersion")
        values = (str(uuid.uuid4()), TENANT, start, expiry, "b", self.headers["x-ms-version"])
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.cloud.delegations[values] = key
        body = "".join(f"<{n}>{v}</{n}>" for n, v in [*zip(names, values), ("Value", key)])
        return 200, {}, f'<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>{body}</UserDelegationKey>'.encode()

    def list(self, container):
        prefix = self.query.get("prefix", "")
        self.allow("l", container, prefix)
        if self.query.get("comp") != "list":
            raise Refused(400, "InvalidQueryParameterValue")
        marker = self.query.get("marker", "")
        names = sorted((n for n in self.cloud.blobs if n.startswith(prefix) and n > marker), key=str.encode)
        page = names[: min(self.cloud.page, int(self.query.get("maxresults", 5000)))]
        more = page[-1] if len(names) > len(page) else ""
        blobs = "".join(
            f"<Blob><Name>{escape(n)}</Name><Properties><Last-Modified>Tue, 24 Nov 2026 07:03:09 GMT</Last-Modified>"
            f"<Content-Length>{len(self.cloud.blobs[n])}</Content-Length></Properties></Blob>"
            for n in page
        )
        body = f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{escape(more)}</NextMarker></EnumerationResults>"
        return 200, {}, b"\xef\xbb\xbf" + f'<?xml version="1.0" encoding="utf-8"?>{body}'.encode()

    def blob_put(self, container, blob):
        comp = self.query.get("comp")
        there = blob in self.cloud.blobs
        self.allow("w" if there else "cw", container, blob)
        if comp == "block":
            self.cloud.blocks[blob, self.query["blockid"]] = self.body
            return 201, {}, b""
        if self.headers.get("If-None-Match") == "*" and there:
            raise Refused(409, "BlobAlreadyExists")
        if comp == "blocklist":
            ids = [x.split("<")[0] for x in self.body.decode().replace("Uncommitted>", "Latest>").split("<Latest>")[1:]]
            self.cloud.blobs[blob] = b"".join(self.cloud.blocks.pop((blob, i)) for i in ids)
        elif self.headers.get("x-ms-blob-type") == "BlockBlob":
            self.cloud.blobs[blob] = self.body
        else:
            raise Refused(400, "MissingRequiredHeader")
        return 201, {"ETag": '"1"', "Last-Modified": "Tue, 24 Nov 2026 07:03:09 GMT", "x-ms-request-server-encrypted": "true"}, b""

    def blob_get(self, container, blob):
        self.allow("r", container, blob)
        if blob not in self.cloud.blobs:
            raise Refused(404, "BlobNotFound")
        body = self.cloud.blobs[blob]
        headers = {
            "ETag": '"1"',
            "Last-Modified": "Tue, 24 Nov 2026 07:03:09 GMT",
            "x-ms-creation-time": "Tue, 24 Nov 2026 07:03:09 GMT",
            "x-ms-blob-type": "BlockBlob",
            "x-ms-server-encrypted": "true",
            "Accept-Ranges": "bytes",
        }
        asked = self.headers.get("x-ms-range") or self.headers.get("Range")
        if self.command == "HEAD":
            return 200, {**headers, "Content-Length": str(len(body))}, b""
        if not asked:
            return 200, headers, body
        start, _, end = asked.removeprefix("bytes=").partition("-")
        part = body[int(start) : int(end) + 1 if end else None]
        headers["Content-Range"] = f"bytes {start}-{int(start) + len(part) - 1}/{len(body)}"
        return 206, headers, part

    blob_head = blob_get

    def blob_delete(self, container, blob):
        self.allow("d", container, blob)
        if self.cloud.blobs.pop(blob, None) is None:
            raise Refused(404, "BlobNotFound")
        return 202, {}, b""


class Azure:
    """`page`: blobs of one page of a list; `asked`: (method, path) of every request."""

    def __init__(self, certificate):
        self.blobs, self.blocks, self.tokens, self.delegations = {}, {}, {}, {}
        self.asked, self.page = [], 5000
        self.certificate = certificate[0]
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.cloud = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.endpoint = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def token():
        """A JWT with Entra's claims; nobody here looks at its signature."""
        now = int(utc().timestamp())
        claims = {"aud": "https://storage.azure.com", "iss": f"https://sts.windows.net/{TENANT}/", "iat": now, "nbf": now - 60}
        claims |= {"exp": now + 3600, "oid": str(uuid.uuid4()), "tid": TENANT, "jti": secrets.token_hex(8)}
        parts = ({"alg": "RS256", "typ": "JWT"}, claims, "signature")
        return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)

    def client(self):
        """What a warehouse needs to ask for tokens here."""
        return {
            "azure.tenant-id": TENANT,
            "azure.client-id": CLIENT,
            "azure.client-secret": CLIENT_SECRET,
            "azure.authority-host": self.endpoint,
        }

    def config(self, by="client", **more):
        """storage_config of a fresh warehouse, by the client's secret or the account's key."""
        keys = {"client": self.client(), "key": {"adls.account-key": KEY}}
        root = f"abfss://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net/{uuid.uuid4().hex[:12]}"
        return {"location": root, "azure.endpoint": self.endpoint, **keys[by], **more}

    def get(self, location, sas, method="GET"):
        """The status of a request for a blob with that signature."""
        path = urllib.parse.quote(location.split("/", 3)[3])
        url = f"{self.endpoint}/{ACCOUNT}/{CONTAINER}/{path}{sas}"
        return requests.request(method, url, headers={"x-ms-blob-type": "BlockBlob"}, verify=self.certificate, timeout=10).status_code

    def list(self, prefix, sas):
        url = f"{self.endpoint}/{ACCOUNT}/{CONTAINER}{sas}"
        query = {"restype": "container", "comp": "list", "prefix": prefix}
        return requests.get(url, params=query, verify=self.certificate, timeout=10).status_code

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
