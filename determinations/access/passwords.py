"""The rule for new passwords: long enough, and hard to guess. Passphrases are welcome; no character is demanded."""

import secrets

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

#: The best on the scale of zxcvbn: more than ten billion guesses.
_NEEDED_SCORE = 4
#: zxcvbn reads no more; whoever types more than this has a good password.
_READ_CHARACTERS = 72
#: Words that everyone who guesses here tries.
_OUR_WORDS = ("imrsite", "imr", "determination", "workers", "compensation", "california", "claims")
_ISSUED_SYLLABLES = 6
_CONSONANTS, _VOWELS = "bdfghjkmnprstvz", "aeiou"

_WHY = {
    "dictionary": "It is a common password or word, or close to one.",
    "spatial": "It follows a pattern on the keyboard.",
    "repeat": "It repeats the same characters or words.",
    "sequence": "It contains a sequence such as abc or 6543.",
    "regex": "It contains a year that is easy to guess.",
    "date": "It contains a date, and dates are easy to guess.",
    "bruteforce": "It is too easy to guess.",
}
RULES = (
    "At least 12 characters. Several unrelated words make a good password; spaces are allowed. Common, repeated and "
    "sequential ones, and those made from your names, are refused."
)
_REMEDY = "Use four or more unrelated words, or a longer mix of characters."


class GuessableValidator:
    """Refuses passwords that are common, repeated, sequential, or made from the user's own names (zxcvbn)."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ``ValidationError`` that says what makes the password easy to guess."""
        from zxcvbn import zxcvbn  # its word lists take 50 ms to load, once

        own = [word for word in _words_of(user) if word]
        result = zxcvbn(password[:_READ_CHARACTERS], user_inputs=[*own, *_OUR_WORDS])
        if result["score"] < _NEEDED_SCORE:
            weakest = max(result["sequence"], key=lambda part: len(part["token"]), default={"pattern": "bruteforce"})
            raise ValidationError(f"{_WHY[weakest['pattern']]} {_REMEDY}", code="password_guessable")

    def get_help_text(self) -> str:
        """What the form says about it."""
        return RULES


def _words_of(user: User | None) -> list[str]:
    if user is None:
        return []
    return [user.get_username(), user.first_name, user.last_name, *user.email.replace(".", "@").split("@")]


def issued_password() -> str:
    """A random password to hand over once, easy to read aloud: about 69 bits."""
    groups = ("".join(_syllable() for _ in range(_ISSUED_SYLLABLES // 2)) for _ in range(3))
    return "-".join(groups) + f"-{secrets.randbelow(10_000):04}"


def _syllable() -> str:
    return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)
