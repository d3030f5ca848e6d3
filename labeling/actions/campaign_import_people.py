"""The people of an imported campaign: accounts that nobody can sign in to, and their memberships."""

from collections import Counter
from datetime import datetime
from typing import Any

from common.phrases import gettext_noop
from labeling.actions.campaign_import_checks import Known, WrongLine, check_row, moment, moment_or_none
from labeling.events.record import record
from labeling.exchange import JsonObject
from labeling.models import Campaign, GuidelineReading, Membership, User
from labeling.queries.campaign_record import MEMBERSHIP_TIMES

Line = tuple[int, JsonObject]


class CampaignPeople:
    """Writes the annotators of a campaign that exists already. people: by pseudonym in the file.

    renamed: pseudonyms that other people here have, with the new ones. judged, gold: counts of their judgments, and of
    those of gold by whether they are right, which the caller adds to. line: the last line that was looked at.
    """

    def __init__(self, campaign: Campaign, acting_user: User, now: datetime) -> None:
        self.campaign, self.acting_user, self.now = campaign, acting_user, now
        self.line = 1
        self.people: dict[str, User] = Known(gettext_noop("there is no annotator %(name)s before it"))
        self.renamed: dict[str, str] = {}
        self.judged: Counter[int] = Counter()
        self.gold: Counter[tuple[int, bool]] = Counter()
        self._members: list[Membership] = []

    def write(self, number: int, values: JsonObject, versions: dict[int, int]) -> None:
        """Writes one annotator. versions: the keys of the guidelines by number. Raises WrongLine, ValidationError."""
        pseudonym = values["pseudonym"]
        if pseudonym in self.people:
            text = gettext_noop("Line %(line)s: the annotator %(name)s occurs twice.")
            raise WrongLine(number, text, name=repr(pseudonym))
        person = User(is_simulated=values["is_simulated"], is_active=False, date_joined=self.now)
        # An account of that name may be a real person's, whom a file must not make say anything.
        if User.objects.filter(pseudonym=pseudonym).exists():
            self.renamed[pseudonym] = person.pseudonym
        else:
            person.pseudonym = pseudonym
        person.username = f"imported-{person.pseudonym}"
        if values.get("is_outside", False):
            person.outside_campaign, person.outside_name = self.campaign, pseudonym
        person.set_unusable_password()
        check_row(number, person)
        person.save(force_insert=True)
        after = {"person": person.pseudonym, "is_simulated": person.is_simulated}
        record("user.created", person, acting_user=self.acting_user, now=self.now, after=after)
        self.people[pseudonym] = person
        self._note_member(number, person, values)
        GuidelineReading.objects.bulk_create(
            GuidelineReading(version_id=versions[one["number"]], annotator=person, read_at=moment(one["read_at"]))
            for one in values.get("readings", [])
        )

    def write_members(self) -> None:
        """Makes the people members as they were, with their counts."""
        for member in self._members:
            member.judged = self.judged[member.user_id]
            member.gold_right = self.gold[member.user_id, True]
            member.gold_total = member.gold_right + self.gold[member.user_id, False]
        Membership.objects.bulk_create(self._members)

    def named(self, pseudonym: str | None) -> User | None:
        """The person of that pseudonym in the file; None: it names nobody. Raises NotBefore."""
        return None if pseudonym is None else self.people[pseudonym]

    def renamed_in(self, value: Any) -> Any:
        """A JSON value with the pseudonyms that people have here."""
        if isinstance(value, dict):
            return {name: self.renamed_in(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.renamed_in(one) for one in value]
        return self.renamed.get(value, value) if isinstance(value, str) else value

    def _note_member(self, number: int, person: User, values: JsonObject) -> None:
        given = values.get("membership", {})  # files of earlier versions have judges alone, all of them members
        if given is None or person.is_outside:
            return
        times = {name: moment_or_none(given.get(name)) for name in MEMBERSHIP_TIMES}
        times["created_at"] = times["created_at"] or self.now
        stated = {name: given[name] for name in ("role", "read_version") if name in given}
        member = Membership(campaign=self.campaign, user=person, **stated, **times)
        check_row(number, member)
        self._members.append(member)
