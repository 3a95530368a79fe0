"""What a file's pages say before any value is read: lines of the page itself, where letters begin and end, order."""
