"""Why a file cannot be read becomes a sentence in the language of its reader. Stored texts stay as they are."""

import common.sentences
from django.db import migrations, models

FORWARD = """
ALTER TABLE labeling_importbatch
ALTER COLUMN error TYPE jsonb USING jsonb_build_object('text', error, 'values', '{}'::jsonb)
"""
BACK = "ALTER TABLE labeling_importbatch ALTER COLUMN error TYPE text USING error ->> 'text'"


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0021_completions_of_several_turns'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, BACK)],
            state_operations=[
                migrations.AlterField(
                    model_name='importbatch',
                    name='error',
                    field=common.sentences.SentenceField(blank=True, default=common.sentences.Sentence, help_text='Of a preview: why the file cannot be read in this way.'),
                ),
            ],
        ),
        migrations.AlterField(
            model_name='importbatch',
            name='rejected',
            field=models.JSONField(default=list, help_text='The first refused records: line, reason with its template and values, beginning.'),
        ),
    ]
