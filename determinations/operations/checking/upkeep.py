"""The check of the steps of tasks that run again and again."""

from determinations.operations.failed_steps import failed_steps
from determinations.operations.findings import Finding, Level


def upkeep() -> Finding:
    """Whether every step of sweep, upkeep, audit trail and webhooks succeeded when it ran last."""
    failed = failed_steps()
    if not failed:
        return Finding(Level.OK, "Every step of the work that runs by itself succeeded when it ran last.")
    named = "; ".join(f"{step.name} ({step.fault}, since {step.since:%Y-%m-%d %H:%M} UTC)" for step in failed[:5])
    return Finding(
        Level.FAILING,
        f"{len(failed)} step{'s fail' if len(failed) > 1 else ' fails'} at present: {named}.",
        "See the log of the workers for the traceback. All other steps are done, and each is tried again by itself.",
    )
