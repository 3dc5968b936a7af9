# SPDX-License-Identifier: Apache-2.0
"""pypangolin's console script `pangolin`: every command.  Logins are by the script as people run it; the others too with
--all, else by what the script calls: a process takes half a second."""

import os
import pathlib
import subprocess
import sys

import pypangolin_calls
import pypangolin.cli.admin
import pypangolin.cli.config
import pypangolin.cli.user
import pytest
import yaml
from click.testing import CliRunner
from pypangolin.cli.main import cli
from rich.console import Console as Terminal

import secrets_watch
from test_admin import PASSWORD, fresh
from test_pypangolin import admin, lake, operator, server, tenant  # noqa: F401 (fixtures)

pytestmark = pytest.mark.ours
SMALL_PLACES = ["sqlite-file"]


class Console:
    """The script with a home of its own, where it keeps its profile."""

    def __init__(self, home, server, whole):  # noqa: F811
        self.home, self.whole = home, whole
        self.write({"url": server.uri})

    def write(self, profile):
        (self.home / ".pangolin").mkdir(exist_ok=True)
        config = {"profiles": {"default": profile, "other": dict(profile)}, "active_profile": "default"}
        (self.home / ".pangolin/profiles.yaml").write_text(yaml.safe_dump(config))

    def profile(self):
        return yaml.safe_load((self.home / ".pangolin/profiles.yaml").read_text())

    def __call__(self, *args, exits=0):
        """What it prints; wide, for its tables break words."""
        pypangolin_calls.ran(args)
        if self.whole or "login" in args:
            return self.script(*args, exits=exits)
        config = pypangolin.cli.config
        config.CONFIG_DIR, config.CONFIG_FILE = self.home / ".pangolin", self.home / ".pangolin/profiles.yaml"
        with CliRunner().isolation() as (out, *_):
            for part in (pypangolin.cli.admin, pypangolin.cli.user):
                part.console = Terminal(width=1000)
            try:
                status = cli(args, standalone_mode=True)
            except SystemExit as end:
                status = end.code
            sys.stdout.flush()
            said = out.getvalue().decode()
        assert (status or 0) == exits, f"{args}: {said}"
        return said

    def script(self, *args, exits=0):
        env = {**os.environ, "HOME": str(self.home), "COLUMNS": "1000"}
        script = pathlib.Path(sys.executable).parent / "pangolin"
        done = subprocess.run([str(script), *args], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == exits, f"{args}: {done.stdout}{done.stderr}"
        secrets_watch.saw("the console script", done.stdout.encode() + done.stderr.encode())
        return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="module")
def whole(request):
    return request.config.getoption("--all")


@pytest.fixture(scope="module")
def by_root(home, server, whole):  # noqa: F811
    (home / "root").mkdir()
    console = Console(home / "root", server, whole)
    console.write({"url": server.uri, "token": server.root_token})
    return console


@pytest.fixture(scope="module")
def by_admin(home, server, admin, tenant, whole):  # noqa: F811
    """Logged in by the script itself."""
    (home / "admin").mkdir()
    console = Console(home / "admin", server, whole)
    said = console("user", "login", "--username", admin.name, "--password", PASSWORD, "--tenant-id", tenant.id)
    assert "Successfully logged in" in said
    assert console.profile()["profiles"]["default"]["token"]
    return console


def test_login_fails(by_admin):
    assert "Login failed" in by_admin("user", "login", "--username", "nobody", "--password", "wrong", exits=1)


def test_tenants(by_root, by_admin):
    name = fresh("console")
    said = by_root("admin", "create-tenant", "--name", name)
    made = said.split("(ID: ")[1].split(")")[0]
    assert name in by_root("admin", "list-tenants")
    by_root("admin", "delete-tenant", made)
    assert name not in by_root("admin", "list-tenants")
    by_admin("admin", "create-tenant", "--name", name, exits=1)


def test_users(by_admin, tenant):  # noqa: F811
    name = fresh("clerk")
    options = ["--username", name, "--password", PASSWORD, "--email", f"{name}@example.com", "--tenant-id", tenant.id]
    assert "created successfully" in by_admin("admin", "create-user", *options)
    assert name in by_admin("admin", "list-users")
    by_admin("admin", "create-user", *options, exits=1)


def test_warehouses_and_catalogs(by_admin, lake):  # noqa: F811
    name = fresh("w")
    keys = ["--access-key", "AKIA2", "--secret-key", "do-not-show", "--region", "eu-west-1"]
    by_admin("admin", "create-warehouse", "--name", name, "--bucket", "lake", *keys)
    listed = by_admin("admin", "list-warehouses")
    assert name in listed and "do-not-show" not in listed
    by_admin("admin", "create-catalog", "--name", f"{name}-c", "--warehouse", name)
    for who in ("admin", "user"):
        assert f"{name}-c" in by_admin(who, "list-catalogs")
    by_admin("admin", "create-catalog", "--name", f"{name}-c", "--warehouse", name, exits=1)


def test_grant_permission(by_admin, admin, lake, tenant):  # noqa: F811
    name = fresh("reader")
    user = admin.users.create(name, f"{name}@example.com", "tenant-user", tenant.id, PASSWORD)
    options = ["--user-id", user.id, "--action", "read", "--action", "list", "--scope-type", "catalog"]
    assert "Granted" in by_admin("admin", "grant-permission", *options, "--catalog-id", admin.catalogs.get(lake).id)
    by_admin("admin", "grant-permission", *options, exits=1)


def test_audit_and_settings(by_admin):
    assert "create_catalog" in by_admin("admin", "list-audit-events", "--limit", "1000")
    assert "default_retention_days" in by_admin("admin", "get-system-settings")


def test_search_and_code(by_admin, admin, lake):  # noqa: F811
    name = fresh("needle")
    admin.catalogs.namespaces(lake).register_asset("sales", name, "OTHER", "x")
    found = by_admin("user", "search", name)
    assert name in found and lake in found
    for language in ("pyiceberg", "pyspark", "dremio", "sql"):
        assert "Generated" in by_admin("user", "generate-code", "--language", language, "--table", f"{lake}.sales.t")


def test_what_the_script_itself_can_not(by_admin):
    by_admin("user", "list-requests")
    by_admin("user", "get-token", "--description", "x", exits=1)  # it gives its own client what that does not take


def test_profiles(by_admin):
    assert "* default" in by_admin("profiles")
    assert "other" in by_admin("use", "other")
    assert "* other" in by_admin("profiles")
    by_admin("use", "default")
    by_admin("use", "missing")
