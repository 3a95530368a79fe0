"""Reading letters in the background: whose turn it is, text, record, and reparsing."""
