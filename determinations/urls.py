"""Addresses of the product's pages."""

from django.urls import path, re_path

from determinations.views.browsing import exports as export_views
from determinations.views.browsing import home, lists, saved_views, search
from determinations.views.cases import case_page, letter_pages, originals, problem_reports, similar_requests
from determinations.views.intake import letter_file, uploads
from determinations.views.statistics import (
    accuracy,
    authority,
    citations,
    compare,
    editions,
    exports,
    ground_sentences,
    grounds,
    overview,
    quality,
    report,
    sections,
    selection_form,
    treatments,
)

_LIST = r"(?P<list_name>cases|items|decisions)"

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("cases/", lists.case_list, name="case_list"),
    path("items/", lists.item_list, name="item_list"),
    path("decisions/", lists.decision_list, name="decision_list"),
    re_path(rf"^{_LIST}/facets/$", lists.list_facets, name="list_facets"),
    re_path(rf"^{_LIST}/columns/$", lists.choose_columns, name="choose_columns"),
    re_path(rf"^{_LIST}/views/$", saved_views.saved_view_menu, name="saved_view_menu"),
    re_path(rf"^{_LIST}/views/save/$", saved_views.save_view, name="save_view"),
    re_path(rf"^{_LIST}/export/$", export_views.export_list_rows, name="export_list_rows"),
    path("cases/<int:pk>/", case_page.case_detail, name="case_detail"),
    path(
        "cases/<int:pk>/items/<int:number>/alike/", similar_requests.similar_request_list, name="similar_request_list"
    ),
    path("items/similar/", similar_requests.similar_to_text, name="similar_to_text"),
    path("cases/<int:pk>/report/", problem_reports.report_problem, name="report_problem"),
    path("letters/<int:pk>/pages/<int:number>.png", letter_pages.letter_page, name="letter_page"),
    path("letters/<int:pk>/boxes.json", letter_pages.letter_boxes, name="letter_boxes"),
    path("reports/", problem_reports.problem_report_list, name="problem_report_list"),
    path("views/", saved_views.saved_view_list, name="saved_view_list"),
    path("views/<int:pk>/", saved_views.change_view, name="change_view"),
    path("exports/", export_views.export_list, name="export_list"),
    path("exports/<int:pk>/file", export_views.export_file, name="export_file"),
    path("statistics/", overview.statistics, name="statistics"),
    path("statistics/moved/", overview.statistics_changes, name="statistics_changes"),
    path("statistics/months.<slug:format>", exports.statistics_export, name="statistics_export"),
    path("statistics/breakdowns/", overview.breakdowns, name="breakdowns"),
    path("statistics/breakdowns/<slug:key>/", overview.statistic, name="statistic"),
    path("statistics/breakdowns/<slug:key>.<slug:format>", exports.statistic_export, name="statistic_export"),
    path("statistics/grounds/", grounds.grounds, name="grounds"),
    path("statistics/grounds/table.<slug:format>", exports.grounds_export, name="grounds_export"),
    path("statistics/grounds/sentences/", ground_sentences.ground_sentence_list, name="ground_sentences"),
    path("statistics/grounds/documentation/", ground_sentences.grounds_documentation, name="grounds_documentation"),
    path("statistics/sections/", sections.cited_section_list, name="cited_sections"),
    path("statistics/accuracy/", accuracy.accuracy, name="accuracy"),
    path("statistics/accuracy.<slug:format>", exports.accuracy_export, name="accuracy_export"),
    path("statistics/treatments/", treatments.treatment_list, name="treatments"),
    path("statistics/treatments/<str:category>/<path:subcategory>/", treatments.treatment, name="treatment"),
    path("statistics/selection/", selection_form.selection, name="statistics_selection"),
    path("statistics/compare/", compare.compare, name="statistics_compare"),
    path("statistics/compare/side/", compare.compare_side, name="compare_side"),
    path("statistics/compare/table/", compare.compare_table, name="compare_table"),
    path("statistics/report/", report.report, name="statistics_report"),
    path("statistics/report/<slug:key>/", report.report_part, name="report_part"),
    path("statistics/glossary/", overview.glossary, name="glossary"),
    path("statistics/quality/", quality.quality, name="quality"),
    path("statistics/quality/<slug:key>.<slug:format>", exports.quality_export, name="quality_export"),
    path("citations/", citations.citations, name="citations"),
    path("citations/editions/", editions.citation_editions, name="citation_editions"),
    path("citations/editions.<slug:format>", exports.editions_export, name="editions_export"),
    path("citations/authorities/<path:key>/editions/", authority.authority_editions, name="authority_editions"),
    path("citations/authorities/<path:key>/parts/", authority.citation_parts, name="citation_parts"),
    path("citations/authorities/<path:key>/", authority.citation_authority, name="citation_authority"),
    path("citations/authorities/<path:key>.<slug:format>", exports.authority_export, name="authority_export"),
    path("uploads/", uploads.upload_list, name="upload_list"),
    path("uploads/letters/", uploads.letter_list, name="letter_list"),
    path("uploads/retry/", uploads.retry, name="retry_letters"),
    path("uploads/<int:pk>/", uploads.upload_detail, name="upload_detail"),
    path("letters/<int:pk>/file/", letter_file.letter_file, name="letter_file"),
    path("letters/<int:pk>/original/", originals.letter_original, name="letter_original"),
]
