"""The web server in production; a proxy in front of it terminates TLS.

Slow clients occupy no thread, and bodies are refused by their length before they are read; the limits are in
``imrsite/serving/``.
"""

import os

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_PROCESSES", "2"))
worker_class = "imrsite.serving.worker.BufferedWorker"
threads = 8
timeout = 120  # seconds
graceful_timeout = 30
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a heartbeat file on disk can stall
control_socket_disable = True
forwarded_allow_ips = os.environ.get("PROXY_ADDRESSES", "127.0.0.1")
accesslog = None  # addresses contain what users searched for
