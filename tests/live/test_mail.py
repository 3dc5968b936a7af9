# SPDX-License-Identifier: Apache-2.0
"""Mail for real: a mail server on loopback, letters sent by `pangolin work`; wrong passwords, a server that is down, hostile names."""

import email
import email.policy
import os
import pathlib
import re
import sqlite3
import ssl
import subprocess
import tempfile
import uuid

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from server import free_port

pytestmark = pytest.mark.ours
PASSWORD = "correct horse battery"
SECRET = "mail-password-do-not-show"


class Mailbox:
    """A mail server: every message taken, as a mail program reads it."""

    def __init__(self, host="127.0.0.1", port=None, refuse=(), **settings):
        self.taken, self.refuse, self.secure = [], refuse, []
        self.controller = Controller(self, hostname=host, port=port or free_port(), **settings)
        self.controller.start()
        self.port = self.controller.port

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert not [defect for defect in message.defects], message.defects
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, message))
        self.secure.append(session.ssl is not None)
        return "250 OK"

    def stop(self):
        self.controller.stop()


@pytest.fixture
def mailbox():
    box = Mailbox()
    yield box
    box.stop()


class Tenant:
    """A tenant with two administrators, one of whom can't be written to, and a user."""

    def __init__(self, server):
        self.server = server
        self.id = server.command("tenant", "create", "letters").strip()
        self.token = server.command("token", "issue", "--tenant", self.id).strip()
        self.make_user("boss", "boss@example.org", "tenant-admin")
        self.make_user("silent", "nobody", "tenant-admin")
        self.make_user("reader", "reader@example.org", "tenant-user")
        self.boss, self.user = self.login("boss"), self.login("reader")
        self.catalog = self.make_catalog(f"c{uuid.uuid4().hex[:8]}")

    def make_user(self, name, address, role):
        self.ask("POST", "users", {"username": name, "email": address, "role": role, "password": PASSWORD})

    def login(self, name, password=PASSWORD, status=200):
        body = {"username": name, "password": password, "tenant-id": self.id}
        return self.ask("POST", "users/login", body, token=None, status=status).get("token")

    def ask(self, method, path, body=None, token="", status=None):
        headers = {"Authorization": f"Bearer {token or self.token}"} if token is not None else {}
        done = requests.request(method, f"{self.server.uri}/api/v1/{path}", json=body, headers=headers, timeout=60)
        assert done.status_code == status if status else done.ok, f"{method} {path}: {done.status_code} {done.text}"
        return done.json() if done.text else None

    def settings(self, status=None, **values):
        return self.ask("PUT", "config/settings", {"smtp_host": "127.0.0.1", "smtp_from": "lake@example.net", **values}, status=status)

    def asset(self, name):
        """Something that the user may find and not read."""
        catalog = self.catalog
        name = f"{name}{uuid.uuid4().hex[:8]}"
        body = {"name": name, "kind": "ML_MODEL", "location": "elsewhere"}
        asset = self.ask("POST", f"catalogs/{catalog}/namespaces/n/assets", body)
        self.ask("POST", f"assets/{asset['id']}/metadata", {"discoverable": True})
        return asset["id"]

    def make_catalog(self, catalog):
        self.ask("POST", "warehouses", {"name": catalog, "storage_config": {"location": f"file://{self.server.run}/warehouse/{catalog}"}})
        self.ask("POST", "catalogs", {"name": catalog, "warehouse_name": catalog})
        headers = {"Authorization": f"Bearer {self.token}"}
        made = requests.post(f"{self.server.uri}/v1/{catalog}/namespaces", json={"namespace": ["n"]}, headers=headers, timeout=60)
        assert made.ok, made.text
        return catalog

    def request(self, asset, reason="because"):
        return self.ask("POST", f"assets/{asset}/access-requests", {"reason": reason}, token=self.user)["id"]

    def jobs(self):
        with sqlite3.connect(f"{self.server.run}/pangolin.db") as db:
            return db.execute('SELECT "attempts", "error", "payload" FROM "jobs" WHERE "tenant_id" = ? AND "type" = \'mail\'', [self.id]).fetchall()

    def due(self):
        """As if the pause after a failure were over."""
        with sqlite3.connect(f"{self.server.run}/pangolin.db") as db:
            db.execute('UPDATE "jobs" SET "due_ms" = 0, "lease_ms" = 0 WHERE "tenant_id" = ?', [self.id])

    def work(self, **env):
        subprocess.run([str(self.server.program("pangolin")), "work"], env={**self.server.process_env(), **env}, timeout=120, capture_output=True)


