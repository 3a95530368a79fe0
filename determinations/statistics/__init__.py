"""Statistics: the fact rows, and what turns them into numbers for people."""
