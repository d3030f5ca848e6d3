"""The events of one row, and those of a rare verb, are found without reading judgments. Built without blocking writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('labeling', '0035_must_change_password'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(condition=models.Q(('subject_type', 'judgment'), _negated=True), fields=['subject_type', 'subject_id', 'id'], name='event_subject'),
        ),
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(condition=models.Q(('subject_type', 'judgment'), _negated=True), fields=['campaign', 'verb', 'id'], name='event_verb'),
        ),
        migrations.AlterField(
            model_name='bulkact',
            name='kind',
            field=models.CharField(choices=[('retire', 'Retire'), ('restore', 'Restore'), ('ask_again', 'Request more judgments'), ('prioritise', 'Put first in the queue'), ('normal', 'Back to the normal queue'), ('overlap', 'Apply the new overlap')], max_length=16),
        ),
    ]
