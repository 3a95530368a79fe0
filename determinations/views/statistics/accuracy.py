"""How accurate the parser is: as measured on labeled letters, and on values that staff confirmed or corrected."""

from collections import defaultdict
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.parsing import PARSER_VERSION
from determinations.statistics.measured_accuracy import Run, Share, read_runs, share
from determinations.statistics.quality import CorrectedField, corrected_fields
from determinations.statistics.sql_engine import one_snapshot
from determinations.views.statistics.context import Context, export_base, may_read
from determinations.wording.labels import fixed_label
from determinations.wording.paths import label_of_field


@dataclass(frozen=True)
class AccuracyRow:
    """A field: measured on all labeled letters, on those of each layout, and on the office's own checked values."""

    field: str
    label: str
    measured: Share | None
    by_layout: tuple[Share | None, ...]
    confirmed: int
    corrected: int

    @property
    def office(self) -> Share:
        """The values that staff confirmed, of those that they confirmed or corrected."""
        return Share(self.confirmed, self.confirmed + self.corrected)


@require_safe
@may_read
def accuracy(request: HttpRequest) -> HttpResponse:
    """Accuracy by field, layout and parser version, and of grounds by code."""
    runs = read_runs()
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        rows = accuracy_rows(runs[0] if runs else None)
        return render(
            request,
            "statistics/accuracy.html",
            context.frame(
                "accuracy",
                run=runs[0] if runs else None,
                version=PARSER_VERSION,
                runs=[(run, share(run.fields)) for run in runs],
                layouts=[layout_label(layout) for layout in runs[0].layouts] if runs else [],
                rows=rows,
                checked=sum(row.office.of for row in rows),
                grounds=[
                    (part, [(context.labels.of("ground", score.code), score) for score in part.scores])
                    for part in (runs[0].grounds if runs else ())
                ],
                export_base=export_base("accuracy_export"),
            ),
        )


def layout_label(layout: str) -> str:
    """The name of a layout in a column heading."""
    return fixed_label("layout", layout)


def accuracy_rows(run: Run | None) -> list[AccuracyRow]:
    """All fields that were measured or that staff checked."""
    checked: defaultdict[str, list[CorrectedField]] = defaultdict(list)
    for entry in corrected_fields():
        checked[entry.field].append(entry)
    measured = run.fields if run else ()
    names = dict.fromkeys([*(score.field for score in measured), *checked])
    rows = []
    for name in names:
        scores = [score for score in measured if score.field == name]
        by_layout = [[s for s in scores if s.layout == layout] for layout in (run.layouts if run else [])]
        rows.append(
            AccuracyRow(
                field=name,
                label=label_of_field(name),
                measured=share(scores) if scores else None,
                by_layout=tuple(share(part) if part else None for part in by_layout),
                confirmed=sum(entry.confirmed for entry in checked[name]),
                corrected=sum(entry.set for entry in checked[name]),
            )
        )
    return rows
