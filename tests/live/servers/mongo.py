# SPDX-License-Identifier: Apache-2.0
"""A MongoDB-compatible server on loopback: SecantusDB, on MongoDB's own storage engine, with its transactions,
conflicts, error labels, logins and fail points.

usage: mongo.py FOLDER PORT [NAME=VALUE]...      options of secantus.SecantusDBServer, as require_auth=1

A transaction that was left open is ended after two seconds (mongod's transactionLifetimeLimitSeconds is a minute),
for tests that kill clients.
"""

import signal
import sys

from secantus import SecantusDBServer

signals = {signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
folder, port, *words = sys.argv[1:]
told = {name: int(value) if value.isdigit() else value for name, value in (word.split("=", 1) for word in words)}
with SecantusDBServer(
    host="127.0.0.1", port=int(port), storage_path=folder, transaction_lifetime_seconds=2.0, client_idle_timeout_s=3600, **told
):
    print("ready", flush=True)
    signal.sigwait(signals)
