"""The web server's worker with little patience, for tests that wait until it is over."""

from imrsite.serving.connections import Patience
from imrsite.serving.worker import BufferedWorker


class QuickWorker(BufferedWorker):
    """Waits two seconds at most, and for twenty clients."""

    patience = Patience(head=1.5, body=2, silent=1.5, unused=1.5, unread=2, linger=2, connections=20)