@pytest.fixture(scope="module")
def people(own_server):
    return Tenant(own_server)


@pytest.fixture
def tenant(people):
    """The same people, with no settings and no letters on their way."""
    people.ask("PUT", "config/settings", {})
    with sqlite3.connect(f"{people.server.run}/pangolin.db") as db:
        db.execute('DELETE FROM "jobs" WHERE "tenant_id" = ?', [people.id])
        db.execute('DELETE FROM "users" WHERE "tenant_id" = ? AND "username" NOT IN (\'boss\', \'silent\', \'reader\')', [people.id])
    return people


def text_of(message):
    return message.get_content().replace("\r\n", "\n")


def test_access_is_asked_for_and_decided(tenant, mailbox):
    tenant.settings(smtp_port=mailbox.port)
    request = tenant.request(tenant.asset("m"), "I need it\n.\nBcc: eve@example.org")
    assert mailbox.taken == [] and len(tenant.jobs()) == 1  # nothing on the request's path
    assert "need" not in tenant.jobs()[0][2]
    tenant.work()
    [(sender, to, message)] = mailbox.taken
    assert (sender, to) == ("lake@example.net", ["boss@example.org"]) and tenant.jobs() == []
    assert message["To"] == "boss@example.org" and message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"reader asks to read c\w+\.n\.m\w+", message["Subject"])
    assert "I need it\n.\nBcc: eve@example.org\n" in text_of(message) and f"access-requests/{request}" in text_of(message)
    tenant.ask("PUT", f"access-requests/{request}", {"status": "rejected", "comment": "not yet"}, token=tenant.boss)
    tenant.work()
    sender, to, message = mailbox.taken[1]
    assert to == ["reader@example.org"] and "was rejected" in message["Subject"] and "not yet" in text_of(message)


def test_who_decided_meanwhile_gets_no_letter(tenant, mailbox):
    tenant.settings(smtp_port=mailbox.port)
    request = tenant.request(tenant.asset("m"))
    tenant.ask("PUT", f"access-requests/{request}", {"status": "approved"}, token=tenant.boss)
    tenant.work()
    assert [to for _, to, _ in mailbox.taken] == [["reader@example.org"]] and tenant.jobs() == []


def test_no_mail_without_a_server(tenant):
    tenant.request(tenant.asset("m"))
    assert tenant.jobs() == []


def test_a_server_that_is_down_loses_nothing(tenant):
    port = free_port()
    tenant.settings(smtp_port=port)
    tenant.request(tenant.asset("m"))
    for attempt in (1, 2):
        tenant.due()
        tenant.work()
        [(attempts, error, _)] = tenant.jobs()
        assert attempts == attempt and "connect" in error, error
    tenant.work()
    assert tenant.jobs()[0][0] == 2  # it is not due yet
    box = Mailbox(port=port)
    try:
        tenant.due()
        tenant.work()
        assert len(box.taken) == 1 and tenant.jobs() == []
    finally:
        box.stop()


def test_a_server_that_is_down_is_asked_once(tenant):
    """One tenant's silent server does not hold up the worker for each of its letters."""
    tenant.settings(smtp_port=free_port())
    for _ in range(3):
        tenant.request(tenant.asset("m"))
    tenant.work()
    errors = [error for _, error, _ in tenant.jobs()]
    assert len(errors) == 3 and len([e for e in errors if "just now" in e]) == 2, errors


def test_one_receiver_that_is_refused(tenant):
    """The others get theirs, once."""
    tenant.make_user("chief", "chief@example.org", "tenant-admin")
    box = Mailbox(refuse=["boss@example.org"])
    try:
        tenant.settings(smtp_port=box.port)
        tenant.request(tenant.asset("m"))
        tenant.work()
        assert [to for _, to, _ in box.taken] == [["chief@example.org"]] and tenant.jobs() == []
    finally:
        box.stop()


