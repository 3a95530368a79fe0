"""Progress of a long command on the terminal."""

import sys
import time


class Line:
    """One line that is updated in place on a terminal; elsewhere, a line every few seconds."""

    def __init__(self) -> None:
        self.in_place = sys.stdout.isatty()
        self.text = ""
        self.shown_at = 0.0

    def say(self, text: str) -> None:
        """Print a message that stays."""
        if self.in_place and self.text:
            print("\r\x1b[K", end="")
        print(text, flush=True)
        self.text = ""

    def update(self, text: str) -> None:
        """Print a message that the next one replaces."""
        if self.in_place:
            print(f"\r\x1b[K{text}", end="", flush=True)
        elif time.monotonic() - self.shown_at > 5:
            print(text, flush=True)
            self.shown_at = time.monotonic()
        self.text = text

    def finish(self) -> None:
        """Keep the last message."""
        if self.text:
            self.say(self.text)
