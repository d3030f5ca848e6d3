"""All tables of labeling, what the database itself refuses, and the rows that beat reads.

Migrations are only added from here on.
"""

import common.sentences
import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import labeling.models.annotator
import labeling.models.campaign
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# --- By hand: what no model can say ---

# The log of events and of erasures stays as it was written. Row triggers do not fire for TRUNCATE, which is how test
# databases are emptied.
APPEND_ONLY = """
CREATE FUNCTION labeling_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER labeling_event_append_only BEFORE UPDATE OR DELETE ON labeling_event
    FOR EACH ROW EXECUTE FUNCTION labeling_event_is_append_only();

CREATE FUNCTION labeling_erasure_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'erasures are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER labeling_erasure_append_only BEFORE UPDATE OR DELETE ON labeling_erasure
    FOR EACH ROW EXECUTE FUNCTION labeling_erasure_is_append_only();
"""

# A judgment may be superseded once, and the words of somebody who was erased may be blanked; nothing else about it may
# change. Whole rows are compared, so that a column added later is protected too.
JUDGMENTS_APPEND_ONLY = """
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
CREATE TRIGGER labeling_judgment_append_only BEFORE UPDATE OR DELETE ON labeling_judgment
    FOR EACH ROW EXECUTE FUNCTION labeling_judgment_is_append_only();
"""

# These rows change with every judgment: room on their pages lets PostgreSQL do it without touching indexes.
ROOM = """
ALTER TABLE labeling_comparison SET (fillfactor = 80);
ALTER TABLE labeling_assignment SET (fillfactor = 80);
ALTER TABLE labeling_membership SET (fillfactor = 50);
ALTER TABLE labeling_campaigntally SET (fillfactor = 50);
"""

FORGET_FUNCTIONS = """
DROP FUNCTION labeling_event_is_append_only() CASCADE;
DROP FUNCTION labeling_erasure_is_append_only() CASCADE;
"""
FORGET_JUDGMENTS_FUNCTION = "DROP FUNCTION labeling_judgment_is_append_only() CASCADE"

SCHEDULE = (  # name, task, seconds
    ("Labeling: release expired assignments", "labeling.tasks.release_expired", 60),
    ("Labeling: forget replies kept for retries", "labeling.tasks.forget_kept_replies", 3600),
    ("Labeling: send webhook messages that are due", "labeling.tasks.send_due_webhooks", 30),
    ("Labeling: look after recounts of verdicts", "labeling.tasks.sweep_recounts", 60),
)


def add_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule").objects
    rows = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, task, seconds in SCHEDULE:
        interval, _ = intervals.get_or_create(every=seconds, period="seconds")
        # A message that waited longer than this in a stopped system is worth nothing: the next one is there.
        rows.update_or_create(name=name, defaults={"task": task, "interval": interval, "expire_seconds": seconds})


