"""Erasures, and the one way in which a judgment's words can go: blanked, of a person who has such a row."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

JUDGMENTS = """
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
        IF NEW IS NOT DISTINCT FROM expected THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'judgments are append-only: they can be superseded once, and nothing else'
        USING ERRCODE = 'restrict_violation';
END $$;
"""
JUDGMENTS_BACK = """
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
    RAISE EXCEPTION 'judgments are append-only: they can be superseded once, and nothing else'
        USING ERRCODE = 'restrict_violation';
END $$;
"""
ERASURES = """
CREATE FUNCTION labeling_erasure_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'erasures are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER labeling_erasure_append_only BEFORE UPDATE OR DELETE ON labeling_erasure
    FOR EACH ROW EXECUTE FUNCTION labeling_erasure_is_append_only();
"""
ERASURES_BACK = """
DROP TRIGGER labeling_erasure_append_only ON labeling_erasure;
DROP FUNCTION labeling_erasure_is_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0008_recounts_schedule'),
    ]

    operations = [
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('judgments', models.PositiveIntegerField(help_text='Theirs, kept under the pseudonym.')),
                ('comments', models.PositiveIntegerField(help_text='Blanked.')),
                ('tokens', models.PositiveIntegerField(help_text='Deleted.')),
                ('model_versions', models.JSONField(default=list, help_text='Names of those trained on their judgments.')),
                ('by', models.ForeignKey(help_text='null: a command.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='erasure', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.RunSQL(JUDGMENTS, JUDGMENTS_BACK),
        migrations.RunSQL(ERASURES, ERASURES_BACK),
    ]
