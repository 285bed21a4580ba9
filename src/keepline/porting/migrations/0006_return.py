"""Numbers that came without their lines, and go back to the operator they came from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("porting", "0005_stranded"),
    ]

    operations = [
        migrations.AddField(
            model_name="portin",
            name="return_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RemoveIndex(
            model_name="portin",
            name="port_in_stranded",
        ),
        migrations.AddIndex(
            model_name="portin",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["wanted", "scheduled", "returning"]),
                    ("stranded_at__isnull", False),
                ),
                fields=["stranded_at"],
                name="port_in_stranded",
            ),
        ),
    ]
