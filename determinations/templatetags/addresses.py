"""``{% url %}`` of all templates: an address without numbers in it is looked up once. A page has a dozen of them."""

from functools import lru_cache

from django import template
from django.template import Context
from django.template.base import Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as compiled_url
from django.urls import get_script_prefix, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()


class KeptUrl(URLNode):
    """Django's node, which remembers addresses that are made of names alone."""

    def render(self, context: Context) -> str:
        """The address as HTML, unless the template says otherwise; nothing if it is kept in a variable."""
        names = [value.resolve(context) for value in (self.view_name, *self.args)]
        as_usual = self.kwargs or self.asvar or not context.autoescape
        if as_usual or not all(isinstance(name, str) for name in names) or ":" in names[0]:
            return super().render(context)
        return _address(get_script_prefix(), *names)


@lru_cache(maxsize=1024)
def _address(_prefix: str, name: str, *args: str) -> SafeString:
    return escape(reverse(name, args=args))


@register.tag
def url(parser: Parser, token: Token) -> KeptUrl:
    """As Django's tag of this name."""
    node = compiled_url(parser, token)
    return KeptUrl(node.view_name, node.args, node.kwargs, node.asvar)
