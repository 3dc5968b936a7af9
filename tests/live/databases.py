# SPDX-License-Identifier: Apache-2.0
"""Database servers for tests: started on loopback, a fresh database for whoever asks."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

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


class Postgres:
    """One PostgreSQL server; .database() makes an empty database in it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pangolin-postgres-"))
        self.folder.chmod(0o711)
        line = subprocess.run(
            [str(HERE / "servers/postgres.sh"), str(self.folder / "server")],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            timeout=120,
        ).stdout
        told = dict(word.split("=", 1) for word in line.split())
        self.pid, self.url, self.ca, self.made = int(told["pid"]), told["url"], told["ca"], 0

    def database(self):
        self.made += 1
        name = f"pangolin{self.made}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url.rsplit("/", 1)[0] + "/" + name

    def sql(self, text, url=None):
        return subprocess.run(
            ["psql", "-qAtX", "-d", url or self.url, "-c", text], stdout=subprocess.PIPE, check=True, text=True, timeout=60
        ).stdout

    def halt(self):
        """As when the machine goes down: nobody is waited for."""
        os.kill(self.pid, signal.SIGQUIT)
        wait_until(lambda: not alive(self.pid), "the end", 20)

    def restart(self):
        if alive(self.pid):
            self.halt()
        log = open(self.folder / "server/log", "ab")
        self.pid = subprocess.Popen([str(self.folder / "server/start")], stdout=log, stderr=log).pid
        wait_until(self.answers, "PostgreSQL", 30)

    def answers(self):
        ask = ["psql", "-qAtX", "-d", self.url, "-c", "SELECT 1"]
        return subprocess.run(ask, capture_output=True).returncode == 0

    def stop(self):
        os.kill(self.pid, signal.SIGINT)
        wait_until(lambda: not alive(self.pid), "the end", 20)
        shutil.rmtree(self.folder, ignore_errors=True)
