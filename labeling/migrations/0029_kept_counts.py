"""Counts of large campaigns that a worker makes for their statistics."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0028_indexes_of_large_campaigns'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptCounts',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(help_text='SHA-256 of the limits of the slice.', max_length=64)),
                ('limits', models.JSONField(help_text='The limits of the slice.')),
                ('asked_at', models.DateTimeField(help_text='When somebody last wanted newer ones.')),
                ('started_at', models.DateTimeField(help_text='When a worker began to count; null: nobody counts.', null=True)),
                ('counted_at', models.DateTimeField(help_text='The time of the counts; null: there are none.', null=True)),
                ('counted', models.JSONField(help_text='The counts, what they are about, and the seconds it took.', null=True)),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='kept_counts', to='labeling.campaign')),
            ],
            options={
                'verbose_name_plural': 'kept counts',
                'constraints': [models.UniqueConstraint(fields=('campaign', 'part'), name='kept_counts_once')],
            },
        ),
    ]
