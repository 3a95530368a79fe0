"""Addresses of the product's own pages in the administration; Django's pages stand beside them."""

from django.urls import path

from determinations.views import reviews

urlpatterns = [
    path("review/", reviews.review_queue, name="review"),
    path("review/<int:letter_id>/", reviews.review_letter, name="review_letter"),
    path("review/<int:letter_id>/line/", reviews.read_line, name="review_read_line"),
    path("review/<int:letter_id>/assign/", reviews.assign_letter, name="review_assign"),
    path("review/<int:letter_id>/snooze/", reviews.snooze_letter, name="review_snooze"),
    path("review/<int:letter_id>/reports/<int:report_id>/", reviews.answer_report, name="review_answer_report"),
]
