"""Which pages open to accounts that do not see everything, by the names of their addresses."""

from django.urls import ResolverMatch

from determinations.access.scope import Scope

#: Pages of the installation as a whole: accounts, rules and settings for the letters of all offices. Django's own
#: administration is among them.
WHOLE_INSTALLATION = frozenset(
    {
        "add_arrival_source", "arrival_source", "arrival_sources", "change_arrival_source",
        "erased_letters", "allow_erased",
        "act_on_person", "add_person", "all_tokens", "audit_alerts", "category_rules", "change_sign_in_policy",
        "count_stored_files", "encryption", "end_alias", "end_category_rule", "map_citation", "move_batch",
        "move_case", "move_list", "office", "office_field_values", "office_import", "office_import_errors",
        "office_imports", "office_list", "people", "person", "reparse_run", "reparse_runs", "status",
        "steer_reparse_run", "unknown_citations", "webhook_deliveries", "webhooks",
    }
)  # fmt: skip
#: What an outside party may open: lists, cases and counts without medical narrative, and its own account.
OUTSIDE_PARTIES = frozenset(
    {
        "home", "case_list", "item_list", "decision_list", "list_facets", "choose_columns", "saved_view_menu",
        "save_view", "saved_view_list", "change_view", "open_view", "store_filters", "case_detail", "export_list_rows",
        "export_list", "export_file", "statistics", "statistics_changes", "statistics_export", "statistics_selection",
        "breakdowns", "statistic", "statistic_export", "glossary", "citations", "citation_authority",
        "authority_export", "profile", "end_session", "health", "live", "metrics", "api_reference", "api_document",
        "own_tokens", "help", "help_page", "help_news", "dismiss_news",
        "api_cases", "api_case", "api_items", "api_item", "api_citations", "api_statistics",
        "api_statistic", "api_exports", "api_export", "api_export_file", "api_authorities", "api_categories",
        "api_grounds", "api_changes",
    }
)  # fmt: skip
_ACCOUNT = "accounts/"


def opens(match: ResolverMatch, scope: Scope) -> bool:
    """Whether a page opens in this scope. What its user may do there, permissions decide."""
    if scope.is_everything or match.route.startswith(_ACCOUNT):
        return True
    if match.app_name == "admin" or match.url_name in WHOLE_INSTALLATION:
        return False
    return not scope.masked or match.url_name in OUTSIDE_PARTIES
