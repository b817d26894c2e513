"""Forms: what may be sent, its shape, and where a refusal is shown.

A form knows shapes (a choice, a number); a verb knows rules. What is not
declared here is refused, and what is declared once may come once (SU-08).
"""
from collections.abc import Callable
from typing import Any

import wtforms
from flask import request
from markupsafe import Markup, escape
from werkzeug.datastructures import FileStorage
from wtforms import validators

import i18n
from i18n import _l
from rules import Refused

REQUIRED = _l("Fill in this field.")
OUTSIDE = {"csrf_token"}
PLAIN = {"text", "email", "password", "checkbox", "hidden"}


def required(message: Any = REQUIRED) -> validators.InputRequired:
    return validators.InputRequired(message)


class Form(wtforms.Form):
    """A POST's data, or the values a page starts with."""

    class Meta:
        def get_translations(self, form: wtforms.Form) -> Any:
            """What WTForms says stands in our catalogues."""
            return i18n.words(i18n.voice().words)

        def render_field(self, field: Any, attributes: dict[str, Any]) -> Markup:
            """A plain input as text at once: a third of what the library's way costs a page."""
            kind = getattr(field.widget, "input_type", "")
            if isinstance(field, Choice):
                return Markup(field.written(attributes))  # noqa: S704 - every value is escaped there
            if kind not in PLAIN:
                return field.widget(field, **attributes)  # type: ignore[no-any-return]
            told = {"type": kind, "id": field.id, "name": field.name, "required": field.flags.required}
            if kind == "checkbox":
                told |= {"value": "y", "checked": bool(field.data)}
            elif kind != "password":
                told["value"] = field._value()
            told |= {name.replace("aria_", "aria-").replace("data_", "data-"): value
                     for name, value in attributes.items()}
            return Markup(f"<input{written(told)}>")  # noqa: S704 - every value is escaped by `written`

    def __init__(self, **start: Any):
        sent = request.method == "POST"
        super().__init__(request.form if sent else None, data=None if sent else start)
        self.form_errors: list[Any] = []
        self.result: Any = None

    def submit_to(self, verb: Callable[..., Any], **more: Any) -> bool:
        """Hand the data to a verb if it is well formed; show by the field why it was refused."""
        if not self.validate():
            return False
        try:
            self.result = verb(**self.data, **more)
        except Refused as refusal:
            self.refuse(refusal)
            return False
        return True

    def refuse(self, refusal: Refused) -> None:
        field = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(refusal.why)
        else:
            field.errors = [*field.errors, refusal.why]

    def validate(self, extra_validators: Any = None) -> bool:
        """Well formed, nothing unknown, nothing twice."""
        fine = super().validate(extra_validators)
        if self._strange():
            self.form_errors.append(_l("This form was changed on its way. Load the page again and fill it in anew."))
            return False
        return bool(fine)

    @property
    def failed(self) -> bool:
        return bool(self.form_errors or self.errors)

    def _strange(self) -> bool:
        for name, values in request.form.lists():
            field = self._fields.get(name)
            many = isinstance(field, (wtforms.SelectMultipleField, wtforms.FieldList))
            if (field is None and name not in OUTSIDE) or (len(values) > 1 and not many):
                return True
            if any("\x00" in value or len(value) > 10_000 for value in values):
                return True
        return False


class NothingForm(Form):
    """A button, and nothing to fill in."""


def blank(form: Form, **values: object) -> Form:
    """A form as it stands, also on the answer to another form's POST."""
    form.process(None, data=values)
    return form


def written(attributes: dict[str, Any]) -> str:
    """HTML attributes: True stands alone, False and None are left out."""
    return "".join(f" {name}" if value is True else f' {name}="{escape(value)}"'
                   for name, value in attributes.items() if value is not False and value is not None)


def upload(name: str) -> FileStorage | None:
    """A sent file, or nothing."""
    file = request.files.get(name)
    return file if file and file.filename else None


class Tick(wtforms.BooleanField):
    """A box: ticked, or not sent at all."""


class Text(wtforms.StringField):
    """One line, without the blanks around it."""

    data: Any

    def process_formdata(self, valuelist: Any) -> None:
        super().process_formdata(valuelist)
        self.data = (self.data or "").strip()


class Lines(wtforms.TextAreaField):
    """Several lines, as they were typed."""


class Version(wtforms.IntegerField):
    """Of the row that a form was written from. What is sent for it and is none is one there never was."""

    NEVER, MOST = -1, 1 << 31

    def process_formdata(self, valuelist: Any) -> None:
        told = valuelist[0] if valuelist else ""
        number = int(told) if told.isascii() and told.isdecimal() and len(told) < 11 else self.NEVER
        self.data = number if number < self.MOST else self.NEVER


class Day(wtforms.DateField):
    """A day of the calendar; browsers send it as 2026-12-31."""

    def process_formdata(self, valuelist: Any) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Enter a day, for example 2026-12-31.")) from None


class EmailAddress(Text):
    widget = wtforms.widgets.EmailInput()


class Secret(wtforms.PasswordField):
    """Never sent back, not even after a refusal."""


class Several(wtforms.SelectMultipleField):
    """Any number of values; the verb knows which there are."""

    def __init__(self, *arguments: Any, **keywords: Any):
        super().__init__(*arguments, **{"validate_choice": False, "choices": ()} | keywords)


class Choice(wtforms.SelectField):
    """One of a few; what is not offered is refused in our words."""

    def __init__(self, *arguments: Any, choices: Any = (), **keywords: Any):
        super().__init__(*arguments, **{"validate_choice": False} | keywords)
        self.offer(choices)

    def offer(self, choices: Any) -> None:
        """What there is to choose from: (value, label)."""
        self.choices = [wtforms.SelectChoice(value, label) for value, label in choices]

    def written(self, attributes: dict[str, Any]) -> str:
        """The whole select at once: four hundred time zones are many calls otherwise."""
        named = {name.replace("aria_", "aria-"): value for name, value in attributes.items()}
        options = "".join(f"<option{written({'value': str(choice.value), 'selected': choice.value == self.data})}>"
                          f"{escape(choice.label)}</option>" for choice in self.choices)
        return f"<select{written({'id': self.id, 'name': self.name, **named})}>{options}</select>"

    def pre_validate(self, form: Any) -> None:
        if self.data not in {choice.value for choice in self.choices}:
            raise validators.ValidationError(_l("Choose one of the offered values."))
