"""Certificates of gate decisions: `manage.py certificate show DECISION`, `manage.py certificate verify FILE`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.management.base import hashed_file
from training.models import GateDecision, certificate_file, certificate_hash
from training.queries.people_gates import trouble_with_votes


class Command(BaseCommand):
    help = "Print the certificate of a gate's decision, or compare a certificate file with the database."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="do", required=True)
        show = commands.add_parser("show", help="print the certificate of a decision")
        show.add_argument("decision", type=int, metavar="DECISION", help="number of the decision, as its page shows it")
        verify = commands.add_parser("verify", help="compare a certificate file with the rows")
        verify.add_argument("file", type=Path, metavar="FILE", help="a certificate, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["do"] == "show":
            self.stdout.write(certificate_file(_decision(options["decision"])).decode(), ending="")
            return
        given = _read(options["file"])
        if certificate_hash(given["certificate"]) != given["sha256"]:
            raise CommandError(f"{options['file']} was changed: its hash is not that of its content.")
        decision = _decision(given["decision"])
        if certificate_hash(decision.certificate()) != decision.certificate_hash:
            raise CommandError(f"Decision {decision.pk} was changed in the database: its rows do not give its hash.")
        if decision.certificate_hash != given["sha256"]:
            raise CommandError(f"Decision {decision.pk} has another certificate: this file is not of this database.")
        for figures in (decision.figures, *(other.get("figures", {}) for other in decision.others)):
            if trouble := trouble_with_votes(figures, decision.version):
                raise CommandError(f"Decision {decision.pk}: {trouble}")
        people = decision.figures.get("people_gate")
        self.stdout.write(f"Decision {decision.pk} about {decision.version.name} is as it was certified.")
        if people:
            self.stdout.write(f"The evidence of its gate by people follows from its {people['cast']} votes.")


def _decision(number: int) -> GateDecision:
    decisions = GateDecision.objects.select_related("gate__campaign", "run__snapshot", "version", "by")
    decision = decisions.filter(pk=number).first()
    if decision is None:
        raise CommandError(f"There is no gate decision {number}.")
    if not decision.certificate_hash:
        raise CommandError(f"Decision {number} is older than certificates: it has none.")
    return decision


def _read(file: Path) -> dict[str, Any]:
    names = {"certificate": dict, "decision": int, "sha256": str}
    given = hashed_file(file, names)
    if any(not isinstance(given.get(name), kind) for name, kind in names.items()):
        raise CommandError(f"{file} is no certificate: it needs certificate, decision and sha256.")
    return given
