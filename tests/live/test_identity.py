# SPDX-License-Identifier: Apache-2.0
"""Who logs in: PyIceberg by client credentials, people by an OpenID Connect provider, engines by its tokens."""

import base64
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import urllib.parse
import uuid

import pytest
import requests
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import RESTError

from server import HERE, Started, answers, cache_folder, free_port, wait_until

PLACES = ["sqlite-file"]
UI = "http://ui.test/done"


# --- service users -----------------------------------------------------------------------------------------


@pytest.fixture
def service_user(site):
    """A service user with administrator's rights: its id and its API key."""
    made = site.server.api("POST", "service-users", json={"name": f"etl-{uuid.uuid4().hex[:8]}", "role": "tenant-admin"}).json()
    return made["service_user_id"], made["api_key"]


def catalog_of(site, **auth):
    return load_catalog("live", type="rest", uri=site.server.uri, warehouse=site.catalog, **site.storage.client, **auth)


@pytest.mark.ours
def test_pyiceberg_by_credential(site, service_user):
    """credential=id:secret goes to /v1/oauth/tokens by itself; a rotated key ends it, a good one goes on."""
    client, secret = service_user
    catalog = catalog_of(site, credential=f"{client}:{secret}")
    name = f"cred_{uuid.uuid4().hex[:8]}"
    catalog.create_namespace(name)
    assert (name,) in catalog.list_namespaces()
    catalog.drop_namespace(name)
    with pytest.raises(RESTError):
        catalog_of(site, credential=f"{client}:{secret[::-1]}")
    fresh = site.server.api("POST", f"service-users/{client}/rotate").json()["api_key"]
    with pytest.raises(RESTError):
        catalog_of(site, credential=f"{client}:{secret}")
    catalog_of(site, credential=f"{client}:{fresh}").list_namespaces()


@pytest.mark.ours
def test_pyiceberg_oauth2_manager(site, service_user):
    """PyIceberg's own OAuth2 client: Basic at the token endpoint, refreshed before its end."""
    client, secret = service_user
    auth = {
        "type": "oauth2",
        "oauth2": {"client_id": client, "client_secret": secret, "token_url": f"{site.server.uri}/v1/oauth/tokens", "scope": "catalog"},
    }
    catalog_of(site, auth=auth).list_namespaces()


@pytest.mark.ours
@pytest.mark.slow
def test_java_renews_its_token():
    """Iceberg's Java client with a credential goes on past the end of its first token."""
    kit = cache_folder() / "kit/classpath.txt"
    if not kit.exists():
        pytest.skip("tests/live/setup.sh CACHE kit")
    server = Started("sqlite", PANGOLIN_OAUTH_TTL_S="60")
    try:
        made = server.api("POST", "service-users", json={"name": "java", "role": "tenant-admin"}).json()
        credential = f"{made['service_user_id']}:{made['api_key']}"
        java = ["java", "-Xmx256m", "-cp", kit.read_text().strip(), str(HERE / "clients/Renewal.java")]
        done = subprocess.run(
            [*java, server.uri, server.catalog, credential, "75"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, text=True
        )
        assert done.returncode == 0 and done.stdout.count("[java]") > 10, done.stdout
        with sqlite3.connect(f"{server.run}/pangolin.db") as db:
            [(tokens,)] = db.execute("SELECT count(*) FROM \"audit\" WHERE \"action\" = 'generate_token' AND \"username\" = 'java'")
        assert tokens >= 2, done.stdout
    finally:
        server.stop()


# --- a provider ----------------------------------------------------------------------------------------------


class Provider:
    """oidc-provider on a port of its own, with a server of ours that knows it by two clients."""

    def __init__(self, folder):
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}"
        self.server = Started("sqlite", **self.settings())
        callbacks = [f"{self.server.uri}/oauth/callback/{name}" for name in ("public", "private")]
        self.log = open(folder / "oidc.log", "wb")
        self.process = subprocess.Popen(
            [str(cache_folder() / "node/bin/node"), str(HERE / "servers/oidc.mjs"), str(cache_folder() / "oidc"), str(port), *callbacks],
            stdout=self.log,
            stderr=self.log,
        )
        wait_until(lambda: answers(f"{self.issuer}/.well-known/openid-configuration"), "oidc-provider")
        self.server.token = self.server.root_token  # whose tenant is the default one, as that of who comes
        self.catalog = self.server.make_catalog({"location": f"file://{self.server.run}/warehouse/oidc"})

    def settings(self):
        """One issuer by two clients; the tokens it gives to engines are the first one's."""
        common = {"TENANT": "00000000-0000-0000-0000-000000000000", "ROLES_CLAIM": "groups", "ADMIN_VALUES": "chiefs"}
        public = {**common, "ISSUER": self.issuer, "CLIENT_ID": "web", "SCOPES": "openid email", "AUDIENCE": "http://catalog.test"}
        hidden = {**common, "ISSUER": self.issuer, "CLIENT_ID": "secret", "CLIENT_SECRET": "the client's own: +/%", "SCOPES": "openid email"}
        out = {f"PANGOLIN_OIDC_PUBLIC_{k}": v for k, v in public.items()}
        out |= {f"PANGOLIN_OIDC_PRIVATE_{k}": v for k, v in hidden.items()}
        return {**out, "PANGOLIN_OAUTH_REDIRECT_URIS": f"{UI},http://ui.test/other?x=1", "PANGOLIN_AUTH_RATE_LIMIT": "1000"}

    def engine_token(self):
        form = {"grant_type": "client_credentials", "client_id": "engine", "client_secret": "engine-secret", "scope": "catalog"}
        return requests.post(f"{self.issuer}/token", data=form, timeout=30).json()["access_token"]

    def stop(self):
        self.server.stop()
        if getattr(self, "process", None):
            self.process.terminate()
            self.process.wait(30)
            self.log.close()


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    if "PANGOLIN_URI" in os.environ:
        pytest.skip("starts a server of its own")
    if not (cache_folder() / "oidc/node_modules/oidc-provider").exists():
        pytest.skip("oidc-provider is not installed: tests/live/setup.sh")
    p = Provider(tmp_path_factory.mktemp("oidc"))
    yield p
    p.stop()


