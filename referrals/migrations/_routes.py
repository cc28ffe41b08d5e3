"""The first revision of every route that comes with the portal.

Never edited after a release: a change is a further revision.

Days stand here only where a law, a form or an authority names them; everything else is unknown
until somebody who knows fills it in. Sources were read in November 2026.
"""

from typing import Any, TypedDict


class _Step(TypedDict, total=False):
    key: str
    title: str
    responsible: str
    goes_to: str
    days: int
    within_days: int
    day_kind: str
    country: str
    documents: list[str]
    is_optional: bool
    milestone: str
    valid_days: int
    needs: list[str]
    source: str


_HELSINKI = "World Medical Association, Declaration of Helsinki (2013), paragraph 37"
_EU = (
    "The law of the country of treatment; in the European Union Directive 2001/83/EC art. 5(1) "
    "(individual patients) or Regulation (EC) No 726/2004 art. 83 (compassionate use)"
)
_GUIDE = "FDA, For Physicians: A Guide to Non-emergency Single Patient Expanded Access Submissions"
_TIMELINE = "FDA, Emergency IND Timeline"
_IGJ = "IGJ, Leveren op artsenverklaring"
_WGBO = (
    "Burgerlijk Wetboek 7:446 to 7:468 (WGBO); art. 7:450(1): no treatment without the patient's "
    "consent"
)

GENERIC: list[_Step] = [
    {
        "key": "sponsor-agrees",
        "title": "Sponsor agrees to supply",
        "responsible": "physician",
        "goes_to": "sponsor",
        "documents": ["Medical summary"],
        "milestone": "enrolment",
        "source": f"The sponsor's own policy for expanded access. {_EU}",
    },
    {
        "key": "authority",
        "title": "Permission of the authority",
        "responsible": "physician",
        "goes_to": "authority",
        "needs": ["sponsor-agrees"],
        "source": _EU,
    },
    {
        "key": "ethics",
        "title": "Approval of the ethics committee",
        "responsible": "physician",
        "goes_to": "ethics",
        "is_optional": True,
        "needs": ["sponsor-agrees"],
        "source": "The rules of the hospital and of the country of treatment",
    },
    {
        "key": "informed-consent",
        "title": "Informed consent signed",
        "responsible": "physician",
        "days": 0,
        "documents": ["Signed informed consent"],
        "milestone": "informed_consent",
        "source": f"{_HELSINKI}: with informed consent from the patient or a representative",
    },
    {
        "key": "delivery",
        "title": "Product imported and delivered",
        "responsible": "pharmacy",
        "needs": ["authority", "ethics"],
        "source": _EU,
    },
    {
        "key": "first-dose",
        "title": "First dose",
        "responsible": "physician",
        "days": 0,
        "milestone": "first_dose",
        "needs": ["informed-consent", "delivery"],
        "source": _HELSINKI,
    },
    {
        "key": "outcome",
        "title": "Outcome recorded",
        "responsible": "physician",
        "needs": ["first-dose"],
        "is_optional": True,
        "source": f"{_HELSINKI}: in all cases, new information must be recorded",
    },
]

