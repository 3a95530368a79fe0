"""The audit trail after an event is recorded: chained, verified, searched, sent on, watched, and ended by retention.

``access.audit.record`` writes an event; nothing here changes one.
"""
