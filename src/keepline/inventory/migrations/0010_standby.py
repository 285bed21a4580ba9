from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0009_code_shown"),
    ]

    operations = [
        migrations.AddField(
            model_name="profile",
            name="standby_carrier_id",
            field=models.IntegerField(null=True),
        ),
    ]