US_SINGLE: list[_Step] = [
    {
        "key": "letter-of-authorization",
        "title": "Letter of Authorization from the sponsor",
        "responsible": "physician",
        "goes_to": "sponsor",
        "country": "US",
        "milestone": "enrolment",
        "source": f"21 CFR 312.310(b)(3) (right of reference); {_GUIDE}, step 1",
    },
    {
        "key": "form-fda-3926",
        "title": "Form FDA 3926",
        "responsible": "physician",
        "goes_to": "authority",
        "days": 30,
        "country": "US",
        "documents": ["Form FDA 3926", "Letter of Authorization"],
        "needs": ["letter-of-authorization"],
        "source": (
            "Form FDA 3926 (OMB 0910-0814); 21 CFR 312.305(b), 312.310(b), 312.40(b): in effect "
            "30 days after FDA receives it, or when FDA says so earlier"
        ),
    },
    {
        "key": "irb",
        "title": "IRB approval, or concurrence of its chair",
        "responsible": "physician",
        "goes_to": "ethics",
        "country": "US",
        "source": (
            "21 CFR 312.305(c)(4) and part 56: reviewed before treatment begins; Form FDA 3926 has "
            "a box that asks for concurrence by the chairperson or a designated member instead of "
            f"the full board; {_GUIDE}, step 3"
        ),
    },
    {
        "key": "informed-consent",
        "title": "Informed consent signed",
        "responsible": "physician",
        "days": 0,
        "country": "US",
        "documents": ["Signed informed consent"],
        "milestone": "informed_consent",
        "needs": ["irb"],
        "source": f"21 CFR part 50; {_GUIDE}, step 4",
    },
    {
        "key": "shipment",
        "title": "Product shipped and received",
        "responsible": "sponsor",
        "country": "US",
        "needs": ["form-fda-3926", "irb"],
        "source": "21 CFR 312.40(c): 30 days after FDA receives the IND, or on its earlier word",
    },
    {
        "key": "first-dose",
        "title": "First dose",
        "responsible": "physician",
        "days": 0,
        "country": "US",
        "milestone": "first_dose",
        "needs": ["form-fda-3926", "informed-consent", "shipment"],
        "source": "21 CFR 312.40(d): not before the IND is in effect; 21 CFR part 50",
    },
    {
        "key": "annual-report",
        "title": "Annual report",
        "responsible": "physician",
        "goes_to": "authority",
        "within_days": 425,
        "country": "US",
        "documents": ["Annual report"],
        "is_optional": True,
        "needs": ["form-fda-3926"],
        "source": (
            "21 CFR 312.33: within 60 days of the anniversary of the day on which the IND went "
            "into effect (365 + 60 days). Not required when treatment ends before"
        ),
    },
    {
        "key": "summary",
        "title": "Summary at the end of treatment",
        "responsible": "physician",
        "goes_to": "authority",
        "country": "US",
        "documents": ["Summary of the results"],
        "needs": ["first-dose"],
        "source": "21 CFR 312.310(c)(2): results with adverse effects, no day is named",
    },
]

US_EMERGENCY: list[_Step] = [
    {
        "key": "sponsor-agrees",
        "title": "Sponsor agrees (Letter of Authorization)",
        "responsible": "physician",
        "goes_to": "sponsor",
        "days": 1,
        "country": "US",
        "milestone": "enrolment",
        "source": f"21 CFR 312.310(b)(3); {_TIMELINE}: day 0 to 1",
    },
    {
        "key": "phone-authorization",
        "title": "Authorization by FDA, by phone",
        "responsible": "physician",
        "goes_to": "authority",
        "days": 0,
        "country": "US",
        "needs": ["sponsor-agrees"],
        "source": f"21 CFR 312.310(d); {_TIMELINE}: day 1",
    },
    {
        "key": "informed-consent",
        "title": "Informed consent signed",
        "responsible": "physician",
        "days": 0,
        "country": "US",
        "documents": ["Signed informed consent"],
        "milestone": "informed_consent",
        "source": f"21 CFR part 50; {_TIMELINE}: day 1, before treatment",
    },
    {
        "key": "shipment",
        "title": "Product shipped and received",
        "responsible": "sponsor",
        "country": "US",
        "needs": ["phone-authorization"],
        "source": "21 CFR 312.310(d), 312.40(c)(2): when FDA has authorized it",
    },
    {
        "key": "first-dose",
        "title": "First dose",
        "responsible": "physician",
        "days": 0,
        "country": "US",
        "milestone": "first_dose",
        "needs": ["phone-authorization", "informed-consent", "shipment"],
        "source": "21 CFR 312.310(d); 21 CFR part 50",
    },
    {
        "key": "irb-notification",
        "title": "IRB notified of the emergency use",
        "responsible": "physician",
        "goes_to": "ethics",
        "within_days": 5,
        "day_kind": "working",
        "country": "US",
        "needs": ["first-dose"],
        "source": f"21 CFR 56.104(c): within 5 working days of the use; {_TIMELINE}",
    },
    {
        "key": "form-fda-3926",
        "title": "Form FDA 3926",
        "responsible": "physician",
        "goes_to": "authority",
        "within_days": 15,
        "day_kind": "working",
        "country": "US",
        "documents": ["Form FDA 3926", "Letter of Authorization"],
        "needs": ["phone-authorization"],
        "source": (
            "21 CFR 312.310(d)(2): in writing within 15 working days of FDA's authorization; "
            "Form FDA 3926 (OMB 0910-0814)"
        ),
    },
    {
        "key": "summary",
        "title": "Summary at the end of treatment",
        "responsible": "physician",
        "goes_to": "authority",
        "country": "US",
        "documents": ["Summary of the results"],
        "needs": ["first-dose"],
        "source": "21 CFR 312.310(c)(2): results with adverse effects, no day is named",
    },
]

