"""The API apart from its addresses (``views.api``): tokens, rate limits, repeated writes."""
