"""The web server in production; a proxy in front of it terminates TLS."""

import os

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_PROCESSES", "2"))
worker_class = "gthread"
threads = 8
timeout = 120  # seconds; a large upload over a slow connection occupies a thread, not a process
graceful_timeout = 30
keepalive = 5
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a heartbeat file on disk can stall
control_socket_disable = True
forwarded_allow_ips = os.environ.get("PROXY_ADDRESSES", "127.0.0.1")
accesslog = None  # addresses contain what users searched for
