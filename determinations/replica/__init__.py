"""Reading lists, search, statistics and exports from a hot standby, without missing what the reader has written."""
