"""Forms that were filled in: what stands in a PDF's fields becomes part of its pages, as viewers show it.

PDFium keeps fields apart from the page: without this, neither the page's text nor its picture has what was typed or
checked, and nothing tells that the lines of an application are not empty.
"""

import pypdfium2.raw as pdfium

from determinations.extraction.visible import load_page, same_part_visible

#: Kinds of fields that hold nothing that was filled in.
_WITHOUT_VALUE = (pdfium.FPDF_FORMFIELD_UNKNOWN, pdfium.FPDF_FORMFIELD_PUSHBUTTON, pdfium.FPDF_FORMFIELD_SIGNATURE)


def is_form(document: pdfium.FPDF_DOCUMENT) -> bool:
    """Whether pages of the document may have fields."""
    return bool(pdfium.FPDF_GetFormType(document) != pdfium.FORMTYPE_NONE)


def load_filled_page(document: pdfium.FPDF_DOCUMENT, number: int) -> pdfium.FPDF_PAGE | None:
    """Page ``number`` (from 0) with its fields drawn into it; None if it cannot be loaded.

    The text of fields follows that of the page. A page whose only fields are signatures or buttons stays as it is.
    """
    page = load_page(document, number)
    if not page or not is_form(document) or not _show_fields(document, page):
        return page
    pdfium.FPDF_ClosePage(page)  # an open page keeps its earlier content
    return load_page(document, number)


def _show_fields(document: pdfium.FPDF_DOCUMENT, page: pdfium.FPDF_PAGE) -> bool:
    """Whether fields were drawn into the page, in memory; done again, there are none left."""
    callbacks = pdfium.FPDF_FORMFILLINFO(version=2)  # the environment refers to it
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, callbacks)
    if not form:
        return False
    try:
        pdfium.FORM_OnAfterLoadPage(page, form)  # draws values that the file has without their appearance
        try:
            if not _has_values(page, form):
                return False
            with same_part_visible(page):
                return bool(pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) == pdfium.FLATTEN_SUCCESS)
        finally:
            pdfium.FORM_OnBeforeClosePage(page, form)
    finally:
        pdfium.FPDFDOC_ExitFormFillEnvironment(form)


def _has_values(page: pdfium.FPDF_PAGE, form: pdfium.FPDF_FORMHANDLE) -> bool:
    return any(_holds_value(page, form, at) for at in range(pdfium.FPDFPage_GetAnnotCount(page)))


def _holds_value(page: pdfium.FPDF_PAGE, form: pdfium.FPDF_FORMHANDLE, at: int) -> bool:
    annotation = pdfium.FPDFPage_GetAnnot(page, at)
    if not annotation:
        return False
    try:
        if pdfium.FPDFAnnot_GetSubtype(annotation) != pdfium.FPDF_ANNOT_WIDGET:
            return False
        return pdfium.FPDFAnnot_GetFormFieldType(form, annotation) not in _WITHOUT_VALUE
    finally:
        pdfium.FPDFPage_CloseAnnot(annotation)
