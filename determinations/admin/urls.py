"""URLs of the product's own admin pages, which share a prefix with Django's."""

from django.urls import path

from determinations.views.corrections import (
    authorities,
    correction_screen,
    duplicates,
    lessons,
    removal,
    reparsing,
    reviews,
)
from determinations.views.retention import erasure
from determinations.views.storage import encryption

urlpatterns = [
    path("holds/", erasure.legal_holds, name="legal_holds"),
    path("erase/<int:letter_id>/", erasure.erase_case, name="erase_case"),
    path("erased/", erasure.erased_letters, name="erased_letters"),
    path("erased/<int:pk>/allow/", erasure.allow_again, name="allow_erased"),
    path("encryption/", encryption.encryption, name="encryption"),
    path("encryption/count/", encryption.count_again, name="count_stored_files"),
    path("review/", reviews.review_list, name="review"),
    path("review/<int:letter_id>/", correction_screen.review_letter, name="review_letter"),
    path("review/<int:letter_id>/line/", correction_screen.read_line, name="review_read_line"),
    path("review/<int:letter_id>/assign/", reviews.assign_letter, name="review_assign"),
    path("review/<int:letter_id>/snooze/", reviews.snooze_letter, name="review_snooze"),
    path("review/<int:letter_id>/reports/<int:report_id>/", reviews.answer_report, name="review_answer_report"),
    path("review/<int:letter_id>/remove/", removal.remove_letter, name="remove_letter"),
    path("citations/", authorities.unknown_citations, name="unknown_citations"),
    path("citations/map/", authorities.map_citation, name="map_citation"),
    path("citations/aliases/<int:alias_id>/end/", authorities.end_alias, name="end_alias"),
    path("categories/", authorities.category_rules, name="category_rules"),
    path("categories/<int:rule_id>/end/", authorities.end_rule, name="end_category_rule"),
    path("reparse/", reparsing.reparse_runs, name="reparse_runs"),
    path("reparse/<int:run_id>/", reparsing.reparse_run, name="reparse_run"),
    path("reparse/<int:run_id>/steer/", reparsing.steer_run, name="steer_reparse_run"),
    path("versions/", duplicates.letter_pairs, name="letter_pairs"),
    path("versions/<int:pair_id>/", duplicates.letter_pair, name="letter_pair"),
    path("versions/<int:pair_id>/decide/", duplicates.decide_pair, name="decide_pair"),
    path("lessons/", lessons.show_lessons, name="lessons"),
    path("lessons/expected.json", lessons.export_lessons, name="export_lessons"),
    path("history/", lessons.correction_history, name="correction_history"),
    path("history/<int:correction_id>/restore/", lessons.restore_value, name="restore_value"),
]
