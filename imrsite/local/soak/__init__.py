"""`manage.py soak`: faults injected into a real stack at random, and what they cost."""
