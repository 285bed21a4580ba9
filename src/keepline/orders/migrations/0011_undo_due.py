from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0010_review"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("undo_due", True)),
                fields=["slot", "line_id"],
                name="order_undo_due",
            ),
        ),
    ]
