"""The form of the landing page: what is asked, and how a wrong answer is explained."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from patients.models import Consent, ConsentText, MedicalCondition
from portal.core.choices import country_choices, validate_time_zone
from portal.core.phones import to_e164

PURPOSES = (Consent.Purpose.NAVIGATION, Consent.Purpose.CONTACT)

# Whose form it is, in the words of whoever fills it in. "parent": a parent fills it in.
ON_BEHALF_OF = (
    ("self", _("Myself")),
    ("parent", _("My child")),
    ("partner", _("My partner")),
    ("child", _("My father or mother")),
    ("physician", _("My patient (I am a physician)")),
    ("other", _("Somebody else")),
)
VOICEMAIL = (
    ("full", _("Yes, and you may say your name and the organisation’s")),
    ("no_name", _("Yes, but do not name the organisation")),
    ("none", _("No, please leave no message")),
)
AGREED = (("given", _("Yes")), ("refused", _("No")))

OUR_LANGUAGES = ("en", "nl", "es")
_FURTHER = (
    "ar bg bn ca cs da de el et fa fi fr he hi hr hu id it ja ko lt lv nb pl pt ro ru sk sl sr sv "
    "th tr uk ur vi zh-hans"
)
FURTHER_LANGUAGES = tuple(_FURTHER.split())


def spoken_languages() -> list[tuple[Any, list[tuple[str, str]]]]:
    """Languages by their own names, those of these pages first."""

    def named(codes: tuple[str, ...]) -> list[tuple[str, str]]:
        names = {code: str(LANG_INFO[code]["name_local"]) for code in codes}
        return [(code, name[0].upper() + name[1:]) for code, name in names.items()]

    further = sorted(named(FURTHER_LANGUAGES), key=lambda pair: pair[1].casefold())
    return [
        (_("Languages of these pages"), named(OUR_LANGUAGES)),
        (_("Other languages"), further),
    ]


def countries() -> list[tuple[str, Any]]:
    """The countries of the world in the language of the page, after an empty choice."""
    return [("", _("Choose a country")), *country_choices()]


class LeadForm(forms.Form):
    """Step 1: who it is about, how to reach them, and what they agree to."""

    error_css_class = "wrong"
    use_required_attribute = True

    on_behalf_of = forms.ChoiceField(
        label=_("Who are you filling in this form for?"),
        choices=ON_BEHALF_OF,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who you are filling in this form for.")},
    )
    filled_in_by = forms.CharField(
        label=_("Your own name"),
        help_text=_("So that we know who we are talking to."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    first_name = forms.CharField(
        label=_("First name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
        error_messages={"required": _("Fill in the last name.")},
    )
    country = forms.ChoiceField(
        label=_("Country of residence"),
        choices=countries,
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={"required": _("Choose a country.")},
    )
    condition_text = forms.CharField(
        label=_("Illness or condition"),
        help_text=_("Write it the way you know it. A suggestion may help, but is not needed."),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Fill in which illness or condition it is about.")},
    )
    hope = forms.CharField(
        label=_("What do you hope for?"),
        help_text=_("A few lines in your own words are enough. You need no medical papers now."),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("For example +31 6 12345678"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("Only for writing to you about this request."),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "invalid": _("This is no complete e-mail address. It looks like name@example.org.")
        },
    )
    language = forms.ChoiceField(
        label=_("In which language shall we talk?"),
        choices=spoken_languages,
        error_messages={"required": _("Choose a language.")},
    )
    # The language that the page proposed: as long as nobody chose another, it follows the page.
    proposed_language = forms.CharField(max_length=8, required=False, widget=forms.HiddenInput)
    voicemail = forms.ChoiceField(
        label=_("If nobody answers the phone, may we leave a message?"),
        choices=VOICEMAIL,
        initial="no_name",
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether we may leave a message.")},
    )
    navigation = forms.BooleanField(
        label=pgettext_lazy("consent", "I agree"),
        error_messages={
            "required": _(
                "Without this consent we may not use what you tell us, and cannot help. "
                "Tick the box if you agree."
            )
        },
    )
    contact = forms.ChoiceField(
        label=_("May we call you and write to you?"),
        choices=AGREED,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether we may call you and write to you.")},
    )
    # Which texts stood on the page; see `texts`.
    navigation_text = forms.UUIDField(widget=forms.HiddenInput)
    contact_text = forms.UUIDField(widget=forms.HiddenInput)
    # The browser knows it; without JavaScript it stays empty.
    time_zone = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    # People do not see this field. Programs that fill in every field do not know that.
    comments_url = forms.CharField(
        label=_("Leave this field empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, *args: Any, texts: Mapping[str, ConsentText], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = texts
        for purpose in PURPOSES:
            self.fields[f"{purpose}_text"].initial = texts[purpose].pk

    @property
    def fell_into_trap(self) -> bool:
        """Whether the field that people do not see has been filled in."""
        return bool(self.data.get("comments_url", "").strip())

    def clean_time_zone(self) -> str:
        """The zone the browser named, or "" when there is no such zone."""
        zone = str(self.cleaned_data["time_zone"])
        try:
            validate_time_zone(zone)
        except ValidationError:
            return ""
        return zone

    def clean_phone(self) -> str:
        """The number as it was typed, once it is a number of the chosen country or of another."""
        typed = str(self.cleaned_data["phone"])
        country = self.cleaned_data.get("country", "")
        try:
            to_e164(typed, country=country)
        except ValidationError as error:
            if not country and "+" not in typed:
                message = _(
                    "We cannot tell which country this number is from. Choose the country, or "
                    "begin the number with + and the country code, like +31 6 12345678."
                )
            else:
                message = _(
                    "This is no complete phone number. Check the digits, and begin with + and the "
                    "country code if it is from another country, like +31 6 12345678."
                )
            raise ValidationError(message) from error
        return typed

    def _clean_text(self, purpose: str) -> Any:
        """The id of the text that was on the page; it must be one of this purpose."""
        shown = self.cleaned_data[f"{purpose}_text"]
        text = ConsentText.objects.filter(pk=shown, purpose=purpose).first()
        if text is None:
            raise ValidationError(_("The text has changed. Please read it again."))
        self.agreed_texts[purpose] = text
        return shown

    def clean_navigation_text(self) -> Any:
        return self._clean_text(Consent.Purpose.NAVIGATION)

    def clean_contact_text(self) -> Any:
        return self._clean_text(Consent.Purpose.CONTACT)

    def full_clean(self) -> None:
        """Check everything, remembering which texts were agreed to."""
        self.agreed_texts: dict[str, ConsentText] = {}
        super().full_clean()

    def clean(self) -> None:
        """What no field can say alone."""
        super().clean()
        answers = self.cleaned_data
        if answers.get("on_behalf_of", "self") == "self":
            answers["filled_in_by"] = ""
        elif not answers.get("filled_in_by") and "filled_in_by" not in self.errors:
            self.add_error("filled_in_by", _("Fill in your own name."))
        unreachable = not answers.get("phone") and not answers.get("email")
        if unreachable and not self.errors.keys() & {"phone", "email"}:
            self.add_error(
                "phone", _("Fill in a phone number or an e-mail address, so that we can answer.")
            )

    def add_refusal(self, error: ValidationError) -> None:
        """Show what intake found wrong, beside the field where the page has one for it."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, problems in error.error_dict.items():
            self.add_error(name if name in self.fields else None, problems)

    def payload(self) -> dict[str, Any]:
        """What is sent to intake, once the form is valid: answers as they were given."""
        answers = self.cleaned_data
        condition = MedicalCondition.objects.named(answers["condition_text"]).first()
        decisions = {"navigation": "given", "contact": answers["contact"]}
        return {
            "on_behalf_of": answers["on_behalf_of"],
            "filled_in_by": answers["filled_in_by"],
            "first_name": answers["first_name"],
            "last_name": answers["last_name"],
            "email": answers["email"],
            "phone": answers["phone"],
            "country": answers["country"],
            "language": answers["language"],
            "time_zone": answers["time_zone"],
            "condition_text": answers["condition_text"],
            "condition_id": str(condition.pk) if condition else "",
            "hope": answers["hope"],
            "voicemail": answers["voicemail"],
            "consents": [
                {
                    "purpose": purpose,
                    "decision": decision,
                    "text_version": self.agreed_texts[purpose].text_version,
                    "language": self.agreed_texts[purpose].language,
                }
                for purpose, decision in decisions.items()
            ],
        }


def texts_of_the_page(*, language: str, now: datetime) -> dict[str, ConsentText]:
    """The texts that the form shows, by purpose."""
    return {
        str(purpose): ConsentText.objects.current(purpose=purpose, language=language, now=now)
        for purpose in PURPOSES
    }


def kept(posted: QueryDict) -> dict[str, str]:
    """What was typed, to fill a form that is shown again unchecked (in another language).

    The texts are not kept: they are the ones of the page that is shown.
    """
    texts = {f"{purpose}_text" for purpose in PURPOSES}
    return {
        name: str(posted[name]) for name in LeadForm.base_fields.keys() - texts if name in posted
    }
