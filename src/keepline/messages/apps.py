from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "keepline.messages"
    label = "keepline_messages"
