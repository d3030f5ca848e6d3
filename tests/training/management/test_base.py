"""Commands of training: every refusal is a sentence."""

import pytest
from django.core.management import CommandError

from labeling.models import Campaign
from tests.training.commands import output_of
from training.models import ModelVersion

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["generate", "nothing"], "There is no campaign nothing. There are: tiny."),
        (["generate", "tiny", "--version", "unknown"], "There is no model version unknown. There are: tiny-base."),
        (["generate", "tiny", "--temperature", "0"], "At temperature 0 every seed writes the same text"),
        (["train", "tiny"], "A run needs at least"),
        (["train", "tiny", "--set", "epochs"], "--set needs FIELD=VALUE"),
        (["train", "tiny", "--set", "epochs=-1"], "epochs must be at least 1"),
        (["promote", "unknown"], "There is no model version unknown"),
        (["evaluate", "tiny-base"], "comes from no training run"),
        (["evaluate", "tiny-base", "--campaign", "tiny"], "tiny has no snapshot yet"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    campaign: Campaign, base: ModelVersion, command: list[str], reason: str
) -> None:
    with pytest.raises(CommandError) as error:
        output_of(*command)
    assert reason in str(error.value)


def test_a_job_that_fails_ends_the_command_with_its_reason(campaign: Campaign, base: ModelVersion) -> None:
    ModelVersion.objects.filter(pk=base.pk).update(content_hash="0" * 64)

    with pytest.raises(CommandError, match=r"generation \d+ failed\. The files of tiny-base"):
        output_of("generate", "tiny", "--here")