@pytest.mark.parametrize(
    "name", ["a\r\nBcc: eve@example.org\r\n\r\nbody", "=?UTF-8?Q?x?=", "☃" * 60, "Ωмега <eve@example.org>", "x" * 255, "\t\x7f"]
)
def test_hostile_names(tenant, mailbox, name):
    """Whatever a name holds stands in one subject, and reaches nobody else."""
    tenant.settings(smtp_port=mailbox.port)
    with sqlite3.connect(f"{tenant.server.run}/pangolin.db") as db:  # the API takes no control bytes
        tenant.request(tenant.asset("m"))
        db.execute('UPDATE "access_requests" SET "username" = ? WHERE "tenant_id" = ?', [name, tenant.id])
        db.commit()
    tenant.work()
    [(_, to, message)] = mailbox.taken
    assert to == ["boss@example.org"] and message["Bcc"] is None and message["To"] == "boss@example.org"
    shown = "".join(" " if c < " " or c == "\x7f" else c for c in name)
    assert f"{shown} asks to read ".encode()[:200].decode(errors="ignore") in message["Subject"]
    assert text_of(message).startswith(f"{name}".replace("\r\n", "\n")[:20])


# --- who may send ------------------------------------------------------------------------------------------


class Accounts:
    def __call__(self, server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"lake", SECRET.encode())
        return AuthResult(success=good, handled=False)


def test_a_password(tenant):
    box = Mailbox(authenticator=Accounts(), auth_required=True, auth_require_tls=False)
    try:
        shown = tenant.settings(smtp_port=box.port, smtp_user="lake", smtp_password="wrong-do-not-show")
        assert shown["smtp_password"] == "***"
        tenant.request(tenant.asset("m"))
        tenant.work()
        [(attempts, error, payload)] = tenant.jobs()
        assert attempts == 1 and "user and password" in error and "do-not-show" not in error + payload
        assert box.taken == []
        tenant.settings(smtp_port=box.port, smtp_user="lake", smtp_password=SECRET)
        tenant.settings(smtp_port=box.port, smtp_user="lake", smtp_password="***")
        tenant.due()
        tenant.work()
        assert len(box.taken) == 1 and tenant.jobs() == []
    finally:
        box.stop()
    with sqlite3.connect(f"{tenant.server.run}/pangolin.db") as db:
        [(sealed,)] = db.execute('SELECT "smtp_password" FROM "settings" WHERE "tenant_id" = ?', [tenant.id])
    assert sealed and SECRET not in sealed


def test_a_kept_password_goes_nowhere_else(tenant):
    kept = {"smtp_port": 2525, "smtp_user": "lake", "smtp_password": "***"}
    tenant.settings(**{**kept, "smtp_password": SECRET})
    for change in ({"smtp_host": "evil.example"}, {"smtp_port": 2526}, {"smtp_user": "eve"}, {"smtp_user": None}):
        assert "masked" in tenant.settings(status=400, **{**kept, **change})["error"]["message"]
    tenant.settings(**kept)
    tenant.settings(**{**kept, "smtp_host": None})
    tenant.settings(status=400, **{**kept, "smtp_host": "evil.example"})  # nor by a detour


@pytest.mark.parametrize(
    "bad",
    [{"smtp_host": h} for h in ("a b", "a/b", "a:b@c", "smtp://mail", "a\nb", "-a", "x" * 254, "mail?x")]
    + [{"smtp_from": a} for a in ("lake", "lake@x\r\nBcc: e@x.org", "a@b.c, d@e.f")],
)
def test_settings_that_are_refused(tenant, bad):
    tenant.settings(status=400, **bad)


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "[::]", "::ffff:169.254.169.254"])
def test_addresses_nobody_talks_to(tenant, host):
    tenant.settings(smtp_host=host.strip("[]"), smtp_port=25)
    tenant.request(tenant.asset("m"))
    tenant.work()
    [(attempts, error, _)] = tenant.jobs()
    assert attempts == 1 and "does not talk to" in error, error


def test_the_operators_list_of_hosts(tenant, mailbox):
    """Also for what was set before there was one; and this machine only where that is allowed."""
    tenant.settings(smtp_port=mailbox.port)
    tenant.request(tenant.asset("m"))
    for env in ({"PANGOLIN_OUTBOUND_ALLOW": "mail.example"}, {"PANGOLIN_REFUSE_LOOPBACK": "true"}):
        tenant.due()
        tenant.work(**env)
        assert mailbox.taken == [] and len(tenant.jobs()) == 1
    tenant.due()
    tenant.work(PANGOLIN_OUTBOUND_ALLOW=f"mail.example,127.0.0.1:{mailbox.port}")
    assert len(mailbox.taken) == 1


