from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "keepline.audit"
    label = "audit"
