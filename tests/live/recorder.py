# SPDX-License-Identifier: Apache-2.0
"""Stands between a client and the server and writes down what the client asks for."""

import http.client
import http.server
import re
import threading
import urllib.parse

import secrets_watch
from contract import Document

DOCUMENT = Document()


class Recorder:
    """`uri` is where clients go; `asked` has (method, path, status) of each request, in order.

    `server` is anything with a uri; `edit` turns the bytes of an answer's body into what the client gets.
    """

    def __init__(self, server, edit=lambda data: data):
        self.server, self.asked = server, []
        target = urllib.parse.urlsplit(server.uri).netloc

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(handler):
                body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
                there = http.client.HTTPConnection(target, timeout=60)
                there.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
                for name, value in handler.headers.items():
                    there.putheader(name, value)
                there.endheaders(body or None)
                answer = there.getresponse()
                data = answer.read()
                asked = handler.command, server.uri + handler.path, dict(handler.headers), body
                secrets_watch.heard(*asked, answer.status, dict(answer.getheaders()), data)
                data = edit(data)
                self.asked.append((handler.command, handler.path, answer.status))
                handler.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                        handler.send_header(name, value)
                if answer.status not in (204, 304):
                    length = answer.getheader("Content-Length", "0") if handler.command == "HEAD" else str(len(data))
                    handler.send_header("Content-Length", length)
                handler.end_headers()
                handler.wfile.write(data)
                there.close()

            do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = forward

            def log_message(self, *_):
                pass

        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.listener.server_port}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def operations(self):
        """What was asked for, by the document's names; what is none of its operations, as it is."""
        return {name_of(method, path) for method, path, _ in self.asked}

    def beyond(self, catalog):
        """What was asked for although the catalog's configuration does not list it."""
        listed = self.server.endpoints(catalog)
        served = {o.id for o in DOCUMENT.operations.values() if o.endpoint in listed}
        return self.operations() - served - {"getConfig", "getToken"}

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()


def name_of(method, path):
    path = path.partition("?")[0]
    for o in DOCUMENT.operations.values():
        if o.method == method and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", o.path), path):
            return o.id
    return f"{method} {path}"
