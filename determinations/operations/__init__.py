"""The state of the installation: checks, alarms, figures for monitoring."""
