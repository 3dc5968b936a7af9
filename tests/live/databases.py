# SPDX-License-Identifier: Apache-2.0
"""Database servers for tests: started on loopback, a fresh database for whoever asks."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import pymongo

import secrets_watch
from server import wait_until

HERE = pathlib.Path(__file__).resolve().parent


def alive(pid):
    """True while the process runs; one that is ours and ended is taken away."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return False
    except ChildProcessError:
        pass
    return pathlib.Path(f"/proc/{pid}").exists()


class Database:
    """A server that servers/NAME.sh starts; .database() is the URL of an empty database in it."""

    name, ending, halting = "", signal.SIGINT, signal.SIGQUIT

    def __init__(self, *arguments):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"pangolin-{self.name}-"))
        self.folder.chmod(0o711)
        line = subprocess.run(
            [str(HERE / f"servers/{self.name}.sh"), str(self.folder / "server"), *arguments],
            env={**os.environ, "PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            timeout=120,
        ).stdout
        self.told = dict(word.split("=", 1) for word in line.split())
        self.pid, self.url, self.made = int(self.told["pid"]), self.told["url"], 0

    def database(self):
        self.made += 1
        return self.url.rsplit("/", 1)[0] + f"/pangolin{self.made}"

    def end(self, how):
        os.kill(self.pid, how)
        wait_until(lambda: not alive(self.pid), "the end", 20)

    def halt(self):
        """At once: no client is waited for."""
        self.end(self.halting)

    def restart(self):
        if alive(self.pid):
            self.halt()
        log = open(self.folder / "server/log", "ab")
        self.pid = subprocess.Popen([str(self.folder / "server/start")], stdout=log, stderr=log).pid
        wait_until(self.answers, self.name, 30)

    def stop(self):
        self.end(self.ending)
        if secrets_watch.Watch.current:
            secrets_watch.Watch.current.keep(self.folder / "server/log")
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Database):
    name = "postgres"

    def __init__(self):
        super().__init__()
        self.ca = self.told["ca"]

    def database(self):
        url = super().database()
        self.sql(f"CREATE DATABASE {url.rsplit('/', 1)[1]}")
        return url

    def sql(self, text, url=None):
        return subprocess.run(
            ["psql", "-qAtX", "-d", url or self.url, "-c", text], stdout=subprocess.PIPE, check=True, text=True, timeout=60
        ).stdout

    def answers(self):
        ask = ["psql", "-qAtX", "-d", self.url, "-c", "SELECT 1"]
        return subprocess.run(ask, capture_output=True).returncode == 0


class Mongo(Database):
    name, ending, halting = "mongo", signal.SIGTERM, signal.SIGTERM

    def client(self, **more):
        return pymongo.MongoClient(self.url, serverSelectionTimeoutMS=2000, **more)

    def answers(self):
        try:
            with self.client() as client:
                return client.admin.command("ping")["ok"] == 1
        except pymongo.errors.OperationFailure:  # it wants to know who asks
            return True
        except pymongo.errors.PyMongoError:
            return False

    def fail(self, commands, times=1, **how):
        """The next commands of our programs of these names fail as `how` says (mongod's failCommand)."""
        data = {"failCommands": commands, "appName": "pangolin", **how}
        with self.client() as client:
            client.admin.command("configureFailPoint", "failCommand", mode={"times": times}, data=data)

    def is_spent(self, command, errorCode=None, **how):
        """Whether such a command does not fail in that way any more."""
        with self.client(appname="pangolin") as client:
            try:
                client.admin.command(command, "nothing")
            except pymongo.errors.OperationFailure as e:
                return e.code != errorCode
            except pymongo.errors.AutoReconnect:
                return False
        return True
