"""For citizens, without an account: how far the own case is, and which benefits are worth asking about. In Chinese and English."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField, ValidationError
from wtforms.validators import NumberRange, Optional, StopValidation

from app.commands import citizen, citizen_check
from app.core import identity, roc
from app.extensions import db

from .fields_roc import MoneyField, RocDateField

pages = Blueprint("citizen", __name__, url_prefix="/citizen")
LOCALES = {"zh": "zh_Hant_TW", "en": "en"}
TAGS = {"zh": "zh-Hant-TW", "en": "en"}
UNKNOWN = ("", _l("I do not know"))
YES_NO = [UNKNOWN, ("y", _l("Yes, it is so")), ("n", _l("No, it is not"))]
STATUSES = [UNKNOWN, ("low", _l("Low-income household")), ("near_low", _l("Near-low-income household")), ("none", _l("Neither of the two"))]
CARDS = [
    UNKNOWN, ("none", _l("No card")), ("mild", _l("Mild")), ("moderate", _l("Moderate")), ("severe", _l("Severe")),
    ("profound", _l("Profound")),
]  # fmt: skip


class BirthField(RocDateField):
    """A day of birth in ROC years; people who write AD years are understood too."""

    widget = StringField.widget

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except (ValueError, ValidationError):
            self.data = None
            raise ValidationError(_l("This is not a date. Write year, month and day, for example 38/05/02.")) from None


class SumField(MoneyField):
    """Dollars, with its message in both languages."""

    def read(self, typed: str) -> int:
        try:
            found = super().read(typed)
        except ValidationError:
            found = -1
        if found < 0:
            raise ValidationError(_l("Write whole dollars, for example 12,000."))
        return found


def _filled(_form: Any, field: Any) -> None:
    """Not blank either: a question without a date of birth would ask for people whose birth nobody knows."""
    if not str(field.data or "").strip() and not field.process_errors:
        raise StopValidation(_l("Please fill this in."))


def _id_number(_form: Any, field: Any) -> None:
    if identity.kind(identity.normal(field.data or "")) == "unknown":
        raise ValidationError(_l("An ID number is one letter and nine digits; a resident number begins with two letters."))


class AskForm(FlaskForm):
    """案號、身分證號與出生日期：三者相符才顯示。"""

    case_no = StringField(_l("Case number"), validators=[_filled])
    person_id = StringField(_l("National ID"), validators=[_filled, _id_number])
    birth = BirthField(_l("Date of birth"), validators=[_filled])


class CheckForm(FlaskForm):
    """What the checker asks; anything may be left open."""

    county_code = SelectField(_l("Where is the household registered?"))
    birth = BirthField(_l("Date of birth of the person in need"), validators=[Optional()])
    registered = SelectField(_l("Registered and living in this county?"), choices=YES_NO, default="")
    most_of_year = SelectField(_l("In Taiwan for more than 183 days of the last year?"), choices=YES_NO, default="")
    people = IntegerField(
        _l("How many people are in the family, counting spouse, children and parents?"),
        validators=[Optional(), NumberRange(1, 30, _l("A number from 1 to 30."))],
    )
    income = SumField(_l("What do all of them earn in a month (NTD)?"), validators=[Optional()])
    movable = SumField(_l("What do all deposits and investments add up to (NTD)?"), validators=[Optional()])
    real_estate = SumField(_l("What are land and houses worth by the tax notice (NTD)?"), validators=[Optional()])
    status = SelectField(_l("Is the family listed by the county?"), choices=STATUSES, default="")
    card = SelectField(_l("Disability card or certificate of the person"), choices=CARDS, default="")
    institution = SelectField(_l("Lives in or goes to a care institution?"), choices=YES_NO, default="")

    def answers(self) -> citizen_check.Answers:
        """What was answered."""
        yes = {"y": True, "n": False}
        return citizen_check.Answers(
            county_code=self.county_code.data,
            birth=self.birth.data,
            registered=yes.get(self.registered.data),
            most_of_year=yes.get(self.most_of_year.data),
            people=self.people.data,
            income=self.income.data,
            movable=self.movable.data,
            real_estate=self.real_estate.data,
            status=self.status.data or None,
            card=self.card.data or None,
            institution=yes.get(self.institution.data),
        )


def _page(template: str, lang: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    other = "en" if lang == "zh" else "zh"
    show = (roc.show_date, roc.show_month) if lang == "zh" else (lambda d: d.isoformat() if d else "", _month)
    html = render_template(template, lang=lang, other=other, tag=TAGS[lang], day=show[0], month=show[1], **context)
    return html, status


def _month(number: int | None) -> str:
    return "" if number is None else roc.first_day(number).strftime("%Y-%m")


@pages.route("/")
def front() -> ResponseReturnValue:
    """The way in."""
    return redirect(url_for("citizen.ask", lang="zh"))


@pages.route("/<any(zh, en):lang>/", methods=["GET", "POST"])
def ask(lang: str) -> ResponseReturnValue:
    """Ask for the own case, and what is told about it. The answer stands at the same address: nothing of the question is in it."""
    with force_locale(LOCALES[lang]):
        form = AskForm()
        if not form.validate_on_submit():
            return _page("citizen/ask.html", lang, form=form, problem="")
        if citizen.too_many(db.session(), form.case_no.data or "", request.remote_addr):
            return _page("citizen/ask.html", lang, 429, form=AskForm(formdata=None), problem="wait", minutes=citizen.WINDOW_MINUTES)
        assert form.case_no.data and form.person_id.data and form.birth.data
        asked = citizen.Asked(form.case_no.data, form.person_id.data, form.birth.data)
        found = citizen.progress(db.session(), asked, request.remote_addr)
        if found is None:
            return _page("citizen/ask.html", lang, form=AskForm(formdata=None), problem="none")
        return _page("citizen/progress.html", lang, p=found, steps=citizen.STEPS)


@pages.route("/<any(zh, en):lang>/check", methods=["GET", "POST"])
def check(lang: str) -> ResponseReturnValue:
    """A few questions, and which benefits are worth asking about. Nothing is kept."""
    with force_locale(LOCALES[lang]):
        form = CheckForm()
        form.county_code.choices = citizen_check.counties(db.session())
        if not form.validate_on_submit():
            return _page("citizen/check.html", lang, form=form)
        return _page("citizen/checked.html", lang, found=citizen_check.check(db.session(), form.answers()))


def register(appbuilder: Any) -> None:
    current_app.register_blueprint(pages)
