"""Pages about sources that letters arrive from by themselves."""
