"""`estates shortlist endorse`: an NHS body or a council agrees to a published list."""

from typing import Annotated

import typer

from estates_api.cli.session import console, open_session, today
from estates_api.cli.shortlists import QuarterArgument
from estates_api.domain.quarters import parse_quarter
from estates_api.store.database import transaction
from estates_api.workflows.decide import Terms
from estates_api.workflows.endorse import FIELDS, endorse_list, parse_agreement


def endorse(
    quarter: QuarterArgument, *,
    organisation: Annotated[str, typer.Option(help=f"{FIELDS['organisation']}.")],
    body: Annotated[str, typer.Option(help=f"{FIELDS['body']}.")],
    date: Annotated[str, typer.Option(help=f"{FIELDS['decided_on']}.")],
    minute: Annotated[str, typer.Option(help=f"{FIELDS['minute_reference']}.")],
    by: Annotated[str, typer.Option(help=f"{FIELDS['by']}.")],
) -> None:  # fmt: skip
    """Record that an NHS body or a council agrees to a published list; it is endorsed when both have."""
    wanted = parse_quarter(quarter)
    given = {"organisation": organisation, "body": body, "decided_on": date, "minute_reference": minute, "by": by}
    stated = parse_agreement(given)
    with open_session() as session, transaction(session.engine) as connection:
        terms = Terms(session.area, session.method, today())
        told = endorse_list(connection, wanted, stated, terms)
    how = f"not yet endorsed by: {', '.join(told['missing'])}" if told["missing"] else "endorsed by both sectors"
    console.print(f"shortlist {told['quarter']} revision {told['revision']}: {how}", soft_wrap=True)