class Browser:
    """Follows redirects, fills in the provider's two forms, stops where the user interface would begin."""

    def __init__(self, provider, account):
        self.account, self.uri = account, provider.server.uri
        self.session = requests.Session()

    def begin(self, name="public", redirect=UI):
        query = {"redirect_uri": redirect} if redirect else {}
        return self.session.get(f"{self.uri}/oauth/authorize/{name}", params=query, allow_redirects=False, timeout=30)

    def fill_in(self, page, url):
        action = urllib.parse.urljoin(url, re.search(r'action="([^"]+)"', page)[1])
        prompt = re.search(r'name="prompt" value="(\w+)"', page)[1]
        form = {"prompt": prompt, "login": self.account, "password": "any"}
        return self.session.post(action, data=form, allow_redirects=False, timeout=30)

    def follow(self, answer, until):
        """The address of the first redirect that begins with `until`; it is not followed."""
        for _ in range(20):
            url = answer.headers.get("Location") and urllib.parse.urljoin(answer.url, answer.headers["Location"])
            if url and url.startswith(until):
                return url
            if url:
                answer = self.session.get(url, allow_redirects=False, timeout=30)
            elif answer.status_code == 200:
                answer = self.fill_in(answer.text, answer.url)
            else:
                raise AssertionError(f"{answer.url}: {answer.status_code} {answer.text}")
        raise AssertionError("round and round")

    def come_back(self, name="public", redirect=UI):
        """The provider's redirect to our callback."""
        return self.follow(self.begin(name, redirect), f"{self.uri}/oauth/callback/")

    def code(self, name="public", redirect=UI):
        answer = self.session.get(self.come_back(name, redirect), allow_redirects=False, timeout=30)
        assert answer.status_code == 303, answer.text
        assert answer.headers["Location"].startswith(redirect or UI), answer.headers
        return re.search(r"[?&]code=([0-9a-f]{64})$", answer.headers["Location"])[1]

    def exchange(self, code):
        return requests.post(f"{self.uri}/api/v1/oauth/exchange", json={"code": code}, timeout=30)

    def login(self, name="public"):
        answer = self.exchange(self.code(name))
        assert answer.status_code == 200, answer.text
        assert answer.json()["token_type"] == "Bearer"
        return answer.json()["token"]


