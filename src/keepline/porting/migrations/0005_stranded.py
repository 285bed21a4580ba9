"""Numbers that came without their lines, at which a person looks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("porting", "0004_cancel"),
    ]

    operations = [
        migrations.AddField(
            model_name="portin",
            name="stranded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="portin",
            name="stranded_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddIndex(
            model_name="portin",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["wanted", "scheduled"]), ("stranded_at__isnull", False)
                ),
                fields=["stranded_at"],
                name="port_in_stranded",
            ),
        ),
    ]
