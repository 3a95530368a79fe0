"""Intake: receiving uploads, the letter store, and the progress of batches."""
