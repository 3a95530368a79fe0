"""Does once what reading the first letter of a process would otherwise do: builds rules, loads data.

Called before a worker forks, so that its processes share the result and none of their letters waits for it.
"""

import gc
from datetime import date

from determinations.cases.search_words import search_words
from determinations.duties.working_days import state_holidays
from determinations.parsing import parse_letter
from determinations.parsing.grounds import rule_book
from determinations.parsing.results import to_record
from determinations.reading.schema import known_migrations
from determinations.synthetic import write_letter

#: Letters that together pass through most stages of the parser.
_LETTERS = 20
#: After how many new objects garbage is looked for. Hundreds of letters are in memory until their chunk is written:
#: with Python's 700, looking through them again and again took a tenth of the worker's time.
_OBJECTS = 100_000


def warm_up(today: date) -> None:
    """Read a few synthetic letters, without a database. The migrations are read before files on disk can change.

    What there is then is never looked through for garbage again, which took a tenth of the time of reading; and what
    letters bring is looked through seldom.
    """
    known_migrations()
    rule_book()
    state_holidays(today.year)
    for number in range(_LETTERS):
        record = to_record(parse_letter(write_letter(number).text))
        search_words(record, record["items"], {}, ())
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS)
