"""Sheets as files: CSV, Excel and JSON. Who took which statistic is recorded."""

import csv
from io import BytesIO, StringIO

import xlsxwriter
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from determinations.access import audit
from determinations.browsing.exports import harmless
from determinations.statistics.export_tables import Sheet

FORMATS = ("csv", "xlsx", "json")


def send_sheet(request: HttpRequest, sheet: Sheet, format: str) -> HttpResponse:
    """The sheet as a download (JSON: as an answer)."""
    if format not in FORMATS:
        raise Http404
    query = request.GET.urlencode()[:2000]
    audit.note(request, "statistics.exported", statistic=sheet.name, query=query, format=format)
    if format == "json":
        rows = [dict(zip(sheet.heads, row, strict=True)) for row in sheet.rows]
        return JsonResponse({"statistic": sheet.name, "title": sheet.title, "notes": list(sheet.notes), "rows": rows})
    if format == "csv":
        response = HttpResponse(csv_text(sheet), content_type="text/csv; charset=utf-8")
    else:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(_xlsx(sheet), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{sheet.name}.{format}"'
    return response


def csv_text(sheet: Sheet) -> str:
    """The sheet as CSV, with cells that a spreadsheet would run made harmless."""
    text = StringIO()
    text.write("\ufeff")  # has Excel read the file as UTF-8
    writer = csv.writer(text)
    writer.writerow(sheet.heads)
    writer.writerows([harmless(cell) for cell in row] for row in sheet.rows)
    return text.getvalue()


def _xlsx(sheet: Sheet) -> bytes:
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    page = book.add_worksheet("Table")
    page.freeze_panes(1, 2)
    page.write_row(0, 0, sheet.heads, bold)
    for number, row in enumerate(sheet.rows, start=1):
        page.write_row(number, 0, row)
    page.autofit()
    about = book.add_worksheet("About")
    about.set_column(0, 0, 120)
    about.write_string(0, 0, sheet.title, bold)
    for number, note in enumerate(sheet.notes, start=1):
        about.write_string(number, 0, note)
    book.close()
    return file.getvalue()