NL_DECLARATION: list[_Step] = [
    {
        "key": "supplier-agrees",
        "title": "Supplier agrees to supply",
        "responsible": "pharmacy",
        "goes_to": "sponsor",
        "country": "NL",
        "milestone": "enrolment",
        "source": (
            f"{_IGJ}: only pharmacists, wholesalers, manufacturers and dispensing general "
            "practitioners file the request"
        ),
    },
    {
        "key": "artsenverklaring",
        "title": "Doctor's declaration (artsenverklaring) signed",
        "responsible": "physician",
        "country": "NL",
        "documents": ["Artsenverklaring"],
        "source": (
            f"Geneesmiddelenwet art. 40(3)(c); {_IGJ}: the physician finds that no registered "
            "medicine that is available in the Netherlands will do. One for each patient, also "
            "under a general permission"
        ),
    },
    {
        "key": "igj-permission",
        "title": "Permission of IGJ",
        "responsible": "pharmacy",
        "goes_to": "authority",
        "country": "NL",
        "documents": ["Artsenverklaring", "Proof of safety, need and irreplaceability"],
        "is_optional": True,
        "needs": ["supplier-agrees", "artsenverklaring"],
        "source": (
            f"{_IGJ}: asked for beforehand with the digital form; Regeling Geneesmiddelenwet "
            "art. 3.17. Not required under a general permission (generieke toestemming, art. "
            "3.17a) for this medicine. Valid as the permission says"
        ),
    },
    {
        "key": "informed-consent",
        "title": "Informed consent signed",
        "responsible": "physician",
        "days": 0,
        "country": "NL",
        "documents": ["Signed informed consent"],
        "milestone": "informed_consent",
        "source": _WGBO,
    },
    {
        "key": "delivery",
        "title": "Product delivered to the pharmacy",
        "responsible": "pharmacy",
        "country": "NL",
        "needs": ["igj-permission"],
        "source": "Geneesmiddelenwet art. 40(3)(c): only with the permission",
    },
    {
        "key": "first-dose",
        "title": "First dose",
        "responsible": "physician",
        "days": 0,
        "country": "NL",
        "milestone": "first_dose",
        "needs": ["informed-consent", "delivery"],
        "source": f"{_WGBO}; Geneesmiddelenwet art. 40(3)(c)",
    },
    {
        "key": "records",
        "title": "Supplier's records are complete",
        "responsible": "pharmacy",
        "country": "NL",
        "needs": ["first-dose"],
        "source": (
            "Regeling Geneesmiddelenwet art. 3.17 and 3.17a: what the permission asks to be kept; "
            "IGJ, Generieke toestemming: the doctor's declarations are kept on record"
        ),
    },
]

# Code, title, country, steps.
ROUTES = (
    ("generic", "Any country", "", GENERIC),
    ("us-single-patient", "United States: single patient", "US", US_SINGLE),
    ("us-emergency", "United States: emergency", "US", US_EMERGENCY),
    ("nl-doctors-declaration", "Netherlands: doctor's declaration", "NL", NL_DECLARATION),
)


def plant(apps: Any, schema_editor: Any) -> None:
    """Add the first revision of each route, unless a route of that code is there already."""
    template_model = apps.get_model("referrals", "RouteTemplate")
    step_model = apps.get_model("referrals", "RouteStep")
    dependency_model = apps.get_model("referrals", "RouteStepDependency")
    for code, title, country, steps in ROUTES:
        if template_model.objects.filter(code=code).exists():
            continue
        template = template_model.objects.create(code=code, title=title, country=country)
        made: dict[str, Any] = {}
        for position, said in enumerate(steps, start=1):
            fields = {name: value for name, value in said.items() if name != "needs"}
            step = step_model(template=template, position=position, **fields)
            step.save(force_insert=True)
            for needed in said.get("needs", ()):
                dependency_model.objects.create(step=step, needed=made[needed])
            made[said["key"]] = step
