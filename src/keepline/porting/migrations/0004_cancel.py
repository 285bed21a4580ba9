"""When a buyer asked to cancel an order whose number was to come along."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("porting", "0003_port_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="portin",
            name="cancel_asked_at",
            field=models.DateTimeField(null=True),
        ),
    ]
