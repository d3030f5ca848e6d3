from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0034_annotator_groups'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='must_change_password',
            field=models.BooleanField(db_default=False, default=False, help_text='Whether somebody else set the password: its owner chooses another one before any other page opens.'),
        ),
    ]
