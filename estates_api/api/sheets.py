"""What people see of answers that are lists: which members are told, under which headings, and where they lead.

One description for each path; `plain` draws them all with one template, so that a page says what its JSON says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Row = Mapping[str, Any]
Kind = Literal["text", "day", "moment", "number", "code", "mark"]


@dataclass(frozen=True, slots=True)
class Column:
    """One thing told of a row: a member of it by name, or what a function makes of the row. `link` names the member
    that is its address, or is one with members in braces; `under` is told in small letters below."""

    heading: str
    says: str | Callable[[Row], Any]
    kind: Kind = "text"
    link: str = ""
    under: "Column | None" = None

    def value(self, row: Row) -> Any:
        """What is told; None where it is not known."""
        return row.get(self.says) if isinstance(self.says, str) else self.says(row)

    def address(self, row: Row, base: str) -> str:
        """Where it leads; nothing where it leads nowhere."""
        if self.link.startswith("/"):
            return base + self.link.format_map(row)
        return str(row.get(self.link) or "")


def below(says: str | Callable[[Row], Any], kind: Kind = "text") -> Column:
    """What stands in small letters below something."""
    return Column("", says, kind)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the rows that a member has, the first column naming each; `empty` is said where there are none."""

    caption: str
    rows: str
    columns: tuple[Column, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page: its title (with members of the answer in braces), what it is, the steps to it, facts, and tables; and
    what can be done there (path and words)."""

    title: str
    lead: str
    tables: tuple[Table, ...]
    facts: tuple[Column, ...] = ()
    trail: tuple[tuple[str, str], ...] = ()
    action: tuple[str, str] | None = None


def _joined(*names: str) -> Callable[[Row], str]:
    return lambda row: ", ".join(str(row[name]) for name in names if row.get(name) is not None)


def _listed(name: str) -> Callable[[Row], str]:
    return lambda row: ", ".join(map(str, row.get(name) or ()))


def _yes(name: str) -> Callable[[Row], str | None]:
    return lambda row: {True: "yes", False: "no"}.get(row.get(name))  # type: ignore[arg-type]


def _replaced(row: Row) -> str | None:
    return f"replaces revision {row['replaces']}: {row['because']}" if row["replaces"] else None


def _where(row: Row) -> str:
    places = [row["file"], f"row {row['line']}" if row["line"] else None, row["field"]]
    return ", ".join(place for place in places if place)


def _issues(row: Row) -> str:
    found = row.get("issues") or {}
    return ", ".join(f"{number} {severity}{'s' if number != 1 else ''}" for severity, number in found.items()) or "none"


def _carried_on(row: Row) -> str:
    return ", ".join(one["successor"] for one in row["succeeded_by"])


_SHORTLISTS = ("/shortlists", "Shortlists")
_OF_LIST = (_SHORTLISTS, ("/shortlists/{quarter}", "Shortlist {quarter}"))
_LIST = (
    Column("Revision", "revision"), Column("Status", "status", "mark"), Column("SHA-256", "sha256", "code"),
)  # fmt: skip
_ISSUES = Table(
    "What was found, by edition", "issues",
    (Column("What", "reason", under=below("rule", "code")), Column("Severity", "severity", "mark"),
     Column("Where", "edition", link="/editions/{edition_id}", under=below(_where)),
     Column("What it says", "raw"), Column("Who mends it", "responsible", under=below("organisation"))),
    "Nothing is wrong in what you may see.",
)  # fmt: skip

SHEETS: Mapping[str, Sheet] = {
    "/shortlists": Sheet(
        "Shortlists",
        "Every list that is frozen, each revision with the SHA-256 of its bytes as you may see it. Nothing frozen is "
        "changed: a correction is a new revision.",
        (Table("Revisions, the newest quarter first", "shortlists", (
            Column("Quarter", lambda row: f"{row['quarter']}, revision {row['revision']}", link="href"),
            Column("Status", "status", "mark", under=below(_replaced)), Column("Frozen", "at", "moment"),
            Column("By", "actor"), Column("SHA-256", "sha256", "code"),
        ), "No list is drawn up that you may see."),),
    ),
    "/shortlists/{quarter}/verification": Sheet(
        "Is shortlist {quarter} what was frozen?",
        "Each check compares what is stored with the hash that was stored when the list was frozen.",
        (Table("Checks", "checks", (
            Column("What must hold", "title"), Column("Holds", _yes("passed"), "mark"),
            Column("Found", "found", "code"),
        ), "Nothing was checked."),
         Table("What differs when the list is drawn up again", "differences", (
            Column("Part", "part"), Column("Site", "site"),
            Column("What", lambda row: _listed("fields")(row) or row.get("there")),
        ), "Nothing differs.")),
        (Column("Every check passed", _yes("verified"), "mark"), *_LIST,
         Column("Drawn up again from the stored data", "reproduced", under=below("explanation"))),
        _OF_LIST,
    ),
    "/shortlists/{quarter}/endorsements": Sheet(
        "Who endorsed shortlist {quarter}",
        "A published list is endorsed when an NHS body and a council agreed to it.",
        (Table("Endorsements", "endorsements", (
            Column("By", "body", under=below("organisation_name")), Column("Sector", "sector"),
            Column("Decided", "decided_on", "day"), Column("Minute", "minute_reference"),
            Column("Recorded by", "recorded_by", under=below("recorded_at", "moment")),
        ), "Nobody endorsed it yet; only a published list can be endorsed."),),
        (Column("Endorsed by both sectors", _yes("endorsed"), "mark"),
         Column("Not yet endorsed by", _listed("missing")), *_LIST),
        _OF_LIST,
    ),
    "/editions": Sheet(
        "Editions",
        "Every file that was handed in: what it is, what it speaks of, and what is wrong in it.",
        (Table("Editions, the last one first", "editions", (
            Column("Edition", _joined("source", "label"), link="/editions/{id}", under=below("file_name")),
            Column("Publisher", "publisher", under=below("licence")), Column("Speaks of", "period_end", "day"),
            Column("Handed in", "known_at", "moment"), Column("Issues", _issues, link="/editions/{id}/issues"),
        ), "No file was handed in that you may see."),),
        action=("/hand-in", "Hand in a file"),
    ),
    "/editions/{edition}": Sheet(
        "{source}, {label}",
        "A file that was handed in.",
        (),
        (Column("File", "file_name"), Column("Format", "format"), Column("Speaks of days from", "period_start", "day"),
         Column("Speaks of days until", "period_end", "day"), Column("Handed in", "known_at", "moment"),
         Column("Publisher", "publisher"), Column("Licence", "licence", under=below("attribution")),
         Column("Where it was published", "url", link="url"), Column("Bytes", "bytes", "number"),
         Column("SHA-256", "sha256", "code"), Column("Issues", _issues, link="/editions/{id}/issues")),
        (("/editions", "Editions"),),
    ),
    "/editions/{edition}/issues": Sheet(
        "What is wrong in an edition",
        "What was found in the file, where, and who should mend it. Bad rows never stop the good ones.",
        (_ISSUES,), trail=(("/editions", "Editions"),),
    ),
    "/issues": Sheet(
        "What is wrong in the files",
        "Errors were not taken, warnings were taken but are doubtful, notes are to be known.",
        (_ISSUES,),
        (Column("Errors", lambda row: row["counts"]["error"], "number"),
         Column("Warnings", lambda row: row["counts"]["warning"], "number"),
         Column("Notes", lambda row: row["counts"]["note"], "number")),
    ),
    "/rules": Sheet(
        "Rules for files",
        "Every rule by which a file is judged, how grave a finding is, and who can mend it.",
        (Table("Rules", "rules", (
            Column("Rule", "sentence", under=below("id", "code")), Column("Severity", "severity", "mark"),
            Column("Who mends it", "mender"),
        ), "There is no rule."),),
        trail=(("/issues", "What is wrong in the files"),),
    ),
    "/letters": Sheet(
        "Letters to organisations",
        "What each organisation could put right: the five figures that would most change the list.",
        (Table("Organisations that return or list something", "letters", (
            Column("Letter to", "name", link="href", under=below("code")), Column("Sector", "sector"),
            Column("Holdings", "holdings", "number"),
        ), "Nobody has returned anything yet."),),
    ),
    "/organisations": Sheet(
        "Organisations",
        "Everybody whom a register or a return names, by code: what they are called, and who carries them on.",
        (Table("Organisations", "organisations", (
            Column("Organisation", "name", link="/organisations/{code}", under=below("code")),
            Column("Sector", "sector"), Column("Kind", "kind"), Column("Status", "status", "mark"),
            Column("Carried on by", _carried_on),
        ), "No organisation is known."),),
        (Column("As of", "as_of", "day"),),
    ),
    "/organisations/{code}": Sheet(
        "{name}",
        "What it is called and was called, whom it carries on, who carries it on, and what it holds.",
        (Table("Holdings of it and of those it carries on", "holdings", (
            Column("Holding", "name", under=below("code")), Column("Site", "site_name", link="href"),
            Column("Returned or listed by", "organisation_code"),
        ), "It holds nothing that you may see."),
         Table("Names", "names", (
            Column("Name", "name"), Column("As of", "as_of", "day"), Column("Who says so", "edition"),
        ), "No name is known."),
         Table("Carries on", "predecessors", (
            Column("Organisation", "predecessor", link="/organisations/{predecessor}"), Column("Since", "on", "day"),
            Column("Who says so", "edition"),
        ), "Nobody, as far as is known."),
         Table("Carried on by", "succeeded_by", (
            Column("Organisation", "successor", link="/organisations/{successor}"), Column("Since", "on", "day"),
            Column("Who says so", "edition"),
        ), "Nobody, as far as is known.")),
        (Column("Code", "code"), Column("Called today", "name_now"), Column("Sector", "sector"), Column("Kind", "kind"),
         Column("Status", "status", "mark"), Column("Opened", "opened", "day"), Column("Closed", "closed", "day"),
         Column("Address", _joined("address", "postcode")), Column("As of", "as_of", "day")),
        (("/organisations", "Organisations"),),
    ),
    "/bodies": Sheet(
        "Who speaks for {area}",
        "Bodies with their days; one whose start or end is not confirmed has none.",
        (Table("Bodies", "bodies", (
            Column("Body", "name", under=below("kind")), Column("Codes", _listed("codes")),
            Column("From", "from", "day"), Column("Until", "to", "day"),
            Column("Confirmed", _yes("confirmed"), under=below("note")), Column("Who says so", "citation"),
        ), "Nobody spoke for the area on that day, as far as is known."),),
        (Column("As of", "as_of", "day"),),
    ),
    "/adoptions": Sheet(
        "Methods adopted",
        "Who decided on which scoring method, when and why. Before the first, the method that came with the service "
        "counts.",
        (Table("Adoptions, the newest first", "adoptions", (
            Column("Method", "method", link="href", under=below("sha256", "code")),
            Column("Adopted", "at", "moment"), Column("By", "adopted_by"), Column("Why", "reason"),
        ), "Nobody adopted another one: the method that came with the service is in force."),),
        trail=(("/methods", "Methods"),),
    ),
}  # fmt: skip
"""Every path whose JSON has a page of this kind, as the routes have it."""
