"""Gates by people: `manage.py people_gate open VERSION`, `show GATE`, `cancel GATE`, `join GATE`, `hold CAMPAIGN`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from training.actions.held_prompts import hold_prompts
from training.actions.people_gate_votes import join_votes
from training.actions.people_gates import PeopleGateSpec, cancel_people_gate, open_people_gate
from training.models import ModelVersion, PeopleGate
from training.queries.held_prompts import held_prompts
from training.queries.people_gates import as_json, reason_of


class Command(BaseCommand):
    help = "Open, show or cancel a gate by people: a blind test of a version against the one that serves."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="do", required=True)
        start = commands.add_parser("open", help="have both versions write texts for people to compare")
        start.add_argument("version", metavar="VERSION", help="name of the version")
        start.add_argument("--campaign", metavar="CAMPAIGN", help="default: the campaign that trained it")
        start.add_argument("--worth", type=float, default=0.60, help="win rate worth a promotion, at most 0.95")
        start.add_argument("--error", type=float, default=0.05, help="risk of a wrong decision, at most 0.1")
        start.add_argument("--votes-per-prompt", type=int, default=1, help="planned votes on each prompt")
        start.add_argument("--most-votes", type=int, default=600, help="it ends undecided after so many")
        start.add_argument("--leads-see-versions", action="store_true", help="leads see which version wrote a text")
        for name, text in (
            ("show", "print how a gate stands"),
            ("cancel", "end a gate without a decision"),
            ("join", "add the votes of a decided gate to the training pool"),
        ):
            commands.add_parser(name, help=text).add_argument(
                "gate", type=int, metavar="GATE", help="number of the gate"
            )
        hold = commands.add_parser("hold", help="hold a share of a campaign's prompts for its gates")
        hold.add_argument("campaign", metavar="CAMPAIGN", help="slug of the campaign")
        hold.add_argument("share", type=float, metavar="SHARE", help="0 to 0.5")
        for command in commands.choices.values():
            command.add_argument("--json", action="store_true", help="print one JSON object")
            add_acting_user(command)

    def handle(self, *args: Any, **options: Any) -> None:
        user, now = acting_user(options["acting_user"]), timezone.now()
        with domain_errors():
            if options["do"] == "hold":
                campaign = campaign_named(options["campaign"])
                row = hold_prompts(campaign=campaign, share=options["share"], acting_user=user, now=now)
                found = {"share": row.share, "prompts": len(held_prompts(campaign))}
                text = f"{found['prompts']} prompts of {campaign.slug} are held for its gates by people."
                self.stdout.write(json.dumps(found) if options["json"] else text)
                return
            if options["do"] == "open":
                gate = self._open(options, user, now)
            else:
                gate = _gate(options["gate"])
            if options["do"] == "cancel":
                gate = cancel_people_gate(gate=gate, acting_user=user, now=now)
            elif options["do"] == "join":
                join_votes(gate=gate, acting_user=user, now=now)
                gate.refresh_from_db()
        values = as_json(gate)
        if options["json"]:
            self.stdout.write(json.dumps(values))
            return
        self.stdout.write(f"Gate by people {gate.pk} of {gate.campaign.slug}: {gate.candidate} against {gate.serving}.")
        self.stdout.write(str(reason_of(gate)))
        if values["expected_votes"] is not None:
            self.stdout.write(f"It is expected to need {values['expected_votes']:.0f} more votes.")

    def _open(self, options: dict[str, Any], user: Any, now: Any) -> PeopleGate:
        version = ModelVersion.objects.select_related("run__campaign").filter(name=options["version"]).first()
        if version is None:
            raise CommandError(f"There is no model version {options['version']}.")
        if options["campaign"]:
            campaign = campaign_named(options["campaign"])
        elif version.run is not None:
            campaign = version.run.campaign
        else:
            raise CommandError(f"{version.name} comes from no training run: name the campaign with --campaign.")
        spec = PeopleGateSpec(
            worth=options["worth"],
            error=options["error"],
            votes_per_prompt=options["votes_per_prompt"],
            most_votes=options["most_votes"],
            hides_from_leads=not options["leads_see_versions"],
        )
        return open_people_gate(campaign=campaign, candidate=version, acting_user=user, now=now, spec=spec)


def _gate(number: int) -> PeopleGate:
    gate = PeopleGate.objects.select_related("campaign", "candidate", "serving").filter(pk=number).first()
    if gate is None:
        raise CommandError(f"There is no gate by people {number}.")
    return gate
