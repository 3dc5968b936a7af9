# SPDX-License-Identifier: Apache-2.0
"""A real Trino, of the jars that `setup.sh CACHE trino` fetched: one server that is coordinator and worker at once.

PANGOLIN_TEST_TRINO=PORT uses one that runs there (with catalog.management=dynamic).
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import pytest
import requests

from server import HERE, cache_folder, free_port, wait_until

JAVA = 25  # what this Trino asks for


def java():
    """A Java that is new enough, or None."""
    homes = [os.environ.get("JAVA_HOME", ""), *sorted(map(str, pathlib.Path("/usr/lib/jvm").glob("*")))]
    on_path = shutil.which("java")
    if on_path:
        homes.append(str(pathlib.Path(on_path).resolve().parent.parent))
    for home in filter(None, homes):
        release = pathlib.Path(home) / "release"
        version = release.exists() and re.search(r'JAVA_VERSION="(\d+)', release.read_text())
        if version and int(version[1]) >= JAVA and (pathlib.Path(home) / "bin/javac").exists():
            return f"{home}/bin/java"
    return None


def version():
    pom = xml.etree.ElementTree.parse(HERE / "trino/pom.xml")
    return pom.findtext(".//{*}trino.version")


class Trino:
    def __init__(self):
        self.process = None
        if "PANGOLIN_TEST_TRINO" in os.environ:
            self.port = int(os.environ["PANGOLIN_TEST_TRINO"])
            return
        self.java = java()
        if not self.java:
            pytest.skip(f"no Java of version {JAVA} or newer: Trino is not tested")
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pangolin-trino-"))
        self.log = open(self.folder / "log", "wb")
        self.process = self.start()
        try:
            wait_until(self.is_up, "Trino", 240)
        except BaseException:
            sys.stderr.write((self.folder / "log").read_text(errors="replace")[-4000:])
            self.stop()
            raise

    def start(self):
        plugins = cache_folder() / "trino/plugin"
        assert plugins.exists(), "tests/live/setup.sh CACHE trino"
        settings = {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "node.environment": "test",
            "node.internal-address": "127.0.0.1",
            "http-server.http.port": self.port,
            "discovery.uri": f"http://127.0.0.1:{self.port}",
            "plugin.dir": plugins,
            "catalog.management": "dynamic",
            "catalog.store": "memory",
            "query.max-memory-per-node": "512MB",
            "memory.heap-headroom-per-node": "512MB",
        }
        config = self.folder / "config.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        flags = ["-Xmx2g", "-XX:TieredStopAtLevel=1", "--add-modules=jdk.incubator.vector", f"-Djava.io.tmpdir={self.folder}"]
        source = HERE / "clients/Trino.java"
        command = [self.java, *flags, f"-Dconfig={config}", "-cp", f"{plugins}/iceberg/*", str(source), version()]
        return subprocess.Popen(["nice", "-n", "19", *command], stdout=self.log, stderr=self.log, cwd=self.folder)

    def is_up(self):
        assert self.process.poll() is None, "Trino ended"
        try:
            return not requests.get(f"http://127.0.0.1:{self.port}/v1/info", timeout=5).json()["starting"]
        except (requests.RequestException, ValueError):
            return False

    def session(self, user="ada"):
        """sql("SELECT ...") of a user: its rows as tuples.  Errors are trino.exceptions.TrinoQueryError."""
        import trino

        connection = trino.dbapi.connect(host="127.0.0.1", port=self.port, user=user)
        return lambda text: [tuple(row) for row in connection.cursor().execute(text).fetchall()]

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
            self.log.close()
            shutil.rmtree(self.folder, ignore_errors=True)
