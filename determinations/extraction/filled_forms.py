"""Forms that were filled in: what stands in a PDF's fields becomes part of its pages, as viewers show it.

PDFium keeps fields apart from the page: without this, neither the page's text nor its picture has what was typed or
checked, and nothing tells that the lines of an application are not empty.
"""

import pypdfium2.raw as pdfium

#: Kinds of fields that hold nothing that was filled in.
_WITHOUT_VALUE = (pdfium.FPDF_FORMFIELD_UNKNOWN, pdfium.FPDF_FORMFIELD_PUSHBUTTON, pdfium.FPDF_FORMFIELD_SIGNATURE)


def show_filled_fields(document: pdfium.FPDF_DOCUMENT) -> None:
    """Draw the fields of a document's form into its pages, in memory, before a page is read or drawn.

    The text of fields follows that of their page. A page whose only fields are signatures or buttons stays as it is.
    """
    if pdfium.FPDF_GetFormType(document) == pdfium.FORMTYPE_NONE:
        return
    callbacks = pdfium.FPDF_FORMFILLINFO(version=2)  # the environment refers to it
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, callbacks)
    if not form:
        return
    try:
        for number in range(pdfium.FPDF_GetPageCount(document)):
            _show_fields_of(document, form, number)
    finally:
        pdfium.FPDFDOC_ExitFormFillEnvironment(form)


def _show_fields_of(document: pdfium.FPDF_DOCUMENT, form: pdfium.FPDF_FORMHANDLE, number: int) -> None:
    page = pdfium.FPDF_LoadPage(document, number)
    if not page:  # whoever reads the page tells it
        return
    pdfium.FORM_OnAfterLoadPage(page, form)  # draws values that the file has without their appearance
    try:
        if _has_values(page, form):
            pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
    finally:
        pdfium.FORM_OnBeforeClosePage(page, form)
        pdfium.FPDF_ClosePage(page)


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
