"""Which facts a local benefit's version needs: what the counter asks, and what an example case must say. Nothing else is asked."""

from dataclasses import dataclass

from .local_definition import MONTHS_BETWEEN, Definition, LocalVersion

FINDING = "finding_"
"""What stands before the name of the county's own question."""
CARD = ("card_held", "card_number", "card_grade", "card_classes", "card_issued", "card_expires", "card_permanent", "card_annotated")
ASKS: dict[str, tuple[str, ...]] = {
    "lives_here": ("lives_at_registration",),
    "registered_before": ("registered_since",),
    "registered_months": ("registered_since",),
    "days_in_taiwan": ("days_in_taiwan",),
    "not_placed": ("public_placement", "placement_since"),
    "not_in_custody": ("in_custody", "custody_since"),
    "grade": CARD,
    "class": CARD,
    "status": ("low_income_status",),
    "own_income": ("own_income",),
    "own_real_estate": ("own_real_estate",),
}
"""Type of test → facts, by the names their columns have. Age and registration come from the household register, means from their lines."""
MEANS = ("household_income", "household_movable", "household_real_estate")
_DETAILS = ("placement_since", "custody_since", *CARD[1:])


@dataclass(frozen=True, slots=True)
class Asked:
    """`facts` in the order of the tests; of them `needed` are asked of everybody. `questions`: the county's own, by fact."""

    facts: tuple[str, ...]
    needed: tuple[str, ...]
    questions: dict[str, str]
    means: bool


def asked(version: LocalVersion) -> Asked:
    """What this version has to know about a case."""
    facts: list[str] = []
    for test in version.tests:
        facts += [FINDING + test.code] if test.type == "finding" else ASKS.get(test.type, ())
    if any(row.grades for row in version.amounts):
        facts += CARD
    if any(row.statuses for row in version.amounts):
        facts += ASKS["status"]
    names = tuple(dict.fromkeys(facts))
    return Asked(
        facts=names,
        needed=tuple(n for n in names if n not in _DETAILS),
        questions={FINDING + t.code: t.question for t in version.tests if t.type == "finding"},
        means=any(t.type in MEANS for t in version.tests),
    )


def form_of(definition: Definition, version: LocalVersion) -> dict[str, object]:
    """The application form of a version, as kept on an application: plain values."""
    found, rhythm = asked(version), definition.rhythm_of(version)
    means = ("household", "means") if found.means else ()
    return {
        "name": definition.name,
        "version": version.number,
        "facts": list(found.facts),
        "asked": list(found.needed),
        "questions": found.questions,
        "sections": ["person", "facts", *means, "documents", "account"],
        "documents": [[d.code, d.required] for d in version.documents],
        "every": MONTHS_BETWEEN[rhythm],
        "rhythm": rhythm,
        "steps": list(version.steps),
    }
