# SPDX-License-Identifier: Apache-2.0
"""A token service that is as strict as a real one: signature, clock, role, external id, duration, policy."""

import datetime
import hashlib
import hmac
import http.server
import json
import threading
import urllib.parse

KEY, SECRET = "AKSTSTEST", "sts-secret-of-the-tests"
ROLE, EXTERNAL_ID = "arn:aws:iam::123456789012:role/Tests", "customer/42"


def signature(secret, date, region, text):
    key = f"AWS4{secret}".encode()
    for part in (date, region, "sts", "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


class Refused(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            status, answer = 200, self.session(body)
        except Refused as e:
            status, answer = e.status, f"<ErrorResponse><Error><Type>Sender</Type><Code>{e.code}</Code></Error></ErrorResponse>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *args):
        pass

    def session(self, body):
        service = self.server.service
        if service.answer:
            raise Refused(*service.answer)
        self.check_signature(body)
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        service.asked.append(form)
        if form["Action"] != "AssumeRole" or form["Version"] != "2011-06-15" or form["RoleArn"] != ROLE:
            raise Refused(400, "ValidationError")
        if form.get("ExternalId") != EXTERNAL_ID:
            raise Refused(403, "AccessDenied")
        if not 900 <= int(form["DurationSeconds"]) <= 43200 or not 2 <= len(form["RoleSessionName"]) <= 64:
            raise Refused(400, "ValidationError")
        if len(form["Policy"]) > 2048 or json.loads(form["Policy"])["Version"] != "2012-10-17":
            raise Refused(400, "MalformedPolicyDocument")
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=int(form["DurationSeconds"]))
        return f"""<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{len(service.asked)}</AccessKeyId>
            <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration>
            </Credentials></AssumeRoleResult></AssumeRoleResponse>"""

    def check_signature(self, body):
        given = dict(p.strip().split("=", 1) for p in self.headers["Authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(","))
        key, date, region, service, end = given["Credential"].split("/")
        if key != KEY:
            raise Refused(403, "InvalidClientTokenId")
        if (service, end) != ("sts", "aws4_request"):
            raise Refused(403, "SignatureDoesNotMatch")
        time = self.headers["X-Amz-Date"]
        now = datetime.datetime.now(datetime.UTC) + self.server.service.skew
        if abs(datetime.datetime.strptime(time + "+0000", "%Y%m%dT%H%M%SZ%z") - now) > datetime.timedelta(minutes=15):
            raise Refused(403, "RequestTimeTooSkewed")
        names = given["SignedHeaders"].split(";")
        assert "host" in names and "x-amz-date" in names
        headers = "".join(f"{n}:{' '.join(self.headers[n].split())}\n" for n in names)
        request = f"POST\n/\n\n{headers}\n{';'.join(names)}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{date}/{region}/sts/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        if signature(SECRET, date, region, text) != given["Signature"]:
            raise Refused(403, "SignatureDoesNotMatch")


class TokenService:
    """`answer`: (status, code) to refuse everything with; `skew`: how wrong its clock is; `asked`: what it was asked for."""

    def __init__(self):
        self.answer, self.skew, self.asked = None, datetime.timedelta(), []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.service = self
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self, **more):
        return {
            "s3.access-key-id": KEY,
            "s3.secret-access-key": SECRET,
            "s3.role-arn": ROLE,
            "s3.external-id": EXTERNAL_ID,
            "s3.sts-endpoint": self.endpoint,
            **more,
        }

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
