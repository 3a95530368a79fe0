"""Sends tables as CSV, Excel or JSON, and records who exported which statistic."""

from io import BytesIO

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from determinations.access import audit
from determinations.browsing.export_formats import csv_lines
from determinations.statistics.export_tables import ExportTable

FORMATS = ("csv", "xlsx", "json")


def send_table(request: HttpRequest, table: ExportTable, format: str) -> HttpResponse:
    """The table as a download, or as a JSON response."""
    if format not in FORMATS:
        raise Http404
    query = request.GET.urlencode()[:2000]
    audit.note(request, "statistics.exported", statistic=table.name, query=query, format=format)
    if format == "json":
        rows = [dict(zip(table.heads, row, strict=True)) for row in table.rows]
        for row, key in zip(rows, table.keys, strict=False):
            row["key"] = key
        return JsonResponse({"statistic": table.name, "title": table.title, "notes": list(table.notes), "rows": rows})
    if format == "csv":
        response = HttpResponse(csv_text(table), content_type="text/csv; charset=utf-8")
    else:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(_xlsx(table), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{table.name}.{format}"'
    return response


def csv_text(table: ExportTable) -> str:
    """The table as CSV; cells that a spreadsheet would execute as formulas are escaped."""
    return "".join(csv_lines(table.heads, table.rows))


def _xlsx(table: ExportTable) -> bytes:
    import xlsxwriter  # only here: few processes write a workbook

    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    page = book.add_worksheet("Table")
    page.freeze_panes(1, 2)
    page.write_row(0, 0, table.heads, bold)
    for number, row in enumerate(table.rows, start=1):
        page.write_row(number, 0, row)
    page.autofilter(0, 0, len(table.rows), max(0, len(table.heads) - 1))
    page.autofit()
    about = book.add_worksheet("About")
    about.set_column(0, 0, 120)
    about.write_string(0, 0, table.title, bold)
    for number, note in enumerate(table.notes, start=1):
        about.write_string(number, 0, note)
    book.close()
    return file.getvalue()
