"""Addresses of the audit trail."""

from django.urls import path

from determinations.views.audit import alerts, disclosures, printed, trail

urlpatterns = [
    path("audit/", trail.audit_trail, name="audit"),
    path("audit/export/", trail.export_trail, name="export_audit"),
    path("audit/alerts/", alerts.audit_alerts, name="audit_alerts"),
    path("cases/<int:pk>/disclosures/", disclosures.disclosures, name="disclosures"),
    path("cases/<int:pk>/disclosures/export/", disclosures.export_disclosures, name="export_disclosures"),
    path("cases/<int:pk>/printed/", printed.case_printed, name="case_printed"),
]
