"""Prompts are among a campaign's running totals: showing how many there are counts nothing."""

from django.db import migrations, models

COUNT = """
INSERT INTO labeling_campaigntally
    (campaign_id, shard, comparisons, wanted, judgments, settled, conflicts, finished, finished_judgments, prompts)
SELECT campaign_id, 0, 0, 0, 0, 0, 0, 0, 0, count(*) FROM labeling_prompt GROUP BY campaign_id
ON CONFLICT (campaign_id, shard) DO UPDATE SET prompts = excluded.prompts
"""


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0010_attempts_withdrawal'),
    ]

    operations = [
        migrations.AddField(
            model_name='campaigntally',
            name='prompts',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
