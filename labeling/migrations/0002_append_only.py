"""What happened stays: the database refuses to change or delete events and judgments.

A judgment may be superseded once (`superseded_at` from null to a time) and nothing else about it may change. Row
triggers do not fire for TRUNCATE, which is how test databases are emptied.
"""

from django.db import migrations

EVENTS = """
CREATE FUNCTION labeling_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER labeling_event_append_only BEFORE UPDATE OR DELETE ON labeling_event
    FOR EACH ROW EXECUTE FUNCTION labeling_event_is_append_only();
"""
EVENTS_BACK = """
DROP TRIGGER labeling_event_append_only ON labeling_event;
DROP FUNCTION labeling_event_is_append_only();
"""

# A comparison of whole rows, so that a column added later is protected too.
JUDGMENTS = """
CREATE FUNCTION labeling_judgment_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER labeling_judgment_append_only BEFORE UPDATE OR DELETE ON labeling_judgment
    FOR EACH ROW EXECUTE FUNCTION labeling_judgment_is_append_only();
"""
JUDGMENTS_BACK = """
DROP TRIGGER labeling_judgment_append_only ON labeling_judgment;
DROP FUNCTION labeling_judgment_is_append_only();
"""

# These rows change with every judgment: room on their pages lets PostgreSQL do it without touching indexes.
ROOM = """
ALTER TABLE labeling_comparison SET (fillfactor = 80);
ALTER TABLE labeling_assignment SET (fillfactor = 80);
ALTER TABLE labeling_membership SET (fillfactor = 50);
ALTER TABLE labeling_campaigntally SET (fillfactor = 50);
"""
ROOM_BACK = """
ALTER TABLE labeling_comparison RESET (fillfactor);
ALTER TABLE labeling_assignment RESET (fillfactor);
ALTER TABLE labeling_membership RESET (fillfactor);
ALTER TABLE labeling_campaigntally RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("labeling", "0001_initial")]

    operations = [
        migrations.RunSQL(EVENTS, EVENTS_BACK),
        migrations.RunSQL(JUDGMENTS, JUDGMENTS_BACK),
        migrations.RunSQL(ROOM, ROOM_BACK),
    ]
