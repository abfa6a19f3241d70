"""What templates say, of pages and of mails: everything in the language in use at the moment they are rendered."""

import datetime as dt
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from jinja2 import Environment, pass_context

from undersigned.words import languages


def share(environment: Environment, zone: dt.tzinfo = dt.UTC) -> None:
    """Has templates say everything in the language in use: `_`, `{% trans %}`, and what CLDR knows; moments in this time zone."""
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        languages.gettext,
        languages.ngettext,
        newstyle=True,
        pgettext=languages.pgettext,
        npgettext=languages.npgettext,
    )
    environment.policies["ext.i18n.trimmed"] = True
    spoken = (
        languages.number, languages.percent, languages.day, languages.partial_day, languages.link,
    )  # fmt: skip
    environment.filters |= {say.__name__: _when_rendered(say) for say in spoken}
    environment.filters["moment"] = _when_rendered(partial(languages.moment, zone=zone))
    environment.globals |= {
        "link_in": languages.link_in,
        "language": languages.current,
        "direction": languages.direction,
        "languages": languages.NAMES,
        "reviewer": languages.reviewer,
        "named": languages.named,
    }


def _when_rendered(say: Callable[..., str]) -> Callable[..., str]:
    """The same for templates: Jinja applies other filters to constants as it compiles, in that moment's language."""

    @pass_context
    @wraps(say)
    def filtered(_: Any, *given: Any) -> str:
        return say(*given)

    return filtered
