"""Reports: statistics put together under a title, as PDF, Excel or CSV, at once or on a schedule."""
