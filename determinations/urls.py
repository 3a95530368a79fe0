"""Addresses of the product's pages."""

from django.urls import path, re_path

from determinations.views import alike, cases, home, letter_pages, lists, problem_reports, saved_views, search
from determinations.views import exports as export_views

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
    path("cases/<int:pk>/", cases.case_detail, name="case_detail"),
    path("cases/<int:pk>/items/<int:number>/alike/", alike.requests_alike, name="requests_alike"),
    path("cases/<int:pk>/report/", problem_reports.report_problem, name="report_problem"),
    path("letters/<int:pk>/pages/<int:number>.png", letter_pages.letter_page, name="letter_page"),
    path("letters/<int:pk>/boxes.json", letter_pages.letter_boxes, name="letter_boxes"),
    path("reports/", problem_reports.problem_report_list, name="problem_report_list"),
    path("views/", saved_views.saved_view_list, name="saved_view_list"),
    path("views/<int:pk>/", saved_views.change_view, name="change_view"),
    path("exports/", export_views.export_list, name="export_list"),
    path("exports/<int:pk>/file", export_views.export_file, name="export_file"),
]
