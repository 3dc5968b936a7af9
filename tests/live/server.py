# SPDX-License-Identifier: Apache-2.0
"""A running catalog server: found in the environment, or started by ./quickstart for the tests."""

import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid

import requests

import secrets_watch

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FAMILIES = ("namespaces", "tables", "credentials", "admin")


def free_port():
    """A port nobody listens on, below those the system gives to clients.  SeaweedFS also takes port + 10,000."""
    while True:
        port = random.randrange(20000, 22000)
        try:
            for p in (port, port + 10000):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", p))
            return port
        except OSError:
            continue


def wait_until(ready, what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.1)
    raise TimeoutError(f"{what} did not come up in {seconds} s")


def answers(url):
    try:
        requests.get(url, timeout=2)
        return True
    except requests.RequestException:
        return False


def cache_folder():
    return pathlib.Path(os.environ.get("PANGOLIN_TEST_CACHE", pathlib.Path.home() / ".cache/pangolin-tests"))


class Server:
    """Where a server is, who we are there, and the few things tests do beside using a client."""

    reference = False

    def __init__(self, env, storage=None):
        self.uri = env["PANGOLIN_URI"].rstrip("/")
        self.catalog = env["PANGOLIN_CATALOG"]
        self.tenant = env["PANGOLIN_TENANT"]
        self.token = env["PANGOLIN_TOKEN"]
        self.root_token = env["PANGOLIN_ROOT_TOKEN"]
        self.run = pathlib.Path(env["PANGOLIN_RUN"]) if env.get("PANGOLIN_RUN") else None
        self.env = env

    def headers(self, token=None):
        return {"Authorization": f"Bearer {token or self.token}"}

    def api(self, method, path, token=None, **kw):
        """One request to the management interface; the answer must be a success."""
        r = requests.request(method, f"{self.uri}/api/v1/{path}", headers=self.headers(token), timeout=60, **kw)
        assert r.ok, f"{method} /api/v1/{path}: {r.status_code} {r.text}"
        return r

    def make_catalog(self, storage_config, name=None, **warehouse):
        """A warehouse and a catalog on it, both of that name."""
        name = name or f"c{uuid.uuid4().hex[:12]}"
        self.api("POST", "warehouses", json={"name": name, "storage_config": storage_config, **warehouse})
        self.api("POST", "catalogs", json={"name": name, "warehouse_name": name})
        return name

    def endpoints(self, catalog):
        """What the configuration says is served."""
        r = requests.get(f"{self.uri}/v1/config", params={"warehouse": catalog}, headers=self.headers(), timeout=60)
        return set(r.json()["endpoints"])

    def connection(self, catalog):
        """What PyIceberg needs to use that catalog."""
        return {"uri": self.uri, "warehouse": catalog, "token": self.token}

    def work(self):
        """Runs the jobs that are due."""
        self.command("work")

    def command(self, *args, check=True):
        """The operator's command, with the server's own environment; its output."""
        done = subprocess.run(
            [str(self.program("pangolin")), *args],
            env=self.process_env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=120,
            text=True,
        )
        if check and done.returncode:
            raise RuntimeError(f"pangolin {' '.join(args)}: {done.returncode}: {done.stderr}")
        return done.stdout

    def process_env(self):
        """What the responders have in their environment."""
        return {"PATH": os.environ["PATH"], **read_env(self.run / "server.env")}

    def program(self, name):
        return pathlib.Path(os.environ.get("PANGOLIN_BIN", ROOT / "build")) / name

    def responders(self, family=None):
        """Process ids of the responders: the children of each family's multiwatch."""
        found = set()
        for name in [family] if family else FAMILIES:
            watcher = (self.run / f"pids/{name}.pid").read_text().split()[0]
            found |= {pid for pid, parent in processes() if parent == int(watcher)}
        return found


def processes():
    """Every process and its parent."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(errors="replace")
        except OSError:
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        if state != "Z":
            yield int(stat.parent.name), int(parent)


class Reference(Server):
    """Iceberg's own reference server, which shows what a test should see."""

    reference = True

    def __init__(self, folder):
        port = free_port()
        self.uri, self.catalog, self.token, self.root_token = f"http://127.0.0.1:{port}", "", "", ""
        self.tenant, self.run, self.env = "", None, {}
        self.log = open(pathlib.Path(folder) / "reference.log", "wb")
        self.process = subprocess.Popen(
            [str(HERE / "rck/reference"), str(port), str(folder)], stdout=self.log, stderr=self.log
        )
        wait_until(lambda: answers(f"{self.uri}/v1/config"), "the reference server")

    def connection(self, catalog):
        return {"uri": self.uri}

    def make_catalog(self, storage_config, name=None, **warehouse):
        return ""

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


class Started(Server):
    """A server that ./quickstart started for us, with a folder and a port of its own."""

    def __init__(self, store, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pangolin-live-"))
        self.tmpfs = self.watch = None
        run = self.folder / "run"
        self.settings = {
            "PANGOLIN_RUN": str(run),
            "PANGOLIN_PORT": str(free_port()),
            "PANGOLIN_WORKER": "no",  # tests say when jobs run
            "PANGOLIN_AUTH_RATE_LIMIT": "1000",  # many tests share an address
            "DATABASE_URL": f"sqlite://{run}/pangolin.db",
            # The compatibility kit, and tests of adopted tables, keep files outside the warehouse.
            "PANGOLIN_FILE_ROOTS": f"{run}/warehouse:/tmp",
            **settings,
        }
        if store == "memory":
            self.tmpfs = tempfile.mkdtemp(prefix="pangolin-live-", dir="/dev/shm")
            self.settings["DATABASE_URL"] = f"memory:{self.tmpfs}"
        try:
            self.quickstart("-y", "--no-demo")
            super().__init__({**self.settings, **read_env(run / "env")})
        except BaseException:
            self.print_logs()
            self.stop()
            raise
        self.run, self.watch = run, secrets_watch.Watch.current
        if self.watch:
            self.watch.started(self)

    def quickstart(self, *args):
        done = subprocess.run(
            [str(ROOT / "quickstart"), *args],
            env={**os.environ, **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
        )
        if done.returncode:
            sys.stderr.write(done.stdout.decode(errors="replace"))
            raise RuntimeError(f"./quickstart {' '.join(args)} failed")

    def print_logs(self):
        for log in sorted((self.folder / "run/logs").glob("*")):
            lines = log.read_text(errors="replace").splitlines()[-40:]
            sys.stderr.write(f"--- {log.name}\n" + "\n".join(lines) + "\n")

    def stop(self):
        if (self.folder / "run").exists():
            self.quickstart("stop")
            if self.watch:
                self.watch.stopped(self)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.tmpfs:
            shutil.rmtree(self.tmpfs, ignore_errors=True)


def read_env(path):
    """A file of NAME=value lines, as a shell would read it."""
    out = subprocess.run(
        ["sh", "-c", 'set -a; . "$0"; env -0', str(path)], env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    pairs = (line.split("=", 1) for line in out.split("\0") if "=" in line)
    return {k: v for k, v in pairs if k not in ("PWD", "SHLVL", "_", "PATH")}
