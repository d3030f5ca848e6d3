"""Pairs, flags and disagreements are found without reading a whole campaign. Built without blocking writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0027_rights_follow_the_role'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='verdict',
            index=models.Index(condition=models.Q(('winner__in', ['a', 'b'])), fields=['campaign', 'settled_at'], name='verdict_pair_time'),
        ),
        AddIndexConcurrently(
            model_name='judgment',
            index=models.Index(condition=models.Q(('flag', ''), _negated=True), fields=['comparison'], name='judgment_with_flag'),
        ),
        AddIndexConcurrently(
            model_name='comparison',
            index=models.Index(condition=models.Q(models.Q(('votes_a__gt', 0), ('votes_b__gt', 0)), models.Q(('votes_a__gt', 0), models.Q(('votes_tie__gt', 0), ('votes_both_bad__gt', 0), _connector='OR')), models.Q(('votes_b__gt', 0), models.Q(('votes_tie__gt', 0), ('votes_both_bad__gt', 0), _connector='OR')), _connector='OR'), fields=['campaign', 'id'], name='comparison_differing'),
        ),
    ]
