"""The forms in which people keep training examples, each with its reader and writer side by side."""

from tamis.data.forms.base import Example, Form
from tamis.data.forms.known import FORMS, form_named, recognise

__all__ = ["FORMS", "Example", "Form", "form_named", "recognise"]
