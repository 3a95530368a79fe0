"""Labels for the paths of values in a letter: ``items/2/decision`` is "item 2, decision"."""

FIELD_LABELS = {
    "case_number": "case number",
    "date_assigned": "date assigned",
    "date_of_injury": "date of injury",
    "decision_date": "decision date",
    "ur_denial_date": "UR denial date",
    "application_received": "application received",
    "priority": "priority",
    "licensure": "reviewer's licensure",
    "specialties": "reviewer's specialty",
    "age": "age",
    "sex": "sex",
    "summary": "clinical case summary",
    "number": "number",
    "request": "request",
    "disputed": "part in dispute",
    "partly_approved": "partly approved",
    "decision": "decision",
    "category": "category",
    "subcategory": "subcategory",
    "claims_text": "claims administrator's guideline",
    "reviewer_text": "reviewer's guideline",
    "claims": "claims administrator's citations",
    "reviewer": "reviewer's citations",
    "rationale": "rationale",
    "grounds": "grounds of the decision",
    "items": "disputed items",
}


def label_of_field(name: str) -> str:
    """The name of a field as a heading: "Date of injury"."""
    label = FIELD_LABELS.get(name, name.replace("_", " "))
    return label[:1].upper() + label[1:]


def label_of_path(path: str) -> str:
    """The label of a value; "the case as a whole" for the empty path."""
    if not path:
        return "the case as a whole"
    parts = path.split("/")
    if parts[0] == "items" and len(parts) > 1:
        below = FIELD_LABELS.get(parts[2], parts[2]) if len(parts) > 2 else ""
        return f"item {parts[1]}{', ' + below if below else ''}"
    return FIELD_LABELS.get(parts[0], parts[0].replace("_", " "))
