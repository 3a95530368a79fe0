"""The packed form in which long texts and parsed documents are stored; plain Python."""
