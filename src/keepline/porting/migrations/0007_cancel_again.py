"""Numbers of which the clearing house is told once more that nobody wants them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("porting", "0006_return"),
    ]

    operations = [
        migrations.AddField(
            model_name="portin",
            name="cancel_again_at",
            field=models.DateTimeField(null=True),
        ),
    ]
