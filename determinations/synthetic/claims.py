"""A synthetic table of claims as an office would export it: one row per case number, with invented names."""

import csv
import io
import random
from collections.abc import Sequence

HEADS = ("IMR Case Number", "Claim No.", "Employer", "Adjuster", "Client", "Requesting Physician", "EAMS Number")
#: Each in the spellings that an office has.
_EMPLOYERS = (
    ("Synthetic Freight Lines, Inc.", "SYNTHETIC FREIGHT LINES INC"),
    ("Invented Orchards",),
    ("Example Hospital District", "Example Hospital District."),
    ("Harborview Stamping Co.", "Harborview Stamping Co"),
    ("City of Nowhere",),
    ("Placeholder Foods & Sons", "PLACEHOLDER FOODS AND SONS"),
)
_ADJUSTERS = ("A. Sample", "B. Example", "C. Invented", "D. Placeholder")
_CLIENTS = ("Example Mutual (synthetic)", "Self-Insured Pool (synthetic)", "Invented Casualty (synthetic)")
_PROVIDERS = tuple(f"Dr. {name} (synthetic)" for name in ("Able", "Baker", "Castor", "Dover", "Easton", "Fielding"))


def claim_table(case_numbers: Sequence[str], seed: int = 0) -> bytes:
    """The table as CSV, the same for the same numbers and seed. Some cells are empty; the last row has an error."""
    rng = random.Random(seed)  # noqa: S311 - invented data
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(HEADS)
    for at, number in enumerate(case_numbers):
        employer = rng.choice(rng.choices(_EMPLOYERS, weights=(8, 5, 4, 3, 2, 2))[0])
        provider = rng.choices(_PROVIDERS, weights=(9, 5, 3, 2, 1, 1))[0]
        eams = f"ADJ{rng.randrange(10**7, 10**8)}" if rng.random() < 0.6 else ""
        claim = f"SYN-{2_000_000 + at * 7}"
        rows.writerow([number, claim, employer, rng.choice(_ADJUSTERS), rng.choice(_CLIENTS), provider, eams])
    rows.writerow(["not a case number", "SYN-0", "Invented Orchards", "", "", "", ""])
    return text.getvalue().encode()
