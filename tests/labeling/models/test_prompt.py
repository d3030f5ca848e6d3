"""Prompts and completions that a campaign has only once."""

import pytest
from django.db import IntegrityError, transaction

from labeling.models import Completion, Prompt
from tests.people import Stage


def test_a_campaign_has_each_prompt_once(scene: Stage) -> None:
    prompt = Prompt.objects.get()
    prompt.pk = None
    with pytest.raises(IntegrityError, match="prompt_once_per_campaign"), transaction.atomic():
        prompt.save(force_insert=True)


@pytest.mark.parametrize("seed", [1, None])
def test_a_text_of_one_version_and_seed_is_one_completion_also_without_a_seed(scene: Stage, seed: int | None) -> None:
    completion = Completion.objects.order_by("pk")[0]
    Completion.objects.filter(pk=completion.pk).update(seed=seed)
    completion.pk, completion.seed = None, seed
    with pytest.raises(IntegrityError, match="completion_once"), transaction.atomic():
        completion.save(force_insert=True)
    completion.seed = 7
    completion.save(force_insert=True)


def test_a_prompt_is_named_by_its_last_message() -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why so? " * 30}]
    assert str(Prompt(messages=turns)) == ("Why so? " * 11).strip() + "…"
    assert str(Prompt(pk=3, messages=[])) == "prompt 3"
