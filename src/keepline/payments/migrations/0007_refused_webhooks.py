from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0006_saved_methods"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefusedWebhooks",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=24)),
                ("refused_on", models.DateField()),
                ("count", models.IntegerField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "refused_on"), name="refused_webhooks_of_a_day"
                    )
                ],
            },
        ),
    ]
