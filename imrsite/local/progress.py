"""How far a long command is: words on the terminal."""

import sys
import time


class Line:
    """One line that changes in place on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self.in_place = sys.stdout.isatty()
        self.words = ""
        self.shown_at = 0.0

    def say(self, words: str) -> None:
        """Words that stay."""
        if self.in_place and self.words:
            print("\r\x1b[K", end="")
        print(words, flush=True)
        self.words = ""

    def update(self, words: str) -> None:
        """Words that the next ones replace."""
        if self.in_place:
            print(f"\r\x1b[K{words}", end="", flush=True)
        elif time.monotonic() - self.shown_at > 5:
            print(words, flush=True)
            self.shown_at = time.monotonic()
        self.words = words

    def finish(self) -> None:
        """Let the last words stay."""
        if self.words:
            self.say(self.words)
