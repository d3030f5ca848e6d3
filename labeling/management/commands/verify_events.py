"""Verifies the event log: `manage.py verify_events --seal 1200:5f1d…` names the first event that was tampered with."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.events.chain import (
    CHANGED,
    INSERTED,
    LINK_MISSING,
    OTHER_SEAL,
    OUT_OF_ORDER,
    REMOVED,
    Break,
    Seal,
    Verified,
    verify,
)

SENTENCES = {
    CHANGED: "Event {event} was changed, or its link {number} of the chain was.",
    REMOVED: "Event {event} was removed. It was number {number} of the chain.",
    INSERTED: "Event {event} was inserted later: number {number} of the chain is a newer event.",
    OUT_OF_ORDER: "Event {event} is not in its place: number {number} of the chain is out of order.",
    LINK_MISSING: "Number {number} of the chain is missing.",
    OTHER_SEAL: "The chain differs from the seal at number {number}: events were changed, or an older state restored.",
}


class Command(BaseCommand):
    help = "Compare all events with the chain of their hashes. Exit with 1 and name the first that was tampered with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seal", type=_seal, help="a seal that was kept elsewhere, as seal_events prints it")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, seal: Seal | None, **options: Any) -> None:
        verified = verify(seal)
        if options["json"]:
            self.stdout.write(json.dumps(_as_dict(verified)))
        elif not verified.found:
            self.stdout.write(_in_order(verified))
        if verified.found:
            raise CommandError(_sentence(verified.found))


def _seal(text: str) -> Seal:
    try:
        return Seal.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _sentence(found: Break) -> str:
    return SENTENCES[found.kind].format(event=found.event, number=found.number)


def _in_order(verified: Verified) -> str:
    sealed = "Nothing is sealed yet." if verified.seal is None else f"All sealed events are in order: {verified.seal}."
    return f"{sealed} Events that wait for their seal: {verified.unsealed}." if verified.unsealed else sealed


def _as_dict(verified: Verified) -> dict[str, Any]:
    found = verified.found
    return {
        "in_order": found is None,
        "seal": verified.seal and str(verified.seal),
        "unsealed": verified.unsealed,
        "found": found and {"kind": found.kind, "number": found.number, "event": found.event},
        "sentence": found and _sentence(found),
    }
