"""Pages of sign-in, of the user's own account, and of everyone's accounts."""
