import django.db.models.deletion
from django.db import migrations, models


# As before, and the judgments that an import brought are deleted when the import is taken back as a whole.
JUDGMENTS_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION labeling_judgment_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    expected labeling_judgment%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.superseded_at IS NULL THEN
        expected := OLD;
        expected.superseded_at := NEW.superseded_at;
        IF NEW.superseded_at IS NOT NULL AND NEW IS NOT DISTINCT FROM expected THEN
            RETURN NEW;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' AND EXISTS (SELECT FROM labeling_erasure WHERE person_id = OLD.annotator_id) THEN
        expected := OLD;
        expected.comment := '';
        expected.skip_reason := '';
        expected.metadata := NULL;
        IF NEW IS NOT DISTINCT FROM expected THEN
            RETURN NEW;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM labeling_importbatch WHERE id = OLD.batch_id AND status = 'taken_back'
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'judgments are append-only: they can be superseded once, and nothing else'
        USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0014_metadata_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='comparison',
            name='lean',
            field=models.FloatField(db_default=0.0, default=0.0, help_text='The votes that the certainties of imported votes move from b to a: a vote for a with certainty p moves p - 1, one for b moves 1 - p.'),
        ),
        migrations.AddField(
            model_name='importbatch',
            name='judgments',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='New judgments of outside annotators, skips included.'),
        ),
        migrations.AddField(
            model_name='judgment',
            name='batch',
            field=models.ForeignKey(blank=True, db_index=False, help_text='The import that brought it, by an outside annotator; null: it was made here.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='labeling.importbatch'),
        ),
        migrations.AddField(
            model_name='judgment',
            name='certainty',
            field=models.FloatField(blank=True, help_text='Of an imported a or b: p(the choice is right), 0.5..1; null: not stated.', null=True),
        ),
        migrations.AddField(
            model_name='judgment',
            name='metadata',
            field=models.JSONField(blank=True, help_text='Other fields of an imported judgment; null: none.', null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='outside_campaign',
            field=models.ForeignKey(blank=True, help_text='Of an outside annotator: the campaign with the imported judgments; null: not one.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='outside_annotators', to='labeling.campaign'),
        ),
        migrations.AddField(
            model_name='user',
            name='outside_name',
            field=models.CharField(blank=True, db_default='', default='', help_text='The name in the imported file; empty: none.', max_length=150),
        ),
        migrations.RunSQL(JUDGMENTS_APPEND_ONLY, migrations.RunSQL.noop),
    ]
