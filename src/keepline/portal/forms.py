"""How Django renders a form in the portal: label above, help, errors with a mark."""

from django.forms.renderers import DjangoTemplates


class PortalRenderer(DjangoTemplates):
    """Takes the portal's templates for form and field, Django's own for the widgets."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
