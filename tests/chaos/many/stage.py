"""The people and campaigns of the test, in the platform's database. Prints them as JSON."""

import json
import os
import sys
from pathlib import Path
from typing import Any

PROMPTS = 18
CLIENTS = 16
QUESTION = "what does the {color} {animal} see ?"


def main(model: Path) -> dict[str, Any]:
    """Registers the model, and makes three campaigns: to be judged, to be trained from, to be written for."""
    from django.utils import timezone

    from labeling.actions.campaigns import change_campaign_status, create_campaign
    from labeling.actions.members import add_member
    from labeling.actions.people import create_token, create_user
    from labeling.actions.prompts import PromptDraft, add_prompts
    from tests.training.conftest import add_written_pairs
    from training.actions.versions import promote, register_base_version

    now = timezone.now()

    def person(name: str, role: str) -> tuple[Any, str]:
        user = create_user(username=name, role=role, acting_user=None, now=now)[0]
        return user, create_token(user=user, name="chaos", acting_user=None, now=now)[1]

    lead, lead_token = person("lead", "lead")
    people = [person(f"client-{number}", "annotator") for number in range(CLIENTS)]
    base = register_base_version(name="tiny-base", directory=model, acting_user=None, now=now)
    promote(version=base, acting_user=None, now=now)
    slugs = {}
    for name in ("judged", "trained", "written"):
        campaign = create_campaign(name=name, slug=name, overlap=3, acting_user=lead, now=now)
        slugs[name] = campaign.slug
        questions = [
            QUESTION.format(color=color, animal=animal) for color in ("red", "blue", "old") for animal in "abcdef"
        ]
        drafts = [PromptDraft([{"role": "user", "content": question}]) for question in questions[:PROMPTS]]
        if name != "judged":
            add_prompts(campaign=campaign, prompts=drafts, acting_user=lead, now=now)
        change_campaign_status(campaign=campaign, status="active", acting_user=lead, now=now)
        if name == "trained":
            add_written_pairs(campaign, preference="first")
        for user, _token in people if name == "judged" else ():
            add_member(campaign=campaign, user=user, role="annotator", acting_user=lead, now=now)
    return {"lead": lead_token, "clients": [token for _user, token in people], "slugs": slugs}


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(json.dumps(main(Path(sys.argv[1]))))
