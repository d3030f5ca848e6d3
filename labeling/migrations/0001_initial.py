import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import labeling.models.annotator
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Completion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('text_hash', models.CharField(help_text='SHA-256 of the text.', max_length=64)),
                ('model_version', models.CharField(blank=True, help_text='Name of the model version that wrote it; empty: not known.', max_length=120)),
                ('seed', models.BigIntegerField(blank=True, null=True)),
                ('sampling', models.JSONField(blank=True, default=dict, help_text='Temperature, top-p and so on, as sent.')),
                ('prompt_token_ids', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), blank=True, null=True, size=None)),
                ('token_ids', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), blank=True, help_text='With EOS if and only if it ended.', null=True, size=None)),
                ('finish_reason', models.CharField(blank=True, choices=[('stop', 'Ended by itself'), ('length', 'Cut at the token limit'), ('', 'Unknown (imported)')], default='', max_length=8)),
                ('logprob_sum', models.FloatField(blank=True, help_text='Nats, under the version that wrote it.', null=True)),
                ('server', models.CharField(blank=True, help_text='What sampled it: the embedded sampler or a server.', max_length=200)),
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
                ('is_simulated', models.BooleanField(default=False, help_text='Judges by a stated rule; never in a human figure.')),
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
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('key_hash', models.CharField(max_length=64, unique=True)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), default=list, help_text='Empty: all its owner may do.', size=None)),
                ('created_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
        ),
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
                ('allow_tie', models.BooleanField(default=True)),
                ('allow_both_bad', models.BooleanField(default=True)),
                ('lease_seconds', models.PositiveIntegerField(default=1800, help_text='How long an annotator keeps a comparison before it goes to somebody else.', validators=[django.core.validators.MinValueValidator(30)])),
                ('undo_seconds', models.PositiveIntegerField(default=600, help_text='How long an annotator may take a judgment back. 0: never.')),
                ('verdict_rule', models.CharField(choices=[('majority', 'Majority'), ('unanimity', 'Unanimity')], default='majority', max_length=16)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns_created', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Comparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pair_hash', models.CharField(help_text='SHA-256 of the prompt and both texts: the same two texts are judged once.', max_length=64)),
                ('external_id', models.CharField(blank=True, help_text='The id the importing file gave it.', max_length=200)),
                ('status', models.CharField(choices=[('open', 'Open'), ('conflict', 'Conflict'), ('settled', 'Settled'), ('retired', 'Retired')], default='open', max_length=16)),
                ('overlap', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)])),
                ('taken', models.PositiveSmallIntegerField(default=0, help_text='Places held by leases and judgments.')),
                ('judged', models.PositiveSmallIntegerField(default=0, help_text='Current judgments that are not skips.')),
                ('votes_a', models.PositiveSmallIntegerField(default=0)),
                ('votes_b', models.PositiveSmallIntegerField(default=0)),
                ('votes_tie', models.PositiveSmallIntegerField(default=0)),
                ('votes_both_bad', models.PositiveSmallIntegerField(default=0)),
                ('priority', models.SmallIntegerField(default=0, help_text='Higher is given first.')),
                ('position', models.FloatField(help_text='Place in the queue, lowest first: random in [0, 1) minus the priority. One number, so that a walk along it needs one index and one cursor.')),
                ('source', models.CharField(blank=True, help_text='What made it: an import, a generation job.', max_length=120)),
                ('created_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='comparisons', to='labeling.campaign')),
                ('completion_a', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='comparisons_as_a', to='labeling.completion')),
                ('completion_b', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='comparisons_as_b', to='labeling.completion')),
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
                ('slot', models.PositiveSmallIntegerField(help_text='Which of the overlap places it holds; null: none.', null=True)),
                ('left', models.CharField(choices=[('a', 'a'), ('b', 'b')], help_text='Which completion was shown on the left.', max_length=1)),
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
            name='Judgment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('choice', models.CharField(choices=[('a', 'a is better'), ('b', 'b is better'), ('tie', 'Equally good'), ('both_bad', 'Both bad'), ('skip', 'Skipped')], max_length=8)),
                ('strength', models.PositiveSmallIntegerField(blank=True, help_text='1 slightly, 2 clearly, 3 much better; null: not asked.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3)])),
                ('criteria', models.JSONField(blank=True, default=dict, help_text='{"helpful": "a"|"b"|"tie", ...}')),
                ('comment', models.TextField(blank=True)),
                ('skip_reason', models.CharField(blank=True, max_length=80)),
                ('seconds', models.FloatField(blank=True, help_text='Time in front of the annotator with the tab visible.', null=True)),
                ('left', models.CharField(choices=[('a', 'a'), ('b', 'b')], help_text='The presentation it was made under.', max_length=1)),
                ('key', models.CharField(help_text='Chosen by the client: a retry with the same key is the same judgment.', max_length=64)),
                ('created_at', models.DateTimeField()),
                ('superseded_at', models.DateTimeField(blank=True, help_text='When it was taken back; null: it counts.', null=True)),
                ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='judgments', to=settings.AUTH_USER_MODEL)),
                ('assignment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='judgments', to='labeling.assignment')),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='judgments', to='labeling.campaign')),
                ('comparison', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='judgments', to='labeling.comparison')),
                ('guideline_version', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='labeling.guidelineversion')),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('annotator', 'Annotator'), ('lead', 'Lead')], default='annotator', max_length=16)),
                ('cursor', models.FloatField(default=-1000000000.0, help_text='Queue position of the last comparison given: the search for the next one starts here, so that it never walks over what this annotator has judged already.')),
                ('left_balance', models.IntegerField(default=0, help_text='How often a was shown on the left, minus how often b was: kept near zero.')),
                ('judged', models.PositiveIntegerField(default=0, help_text='Current judgments of this person, skips not counted.')),
                ('judged_on', models.DateField(blank=True, help_text='The day that judged_today counts.', null=True)),
                ('judged_today', models.PositiveIntegerField(default=0)),
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
                ('external_id', models.CharField(blank=True, help_text='The id the importing file gave it.', max_length=200)),
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
                ('confidence', models.FloatField(help_text='p(chosen > rejected), or of the tie.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)])),
                ('votes', models.JSONField(default=dict, help_text='How many judgments said what: {"a": 2, "b": 1}.')),
                ('settled_by', models.CharField(choices=[('majority', 'Majority of the judgments'), ('unanimity', 'All judgments agree'), ('adjudication', 'An expert decided'), ('import', 'Came with the imported file')], max_length=16)),
                ('reason', models.TextField(blank=True, help_text='Why, in the words of whoever decided.')),
                ('settled_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='verdicts', to='labeling.campaign')),
                ('comparison', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='verdict', to='labeling.comparison')),
                ('settled_by_user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='CampaignTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shard', models.PositiveSmallIntegerField()),
                ('comparisons', models.IntegerField(default=0, help_text='Not retired.')),
                ('wanted', models.IntegerField(default=0, help_text='Judgments wanted in all: the sum of their overlaps.')),
                ('judgments', models.IntegerField(default=0, help_text='Current judgments that are not skips.')),
                ('settled', models.IntegerField(default=0)),
                ('conflicts', models.IntegerField(default=0)),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tallies', to='labeling.campaign')),
            ],
            options={
                'verbose_name_plural': 'campaign tallies',
                'constraints': [models.UniqueConstraint(fields=('campaign', 'shard'), name='campaign_tally_shard_once')],
            },
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
            options={
                'indexes': [models.Index(fields=['campaign', 'at'], name='event_campaign_time')],
            },
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
            constraint=models.UniqueConstraint(fields=('comparison', 'annotator'), name='assignment_once_per_annotator'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('comparison', 'slot'), name='assignment_slot_once'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('slot__isnull', False), ('status__in', ['leased', 'judged'])), models.Q(('slot__isnull', True), ('status__in', ['skipped', 'released'])), _connector='OR'), name='assignment_slot_iff_it_holds_a_place'),
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
        migrations.AddConstraint(
            model_name='judgment',
            constraint=models.UniqueConstraint(fields=('annotator', 'key'), name='judgment_key_once'),
        ),
        migrations.AddConstraint(
            model_name='judgment',
            constraint=models.UniqueConstraint(condition=models.Q(('superseded_at__isnull', True)), fields=('assignment',), name='judgment_current_once'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('campaign', 'user'), name='membership_once'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('overlap__gte', 1)), name='campaign_overlap_at_least_1'),
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
    ]
