"""The people that a lead can add to a campaign."""

from collections.abc import Collection

from django.db.models import QuerySet

from labeling.models import User


def addable_people(*, search: str = "", besides: Collection[int] = ()) -> QuerySet[User]:
    """Active accounts of people, by name. search: part of a user name. besides: ids to leave out."""
    people = User.objects.filter(is_active=True, is_simulated=False).exclude(pk__in=besides).order_by("username")
    return people.filter(username__icontains=search) if search else people
