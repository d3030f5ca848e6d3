"""A page preloads every module that its own one imports."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from common.templatetags.modules import imports


def test_the_imports_of_a_page_are_found_at_every_depth_and_once() -> None:
    names = imports("js/pages/annotate.js")
    assert len(names) == len(set(names)) > 5
    assert "js/pages/annotate.js" not in names
    for name in names:
        assert (Path(settings.BASE_DIR) / "frontend" / name).is_file(), name
        assert set(imports(name)) <= set(names), name


def test_each_import_is_a_preload_link() -> None:
    page = Template('{% load modules %}{% preload_modules "js/pages/annotate.js" %}').render(Context())
    assert page.count('<link rel="modulepreload"') == len(imports("js/pages/annotate.js"))


def test_a_module_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.js"):
        imports("js/nothing.js")
