"""What approved invoices still have to be paid: the lines of a payment register that goes to institutions instead of people."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.models.award import Award
from app.models.care_institution import CareInstitution
from app.models.care_invoice import CareInvoice, CareInvoiceLine
from app.models.payment import Payment
from app.models.person import Person
from app.payments.invoiced import Payable

from .institutions import payee_of


def load(session: Session, criteria: Sequence[ColumnElement[bool]], since: int, last: int) -> list[Payable]:
    """Approved lines of awards that meet `criteria`, of the months `since` to `last`, that no live payment carries. One query."""
    rows = session.execute(
        select(CareInvoiceLine, CareInstitution, Award, Person)
        .join(CareInvoice, CareInvoice.id == CareInvoiceLine.invoice_id)
        .join(CareInstitution, CareInstitution.id == CareInvoice.institution_id)
        .join(Award, Award.id == CareInvoiceLine.award_id)
        .join(Person, Person.id == Award.recipient_id)
        .outerjoin(
            Payment,
            and_(
                Payment.award_id == CareInvoiceLine.award_id,
                Payment.month == CareInvoiceLine.month,
                Payment.seq == CareInvoiceLine.seq,
                Payment.live,
            ),
        )
        .where(
            CareInvoice.state == "approved",
            CareInvoiceLine.amount > 0,
            CareInvoiceLine.month >= since,
            CareInvoiceLine.month <= last,
            Payment.id.is_(None),
            or_(Award.paid_until.is_(None), CareInvoiceLine.month > Award.paid_until),
            *criteria,
        )
    )
    return [
        Payable(
            award_id=award.id,
            person_key=person.id,
            person_id=person.person_id,
            name=person.name,
            town_code=award.town_code,
            address=person.actual_address or person.registered_address or "",
            month=line.month,
            amount=line.amount,
            seq=line.seq or 0,
            band=f"{line.service}_{line.rate}",
            payee=payee_of(institution),
        )
        for line, institution, award, person in rows
    ]
