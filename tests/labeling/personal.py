"""People whose data is exported, erased or withdrawn."""

from labeling.actions.people import create_token
from tests.people import NOON, Stage, stage


def judged_with_comments() -> Stage:
    """Alice and Bob have judged two comparisons each, with comments; Alice has a token and an e-mail address."""
    scene = stage(comparisons=2, overlap=2)
    for user, winners in ((scene.alice, "ab"), (scene.bob, "aa")):
        for winner in winners:
            scene.vote(scene.given(user), winner, comment="My name is Alice.")
    scene.alice.email = "alice@example.org"
    scene.alice.save()
    create_token(user=scene.alice, name="laptop", acting_user=scene.alice, now=NOON)
    return scene
