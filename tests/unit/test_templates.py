"""Templates of pages and mails: nothing in one depends on the language in which it was compiled or first used."""

import jinja2
import pytest
from jinja2.runtime import Macro

from tests.conftest import SECRET, app_for
from undersigned.mail import messages
from undersigned.settings import Settings
from undersigned.words import languages


def pages() -> jinja2.Environment:
    """What makes all pages."""
    settings = Settings(secret_keys=SECRET, pepper=SECRET, log_seed=SECRET)
    engine = app_for(settings).template_engine
    made: jinja2.Environment = engine.engine  # type: ignore[union-attr]
    return made


def compiled(environment: jinja2.Environment, name: str, language: str) -> str:
    """What a template is compiled to by somebody who asked for this language."""
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    with languages.speaking(language, asked_for=True):
        return environment.compile(source, name, raw=True)


@pytest.mark.parametrize("environment", [pages(), messages.TEXT, messages.HTML], ids=["pages", "text", "html"])
def test_a_template_is_compiled_to_the_same_whoever_asks_first(environment: jinja2.Environment) -> None:
    names = environment.list_templates()
    assert len(names) > 5
    for name in names:
        assert compiled(environment, name, "hy") == compiled(environment, name, "ru"), name


@pytest.mark.parametrize("environment", [pages(), messages.TEXT, messages.HTML], ids=["pages", "text", "html"])
def test_what_is_imported_once_for_all_holds_macros_and_nothing_that_was_said(environment: jinja2.Environment) -> None:
    assert environment.loader is not None
    for name in environment.list_templates():
        source, _, _ = environment.loader.get_source(environment, name)
        for imported in environment.parse(source).find_all(jinja2.nodes.Import):
            assert isinstance(imported.template, jinja2.nodes.Const)
            module = environment.get_template(imported.template.value).module
            kept = {key: each for key, each in vars(module).items() if not key.startswith("_")}
            held = [key for key, each in kept.items() if not isinstance(each, Macro | type(module))]
            assert held == [], imported.template.value