def me(provider, token):
    return requests.get(f"{provider.server.uri}/api/v1/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=30)


def events(provider):
    """The tenant's audit rows, of the database itself."""
    with sqlite3.connect(f"{provider.server.run}/pangolin.db") as db:
        return db.execute('SELECT "action", "username", "ip_address", "user_agent", "metadata" FROM "audit"').fetchall()


@pytest.mark.ours
def test_providers_are_named(provider):
    answer = requests.get(f"{provider.server.uri}/api/v1/oauth/providers", timeout=30)
    assert answer.json() == {"providers": ["private", "public"]}


@pytest.mark.ours
@pytest.mark.parametrize("name", ["public", "private"])
def test_login_by_browser(provider, name):
    """A public client and one with a secret; RS256 and ES256; the same account is the same user."""
    first = me(provider, Browser(provider, f"ada-{name}").login(name)).json()
    assert first["username"] == first["email"] == f"ada-{name}@corp.test"
    assert first["oauth-provider"] == name and first["role"] == "tenant-user" and first["last-login"]
    again = me(provider, Browser(provider, f"ada-{name}").login(name)).json()
    assert again["id"] == first["id"]
    logins = [e for e in events(provider) if e[0] == "login" and e[1] == first["username"]]
    assert len(logins) == 2 and logins[0][2] == "127.0.0.1" and logins[0][3].startswith("python-requests")
    assert json.loads(logins[0][4]) == {"provider": name}


@pytest.mark.ours
def test_groups_give_the_role(provider):
    assert me(provider, Browser(provider, "chief-1").login()).json()["role"] == "tenant-admin"


@pytest.mark.ours
def test_a_login_is_one_browsers_and_single_use(provider):
    browser, thief = Browser(provider, "ada"), Browser(provider, "eve")
    back = browser.come_back()
    # somebody else's browser can't end it, nor can a state nobody made
    assert thief.session.get(back, allow_redirects=False, timeout=30).status_code == 400
    thief.begin()
    assert thief.session.get(back, allow_redirects=False, timeout=30).status_code == 400
    forged = re.sub(r"state=[^&]+", "state=" + "x" * 43, back)
    assert browser.session.get(forged, allow_redirects=False, timeout=30).status_code == 400
    assert browser.session.get(back, allow_redirects=False, timeout=30).status_code == 303
    assert browser.session.get(back, allow_redirects=False, timeout=30).status_code == 400
    # a code buys one token
    code = browser.code()
    assert browser.exchange(code).status_code == 200
    assert browser.exchange(code).status_code == 400
    assert browser.exchange("0" * 64).status_code == 400
    # a provider's code that is none
    back = re.sub(r"code=[^&]+", "code=invented", browser.come_back())
    assert browser.session.get(back, allow_redirects=False, timeout=30).status_code == 400
    # two windows of one browser
    first, second = browser.begin(), browser.begin()
    for answer in (first, second):
        url = browser.follow(answer, f"{browser.uri}/oauth/callback/")
        assert browser.session.get(url, allow_redirects=False, timeout=30).status_code == 303


@pytest.mark.ours
def test_where_browsers_are_sent(provider):
    browser = Browser(provider, "ada")
    assert browser.code(redirect="http://ui.test/other?x=1")
    assert browser.code(redirect=None)  # the list's first
    for url in ("http://evil.test", UI + "/", UI + "?a=b", "http://ui.test", "//ui.test/done"):
        assert browser.begin(redirect=url).status_code == 400
    assert browser.begin("nobody").status_code == 400
    sent = browser.begin()
    assert sent.status_code == 303
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(sent.headers["Location"]).query)
    assert query["code_challenge_method"] == ["S256"] and query["response_type"] == ["code"]
    assert {"state", "nonce", "code_challenge", "client_id", "redirect_uri", "scope"} <= set(query)
    cookie = sent.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/oauth/" in cookie


@pytest.mark.ours
def test_the_providers_tokens_are_credentials(provider):
    """On every family, and for PyIceberg; not with a changed byte, nor after the user is deactivated."""
    server, token = provider.server, provider.engine_token()
    user = me(provider, token).json()
    assert user["username"] == "public:engine" and user["role"] == "tenant-admin"
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "root"}).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"r"}').decode().rstrip("=")
    for bad in (f"{head}.{other}.{signature}", f"{none}.{body}.", f"{none}.{body}.{signature}"):
        assert me(provider, bad).status_code == 401
    catalog = load_catalog("live", type="rest", uri=server.uri, warehouse=provider.catalog, token=token)
    name = f"ext_{uuid.uuid4().hex[:8]}"
    catalog.create_namespace(name)
    assert (name,) in catalog.list_namespaces()
    server.api("PUT", f"users/{user['id']}", json={"active": False})
    assert me(provider, token).status_code == 401
    with pytest.raises(RESTError):
        catalog.list_namespaces()


@pytest.mark.ours
def test_an_id_token_is_no_credential(provider):
    """Its audience is the client, not the catalog."""
    browser = Browser(provider, "ada")
    verifier = "v" * 43
    query = {
        "client_id": "web",
        "response_type": "code",
        "scope": "openid email",
        "redirect_uri": f"{browser.uri}/oauth/callback/public",
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    begun = browser.session.get(f"{provider.issuer}/auth", params=query, allow_redirects=False, timeout=30)
    back = browser.follow(begun, query["redirect_uri"])
    form = {
        "grant_type": "authorization_code",
        "code": urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["code"][0],
        "client_id": "web",
        "redirect_uri": query["redirect_uri"],
        "code_verifier": verifier,
    }
    tokens = requests.post(f"{provider.issuer}/token", data=form, timeout=30).json()
    assert me(provider, tokens["id_token"]).status_code == 401
