"""What a determination obliges the claims administrator to do, by when, and what was done."""
