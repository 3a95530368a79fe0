"""Pages of reports: the file of the summary report, the builder, schedules."""