# --- TLS -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate():
    with tempfile.TemporaryDirectory(prefix="pangolin-mail-") as folder:
        made = pathlib.Path(folder)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
            + ["-addext", "subjectAltName=DNS:localhost", "-keyout", made / "key.pem", "-out", made / "cert.pem"],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        yield made


def secure(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def test_tls_where_it_is_offered(tenant, certificate):
    box = Mailbox(tls_context=secure(certificate), authenticator=Accounts(), auth_required=True)
    try:
        tenant.settings(smtp_host="localhost", smtp_port=box.port, smtp_user="lake", smtp_password=SECRET)
        tenant.request(tenant.asset("m"))
        tenant.work()  # nobody knows who signed this certificate
        assert box.taken == [] and "certificate" in tenant.jobs()[0][1]
        tenant.due()
        tenant.work(PANGOLIN_CA_FILE=str(certificate / "cert.pem"))
        assert len(box.taken) == 1 and box.secure == [True]
    finally:
        box.stop()


def test_a_password_is_not_said_in_the_clear(tenant):
    """A server that offers no TLS, or from whose words somebody took it: 127.0.0.2 is none of the names of this machine."""
    box = Mailbox(host="127.0.0.2", authenticator=Accounts(), auth_require_tls=False)
    try:
        tenant.settings(smtp_host="127.0.0.2", smtp_port=box.port, smtp_user="lake", smtp_password=SECRET)
        tenant.request(tenant.asset("m"))
        tenant.work()
        [(attempts, error, _)] = tenant.jobs()
        assert attempts == 1 and "SSL" in error and box.taken == []
        tenant.settings(smtp_host="127.0.0.2", smtp_port=box.port)  # without one there is nothing to hide
        tenant.due()
        tenant.work()
        assert len(box.taken) == 1
    finally:
        box.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="the port of smtps is the system's")
def test_tls_from_the_first_byte(tenant, certificate):
    box = Mailbox(host="127.0.0.1", port=465, ssl_context=secure(certificate))
    try:
        tenant.settings(smtp_host="localhost", smtp_port=465)
        tenant.request(tenant.asset("m"))
        tenant.work(PANGOLIN_CA_FILE=str(certificate / "cert.pem"))
        assert len(box.taken) == 1 and tenant.jobs() == []
    finally:
        box.stop()


# --- signing up ------------------------------------------------------------------------------------------------


def test_signing_up(tenant, mailbox):
    body = {"email": "New@example.org", "password": PASSWORD, "tenant-id": tenant.id}
    config = f"app-config?tenant-id={tenant.id}"
    assert tenant.ask("GET", config, token=None) == {"auth_enabled": True, "allow_public_signup": False}
    tenant.ask("POST", "signup", body, token=None, status=403)
    tenant.settings(smtp_port=mailbox.port, allow_public_signup=True)
    assert tenant.ask("GET", config, token=None)["allow_public_signup"] is True
    assert tenant.ask("GET", "app-config", token=None)["allow_public_signup"] is False  # the default tenant's
    first = tenant.ask("POST", "signup", body, token=None, status=202)
    tenant.login("new@example.org", status=401)
    tenant.work()
    [(_, to, message)] = mailbox.taken
    assert to == ["new@example.org"]
    token = re.search(r"Your token: (\S+)", text_of(message))[1]
    with sqlite3.connect(f"{tenant.server.run}/pangolin.db") as db:
        assert token not in str(db.execute('SELECT * FROM "signups"').fetchall() + db.execute('SELECT * FROM "jobs"').fetchall())
    made = tenant.ask("POST", "signup/confirm", {"token": token, "password": PASSWORD}, token=None, status=201)
    assert made["username"] == "new@example.org" and made["role"] == "tenant-user"
    assert tenant.login("new@example.org")
    # a second time: the same answer, and a letter to who has the address
    assert tenant.ask("POST", "signup", body, token=None, status=202) == first
    tenant.work()
    assert mailbox.taken[1][2]["Subject"] == "You have an account already"


def test_signing_up_without_mail(tenant):
    tenant.ask("PUT", "config/settings", {"allow_public_signup": True})
    tenant.ask("POST", "signup", {"email": "new@example.org", "password": PASSWORD, "tenant_id": tenant.id}, token=None, status=202)
    tenant.login("new@example.org", status=401)
    [user] = [u for u in tenant.ask("GET", "users") if u["username"] == "new@example.org"]
    assert user["active"] is False
    tenant.ask("PUT", f"users/{user['id']}", {"active": True}, token=tenant.boss)
    assert tenant.login("new@example.org")