def remove_schedule(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    names = [name for name, _, _ in SCHEDULE]
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('description', models.TextField(blank=True)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('paused', 'Paused'), ('closed', 'Closed'), ('archived', 'Archived')], default='draft', max_length=16)),
                ('scale', models.CharField(choices=[('choice', 'Choice only'), ('strength', 'Choice and strength')], default='choice', max_length=16)),
                ('overlap', models.PositiveSmallIntegerField(default=1, help_text='Independent judgments wanted for each comparison.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)])),
                ('max_overlap', models.PositiveSmallIntegerField(blank=True, help_text='Adaptive overlap: a comparison with an uncertain verdict gets up to this many judgments. Empty: every comparison gets the same number.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)])),
                ('criteria', models.JSONField(blank=True, default=list, help_text='Questions besides the overall choice, in order: [{"name": "helpful", "description": "Which one helps more?", "required": true}, ...].')),
                ('allow_tie', models.BooleanField(default=True)),
                ('allow_both_bad', models.BooleanField(default=True)),
                ('allow_skip', models.BooleanField(default=True, help_text='Whether annotators may skip.')),
                ('skip_reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=labeling.models.campaign.default_skip_reasons, help_text='Reasons to choose from when skipping.', size=None)),
                ('allow_flag', models.BooleanField(default=True, help_text='Whether annotators may flag harm or personal data. A lead must review a flagged comparison.')),
                ('allow_edit', models.BooleanField(default=False, help_text='Whether annotators may improve the winner. Training prefers the improved text to both.')),
                ('blind', models.BooleanField(default=True, help_text='Annotators do not see which model version wrote a completion.')),
                ('order', models.CharField(choices=[('random', 'At random'), ('imported', 'As they came in'), ('newest', 'Newest first')], default='random', help_text='The order of comparisons with the same priority. It applies to those added from now on.', max_length=16)),
                ('may_judge_own', models.BooleanField(default=True, help_text='Whether members are given comparisons that they added themselves.')),
                ('quota', models.PositiveIntegerField(blank=True, help_text='The most judgments of one annotator. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('quota_per_day', models.PositiveIntegerField(blank=True, help_text='The most judgments of one annotator per day. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('prefetch', models.PositiveSmallIntegerField(default=5, help_text='How many comparisons an annotator may hold besides the present one, to judge without waiting or without a network.', validators=[django.core.validators.MaxValueValidator(30)])),
                ('lease_seconds', models.PositiveIntegerField(default=1800, help_text='How long an annotator holds a comparison before it may go to somebody else.', validators=[django.core.validators.MinValueValidator(30)])),
                ('undo_seconds', models.PositiveIntegerField(default=600, help_text='How long an annotator may change or undo a judgment. 0: never.')),
                ('verdict_rule', models.CharField(choices=[('majority', 'Majority'), ('unanimity', 'Unanimity'), ('dawid_skene', 'Dawid-Skene')], default='majority', max_length=16)),
                ('verdict_threshold', models.FloatField(default=0.9, help_text='How certain a verdict must be, for Dawid-Skene to settle it and for adaptive overlap to stop.', validators=[django.core.validators.MinValueValidator(0.51), django.core.validators.MaxValueValidator(0.999)])),
                ('gold_rate', models.FloatField(default=0.0, help_text='The share of gold in what an annotator is given, while some is left for them.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(0.5)])),
                ('gold_action', models.CharField(choices=[('nothing', 'Only count'), ('warn', 'Warn them'), ('pause', 'Pause them')], default='nothing', help_text="The action when an annotator's gold accuracy (the upper end of its 95 % Wilson interval) is below the threshold.", max_length=16)),
                ('gold_threshold', models.FloatField(default=0.7, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)])),
                ('gold_minimum', models.PositiveIntegerField(default=10, help_text='Gold judgments before the accuracy is checked.', validators=[django.core.validators.MinValueValidator(1)])),
                ('retest_rate', models.FloatField(default=0.0, help_text='The share of retests: judged comparisons given to the same annotator again with sides exchanged. They count in no verdict, but show consistency and position bias.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(0.5)])),
                ('retest_after', models.PositiveIntegerField(default=20, help_text='The least number of judgments between a comparison and its retest.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)])),
                ('error_rate', models.FloatField(default=0.25, editable=False, help_text='How often a vote is wrong, estimated from the votes so far, for adaptive overlap.')),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Completion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('text_hash', models.CharField(help_text='SHA-256 of the text.', max_length=64)),
                ('model_version', models.CharField(blank=True, help_text='The name of the model version that wrote it; empty: unknown.', max_length=120)),
                ('seed', models.BigIntegerField(blank=True, null=True)),
                ('sampling', models.JSONField(blank=True, default=dict, help_text='Temperature, top-p and so on, as sent.')),
                ('prompt_token_ids', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), blank=True, null=True, size=None)),
                ('token_ids', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), blank=True, help_text='With EOS if and only if the text ended by itself.', null=True, size=None)),
                ('finish_reason', models.CharField(blank=True, choices=[('stop', 'Ended by itself'), ('length', 'Cut at the token limit'), ('', 'Unknown (imported)')], default='', max_length=8)),
                ('logprob_sum', models.FloatField(blank=True, help_text='In nats, under the version that wrote it.', null=True)),
                ('server', models.CharField(blank=True, help_text='The sampler: the embedded one, or a server.', max_length=200)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('role', models.CharField(choices=[('annotator', 'Annotator'), ('lead', 'Lead'), ('admin', 'Admin')], default='annotator', max_length=16)),
                ('pseudonym', models.CharField(default=labeling.models.annotator.new_pseudonym, max_length=40, unique=True)),
                ('is_simulated', models.BooleanField(default=False, help_text='Judges by a rule, and is not counted as a person.')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='AnnotatorEstimates',
            fields=[
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='annotator_estimates', serialize=False, to='labeling.campaign')),
                ('priors', models.JSONField(help_text='How often each choice is true, over (a, tie, b) or (a, b).')),
                ('confusions', models.JSONField(help_text='P(chose | true) by the id of the annotator: {"7": [[...], ...]}.')),
                ('judgments', models.PositiveIntegerField(help_text='The number of votes behind them.')),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'annotator estimates',
            },
        ),
        migrations.AddField(
            model_name='campaign',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns_created', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('key_hash', models.CharField(max_length=64, unique=True)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('read', 'Read everything that its owner can see'), ('judge', 'Take assignments, judge, undo, settle conflicts'), ('import', 'Import prompts and comparisons'), ('export', 'Export verdicts and the event log'), ('campaigns', 'Create and change campaigns, guidelines and webhooks'), ('people', "Accounts, members, tokens, and the owner's data"), ('train', 'Generate candidates, train, promote, roll back')], max_length=32), default=list, help_text='Its permitted uses.', size=None)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, help_text='When it stops working; null: never.', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Comparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pair_hash', models.CharField(help_text='SHA-256 of the prompt and both texts, so that the same two texts are judged once.', max_length=64)),
                ('external_id', models.CharField(blank=True, help_text='The id in the imported file.', max_length=200)),
                ('status', models.CharField(choices=[('open', 'Open'), ('conflict', 'Conflict'), ('settled', 'Settled'), ('flagged', 'Flagged'), ('retired', 'Retired'), ('gold', 'Gold')], default='open', max_length=16)),
                ('overlap', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)])),
                ('taken', models.PositiveSmallIntegerField(default=0, help_text='Places held by leases and judgments.')),
                ('judged', models.PositiveSmallIntegerField(default=0, help_text='Current judgments that are not skips.')),
                ('votes_a', models.PositiveSmallIntegerField(default=0)),
                ('votes_b', models.PositiveSmallIntegerField(default=0)),
                ('votes_tie', models.PositiveSmallIntegerField(default=0)),
                ('votes_both_bad', models.PositiveSmallIntegerField(default=0)),
                ('priority', models.SmallIntegerField(default=0, help_text='Higher ones are given out first.')),
                ('position', models.FloatField(help_text='Position in the queue, lowest first: random in [0, 1), minus the priority. A single number needs only one index and one cursor.')),
                ('source', models.CharField(blank=True, help_text='Where it comes from: an import, a generation job.', max_length=120)),
                ('created_at', models.DateTimeField()),
                ('added_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='comparisons', to='labeling.campaign')),
                ('completion_a', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='comparisons_as_a', to='labeling.completion')),
                ('completion_b', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='comparisons_as_b', to='labeling.completion')),
            ],
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('judgments', models.PositiveIntegerField(help_text="The person's judgments, kept under the pseudonym.")),
                ('withdrawn', models.PositiveIntegerField(default=0, help_text='How many judgments were withdrawn: all that counted, or none.')),
                ('comments', models.PositiveIntegerField(help_text='Comments that were blanked.')),
                ('tokens', models.PositiveIntegerField(help_text='Tokens that were deleted.')),
                ('model_versions', models.JSONField(default=list, help_text='Names of model versions trained on the judgments.')),
                ('by', models.ForeignKey(help_text='null: a command.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='erasure', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True)),
                ('verb', models.CharField(help_text='Noun and past participle: "campaign.created".', max_length=60)),
                ('subject_type', models.CharField(max_length=40)),
                ('subject_id', models.CharField(max_length=120)),
                ('before', models.JSONField(blank=True, default=dict)),
                ('after', models.JSONField(blank=True, default=dict)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='labeling.campaign')),
            ],
        ),
        migrations.CreateModel(
            name='GuidelineVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('text', models.TextField(help_text='Markdown.')),
                ('created_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='guideline_versions', to='labeling.campaign')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('normal', 'Normal'), ('gold', 'Gold'), ('retest', 'Retest')], default='normal', max_length=8)),
                ('slot', models.PositiveSmallIntegerField(help_text='The place it holds, from 1 to the overlap; null: none.', null=True)),
                ('left', models.CharField(choices=[('a', 'a'), ('b', 'b')], help_text='The completion on the left.', max_length=1)),
                ('status', models.CharField(choices=[('leased', 'Leased'), ('judged', 'Judged'), ('skipped', 'Skipped'), ('released', 'Released')], default='leased', max_length=16)),
                ('leased_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='labeling.campaign')),
                ('comparison', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='labeling.comparison')),
                ('guideline_version', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='labeling.guidelineversion')),
            ],
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('annotator', 'Annotator'), ('expert', 'Expert'), ('lead', 'Lead')], default='annotator', max_length=16)),
                ('note', models.CharField(blank=True, help_text='For whom it is. Only leads see this.', max_length=120)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('max_uses', models.PositiveIntegerField(blank=True, help_text='Empty: any number of people.', null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('uses', models.PositiveIntegerField(default=0)),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='labeling.campaign')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Judgment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('normal', 'Normal'), ('gold', 'Gold'), ('retest', 'Retest')], default='normal', help_text='Only normal judgments are votes. Gold and retests count in no verdict and no agreement.', max_length=8)),
                ('choice', models.CharField(choices=[('a', 'a is better'), ('b', 'b is better'), ('tie', 'Equally good'), ('both_bad', 'Both bad'), ('skip', 'Skipped')], max_length=8)),
                ('strength', models.PositiveSmallIntegerField(blank=True, help_text='1 slightly, 2 clearly, 3 much better; null: not asked.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3)])),
                ('criteria', models.JSONField(blank=True, default=dict, help_text='{"helpful": "a"|"b"|"tie", ...}')),
                ('comment', models.TextField(blank=True)),
                ('edit', models.TextField(blank=True, db_default='', default='', help_text='The winner, improved by the annotator: better than both completions.')),
                ('skip_reason', models.CharField(blank=True, max_length=80)),
                ('flag', models.CharField(blank=True, choices=[('harm', 'Harmful'), ('personal_data', 'Personal data')], help_text='Only with a skip.', max_length=16)),
                ('seconds', models.FloatField(blank=True, help_text='How long it was on display in a visible tab.', null=True)),
                ('left', models.CharField(choices=[('a', 'a'), ('b', 'b')], help_text='The completion that was on the left.', max_length=1)),
                ('key', models.CharField(help_text='Chosen by the client. A retry with the same key is the same judgment.', max_length=64)),
                ('created_at', models.DateTimeField()),
                ('superseded_at', models.DateTimeField(blank=True, help_text='When undone or changed; null: it counts.', null=True)),
                ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='judgments', to=settings.AUTH_USER_MODEL)),
                ('assignment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='judgments', to='labeling.assignment')),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='judgments', to='labeling.campaign')),
                ('comparison', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='judgments', to='labeling.comparison')),
                ('guideline_version', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='labeling.guidelineversion')),
            ],
        ),
        migrations.CreateModel(
            name='KeptReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key_hash', models.CharField(help_text='SHA-256 of the key, since secrets are made of keys.', max_length=64)),
                ('request_hash', models.CharField(blank=True, help_text='SHA-256 of method, address and body.', max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('body', models.TextField(blank=True, help_text='JSON without secrets; they are made of the key again.')),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('annotator', 'Annotator'), ('expert', 'Expert'), ('lead', 'Lead')], default='annotator', max_length=16)),
                ('cursor', models.FloatField(default=-1000000000.0, help_text='Queue position of the last comparison given out. The search for the next one starts here, so it does not walk over those judged already.')),
                ('left_balance', models.IntegerField(default=0, help_text='How often a was on the left, minus how often b was; kept near zero.')),
                ('judged', models.PositiveIntegerField(default=0, help_text='Current judgments of this person, of every kind, without skips.')),
                ('judged_on', models.DateField(blank=True, help_text='The day of judged_today.', null=True)),
                ('judged_today', models.PositiveIntegerField(default=0)),
                ('gold_right', models.PositiveIntegerField(default=0, help_text='How many of gold_total were correct.')),
                ('gold_total', models.PositiveIntegerField(default=0, help_text='Judgments of gold since the last pause or warning was lifted, or since joining.')),
                ('warned_at', models.DateTimeField(blank=True, help_text='Since when the gold accuracy has been too low.', null=True)),
                ('paused_at', models.DateTimeField(blank=True, help_text='Since when they have been paused.', null=True)),
                ('created_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='labeling.campaign')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='campaign',
            name='members',
            field=models.ManyToManyField(related_name='campaigns', through='labeling.Membership', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='Prompt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('messages', models.JSONField(help_text='[{"role": "system|user|assistant", "content": "..."}], ending with the user.')),
                ('messages_hash', models.CharField(help_text='SHA-256 of the canonical messages.', max_length=64)),
                ('external_id', models.CharField(blank=True, help_text='The id in the imported file.', max_length=200)),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('created_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='prompts', to='labeling.campaign')),
            ],
        ),
        migrations.AddField(
            model_name='completion',
            name='prompt',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='completions', to='labeling.prompt'),
        ),
        migrations.AddField(
            model_name='comparison',
            name='prompt',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comparisons', to='labeling.prompt'),
        ),
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('winner', models.CharField(choices=[('a', 'a'), ('b', 'b'), ('tie', 'Tie'), ('both_bad', 'Both bad')], max_length=8)),
                ('confidence', models.FloatField(help_text='p(chosen > rejected), or p(tie).', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)])),
                ('votes', models.JSONField(default=dict, help_text='The number of judgments for each choice: {"a": 2, "b": 1}.')),
                ('settled_by', models.CharField(choices=[('majority', 'Majority of the judgments'), ('unanimity', 'All judgments agree'), ('dawid_skene', 'Dawid-Skene: judgments weighted by annotator'), ('adjudication', 'Decided by an expert'), ('import', 'Imported')], max_length=16)),
                ('reason', models.TextField(blank=True, help_text='The reason that the expert gave.')),
                ('settled_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='verdicts', to='labeling.campaign')),
                ('comparison', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='verdict', to='labeling.comparison')),
                ('settled_by_user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='VerdictRecount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('rule', 'The rule changed'), ('judgments', "New judgments changed the annotators' estimates")], max_length=16)),
                ('rule', models.JSONField(help_text='The rule to apply, its threshold, and those before.')),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('replaced', 'Replaced')], default='waiting', max_length=16)),
                ('total', models.PositiveIntegerField(default=0, help_text='Comparisons to recount.')),
                ('done', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0, help_text='Comparisons whose winner changed.')),
                ('last_comparison', models.BigIntegerField(default=0, help_text='The id of the last comparison that is done.')),
                ('before', models.JSONField(default=dict, help_text='Comparisons by winner, in conflict and open, at its start.')),
                ('after', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('beat_at', models.DateTimeField(help_text='When a worker last wrote to it.')),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recounts', to='labeling.campaign')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(help_text='The address: http:// or https://.', max_length=500)),
                ('event_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), help_text='The types of messages that it receives.', size=None)),
                ('secret', models.CharField(help_text='whsec_ and base64. Signing needs it, not its hash.', max_length=120)),
                ('previous_secret', models.CharField(blank=True, max_length=120)),
                ('previous_until', models.DateTimeField(blank=True, help_text='Until then messages are also signed with the previous secret.', null=True)),
                ('is_active', models.BooleanField(default=True)),
                ('disabled_reason', common.sentences.SentenceField(blank=True, default=common.sentences.Sentence, help_text='Why the system switched it off.')),
                ('created_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='labeling.campaign')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=60)),
                ('message_id', models.CharField(help_text='The same in every attempt.', max_length=60, unique=True)),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('delivered', 'Delivered'), ('given_up', 'Given up')], default='waiting', max_length=12)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(help_text='When the next attempt is due.')),
                ('created_at', models.DateTimeField()),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('http_status', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('seconds', models.FloatField(blank=True, null=True)),
                ('excerpt', models.CharField(blank=True, help_text='The beginning of the response.', max_length=500)),
                ('error', common.sentences.SentenceField(blank=True, default=common.sentences.Sentence, help_text='Why there was no response.')),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='labeling.event')),
                ('webhook', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='labeling.webhook')),
            ],
            options={
                'verbose_name_plural': 'webhook deliveries',
            },
        ),
        migrations.CreateModel(
            name='WebhookAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('http_status', models.PositiveSmallIntegerField(blank=True, help_text='null: there was no response.', null=True)),
                ('seconds', models.FloatField(help_text='How long the attempt took.')),
                ('excerpt', models.CharField(blank=True, help_text='The beginning of the response.', max_length=500)),
                ('error', common.sentences.SentenceField(blank=True, default=common.sentences.Sentence, help_text='Why there was no response.')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='log', to='labeling.webhookdelivery')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='CampaignTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shard', models.PositiveSmallIntegerField()),
                ('comparisons', models.IntegerField(default=0, help_text='Without retired, flagged and gold ones.')),
                ('wanted', models.IntegerField(default=0, help_text='All judgments wanted: the sum of overlaps.')),
                ('judgments', models.IntegerField(default=0, help_text='Current judgments that are not skips.')),
                ('settled', models.IntegerField(default=0)),
                ('conflicts', models.IntegerField(default=0)),
                ('finished', models.IntegerField(default=0)),
                ('finished_judgments', models.IntegerField(default=0)),
                ('prompts', models.IntegerField(db_default=0, default=0)),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tallies', to='labeling.campaign')),
            ],
            options={
                'verbose_name_plural': 'campaign tallies',
                'constraints': [models.UniqueConstraint(fields=('campaign', 'shard'), name='campaign_tally_shard_once')],
            },
        ),
        migrations.CreateModel(
            name='Gold',
            fields=[
                ('comparison', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='gold', serialize=False, to='labeling.comparison')),
                ('winner', models.CharField(choices=[('a', 'a'), ('b', 'b'), ('tie', 'Tie'), ('both_bad', 'Both bad')], max_length=8)),
                ('reason', models.TextField(blank=True, help_text='Why this is the right verdict.')),
                ('set_at', models.DateTimeField()),
                ('set_by', models.ForeignKey(blank=True, help_text='Is never given it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'gold',
            },
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['campaign', 'at'], name='event_campaign_time'),
        ),
        migrations.AddConstraint(
            model_name='guidelineversion',
            constraint=models.UniqueConstraint(fields=('campaign', 'number'), name='guideline_version_once'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('status', 'leased')), fields=['expires_at'], name='assignment_expiry'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('status', 'leased')), fields=['annotator', 'campaign'], name='assignment_open'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'retest'), _negated=True), fields=('comparison', 'annotator'), name='assignment_once_per_annotator'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'retest')), fields=('comparison', 'annotator'), name='assignment_retest_once'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('comparison', 'slot'), name='assignment_slot_once'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'normal'), ('slot__isnull', False), ('status__in', ['leased', 'judged'])), models.Q(('kind', 'normal'), ('slot__isnull', True), ('status__in', ['skipped', 'released'])), models.Q(('kind__in', ['gold', 'retest']), ('slot__isnull', True)), _connector='OR'), name='assignment_slot_iff_it_holds_a_place'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('max_uses__isnull', True), ('uses__lte', models.F('max_uses')), _connector='OR'), name='invitation_not_used_too_often'),
        ),
        migrations.AddIndex(
            model_name='judgment',
            index=models.Index(fields=['campaign', 'created_at'], name='judgment_campaign_time'),
        ),
        migrations.AddIndex(
            model_name='judgment',
            index=models.Index(condition=models.Q(('superseded_at__isnull', True)), fields=['comparison'], name='judgment_current'),
        ),
        migrations.AddIndex(
            model_name='judgment',
            index=models.Index(fields=['annotator', 'campaign', 'created_at'], name='judgment_annotator_time'),
        ),
        migrations.AddIndex(
            model_name='judgment',
            index=models.Index(condition=models.Q(('edit', ''), _negated=True), fields=['comparison'], name='judgment_with_edit'),
        ),
        migrations.AddConstraint(
            model_name='judgment',
            constraint=models.UniqueConstraint(fields=('annotator', 'key'), name='judgment_key_once'),
        ),
        migrations.AddConstraint(
            model_name='judgment',
            constraint=models.UniqueConstraint(condition=models.Q(('superseded_at__isnull', True)), fields=('assignment',), name='judgment_current_once'),
        ),
        migrations.AddConstraint(
            model_name='keptreply',
            constraint=models.UniqueConstraint(fields=('user', 'key_hash'), name='kept_reply_once'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('campaign', 'user'), name='membership_once'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('gold_right__lte', models.F('gold_total'))), name='membership_gold_right_of_total'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('overlap__gte', 1)), name='campaign_overlap_at_least_1'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('max_overlap__isnull', True), ('max_overlap__gte', models.F('overlap')), _connector='OR'), name='campaign_max_overlap_not_below_overlap'),
        ),
        migrations.AddConstraint(
            model_name='prompt',
            constraint=models.UniqueConstraint(fields=('campaign', 'messages_hash'), name='prompt_once_per_campaign'),
        ),
        migrations.AddIndex(
            model_name='completion',
            index=models.Index(fields=['model_version', 'prompt'], name='completion_version_prompt'),
        ),
        migrations.AddConstraint(
            model_name='completion',
            constraint=models.UniqueConstraint(fields=('prompt', 'text_hash', 'model_version', 'seed'), name='completion_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='comparison',
            index=models.Index(condition=models.Q(('status', 'open'), ('taken__lt', models.F('overlap'))), fields=['campaign', 'position'], name='comparison_queue'),
        ),
        migrations.AddIndex(
            model_name='comparison',
            index=models.Index(fields=['campaign', 'status'], name='comparison_campaign_status'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.UniqueConstraint(fields=('campaign', 'pair_hash'), name='comparison_once'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(('taken__lte', models.F('overlap'))), name='comparison_never_over_labeled'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(('judged__lte', models.F('taken'))), name='comparison_judged_holds_a_place'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(('judged', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('votes_a'), '+', models.F('votes_b')), '+', models.F('votes_tie')), '+', models.F('votes_both_bad')))), name='comparison_judged_is_its_votes'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(('completion_a', models.F('completion_b')), _negated=True), name='comparison_of_two'),
        ),
        migrations.AddIndex(
            model_name='verdict',
            index=models.Index(fields=['campaign', 'settled_at'], name='verdict_campaign_time'),
        ),
        migrations.AddConstraint(
            model_name='verdictrecount',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['waiting', 'running'])), fields=('campaign',), name='recount_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('status', 'waiting')), fields=['due_at'], name='webhook_delivery_due'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['webhook', '-id'], name='webhook_delivery_newest'),
        ),
        # By hand
        migrations.RunSQL(APPEND_ONLY, FORGET_FUNCTIONS),
        migrations.RunSQL(JUDGMENTS_APPEND_ONLY, FORGET_JUDGMENTS_FUNCTION),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
        migrations.RunPython(add_schedule, remove_schedule),
    ]
