"""The web server's worker with little patience, for tests that wait until it is over."""

from imrsite.serving.connections import Patience
from imrsite.serving.worker import BufferedWorker


class QuickWorker(BufferedWorker):
    """Waits a second for most things, and for twenty clients."""

    patience = Patience(head=0.8, body=1, silent=0.8, unused=0.8, unread=2, linger=2, connections=20)
