"""The path of the sign-in backend that every stored session keeps. The backend is in ``access.roles``."""

from determinations.access.roles import RoleBackend as RoleBackend
