"""Groups of annotators, as leads declare them. A grouping puts each annotator in at most one of its groups."""

from django.db import models

from labeling.models.annotator import User
from labeling.models.campaign import Campaign


class Grouping(models.Model):
    """One way to group a campaign's annotators: by region, by training, or as a search found them."""

    NAME_CHARACTERS = 60

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="groupings")
    name = models.CharField(max_length=NAME_CHARACTERS)
    was_found = models.BooleanField(
        default=False, help_text="Whether its groups were found in the votes; figures on these votes then flatter it."
    )
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(help_text="When it was declared or changed last.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "name"], name="grouping_once"),)

    def __str__(self) -> str:
        return self.name


class AnnotatorGroup(models.Model):
    """One group of a grouping."""

    NAME_CHARACTERS = 60

    grouping = models.ForeignKey(Grouping, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=NAME_CHARACTERS)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["grouping", "name"], name="annotator_group_once"),)

    def __str__(self) -> str:
        return f"{self.grouping}/{self.name}"


class GroupMember(models.Model):
    """An annotator in a group. The grouping stands here too, for the constraint that puts nobody in two groups."""

    grouping = models.ForeignKey(Grouping, on_delete=models.CASCADE, related_name="members")
    group = models.ForeignKey(AnnotatorGroup, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="group_memberships")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["grouping", "person"], name="group_member_once"),)

    def __str__(self) -> str:
        return f"{self.person} in {self.group}"
