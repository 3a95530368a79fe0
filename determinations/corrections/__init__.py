"""Corrections by staff: the editor, the review queue, duplicates, removal and lessons."""
