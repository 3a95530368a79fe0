"""What every operation of the API checks first: the scope of the token, and the permission of its user."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from determinations.models import TokenScope
from determinations.views.api.answers import written
from determinations.views.api.problems import Problem
from determinations.views.requests import token_of

P = ParamSpec("P")
T = TypeVar("T")
View = Callable[Concatenate[HttpRequest, P], T]


def needs(scope: TokenScope, *any_of: str) -> Callable[[View[P, T]], View[P, T]]:
    """Decorate an operation, and say in the document what it needs.

    Raises :class:`Problem` if the token lacks the scope, and PermissionDenied if the user has none of the permissions.
    """

    def decorate(view: View[P, T]) -> View[P, T]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> T:
            token = token_of(request)
            if token is not None and scope not in token.scopes:
                raise Problem(403, f"This token does not have the scope “{scope}”.")
            if any_of and not any(request.user.has_perm(f"determinations.{name}") for name in any_of):
                raise PermissionDenied
            return cast(T, written(view(request, *args, **kwargs)))

        contribute_operation_callback(checked, lambda operation: _describe(operation, scope, any_of))
        return checked

    return decorate


def _describe(operation: Operation, scope: TokenScope, any_of: tuple[str, ...]) -> None:
    permissions = " or ".join(f"`{name}`" for name in any_of)
    needed = f"Needs the scope `{scope}`" + (f" and the permission {permissions}." if permissions else ".")
    operation.description = f"{operation.description or ''}\n\n{needed}".strip()
