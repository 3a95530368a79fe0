"""Reading letters in the background: claims, text, record, and reparsing."""
