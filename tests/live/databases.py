# SPDX-License-Identifier: Apache-2.0
"""Database servers for tests: started on loopback, a fresh database for whoever asks."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


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
        self.pid, self.url, self.made = int(told["pid"]), told["url"], 0

    def database(self):
        self.made += 1
        name = f"pangolin{self.made}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url.rsplit("/", 1)[0] + "/" + name

    def sql(self, text, url=None):
        return subprocess.run(
            ["psql", "-qAtX", "-d", url or self.url, "-c", text], stdout=subprocess.PIPE, check=True, text=True, timeout=60
        ).stdout

    def stop(self):
        os.kill(self.pid, signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)
