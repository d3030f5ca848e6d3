"""A completion may have turns. A new nullable column; the other operations change help texts only."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0020_index_texts_after_imports'),
    ]

    operations = [
        migrations.AddField(
            model_name='completion',
            name='turns',
            field=models.JSONField(blank=True, help_text='The messages of a completion that is more than one text; null: it is a text.', null=True),
        ),
        migrations.AlterField(
            model_name='completion',
            name='text',
            field=models.TextField(help_text='Of a completion with turns, these as one text.'),
        ),
        migrations.AlterField(
            model_name='completion',
            name='text_hash',
            field=models.CharField(help_text='SHA-256 of the text, or of the turns.', max_length=64),
        ),
        migrations.AlterField(
            model_name='prompt',
            name='messages',
            field=models.JSONField(help_text='[{"role": "system|user|assistant|tool", "content": "..."}], ending with the user or a tool, with calls of tools and the tools that are offered as in labeling.exchange.turns.'),
        ),
    ]
