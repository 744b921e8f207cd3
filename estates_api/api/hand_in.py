"""The page on which people hand files in: the form, what a file would change, and what became of it.

It sends to `POST /editions` like any program. Its script asks for the same pages as a form without scripts gets, and
shows the part that tells the outcome.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from estates_api.api.context import Caller, Context, Here
from estates_api.api.pages import page
from estates_api.api.parameters import only, today
from estates_api.domain.callers import Permission, check_may
from estates_api.domain.quarters import quarter_of
from estates_api.domain.rules import RULES, Severity, advise
from estates_api.domain.values import counted
from estates_api.errors import EstatesError, Unavailable
from estates_api.exports.issues import write_lines
from estates_api.sources import FORMATS
from estates_api.workflows.preview import KINDS

router = APIRouter(tags=["editions"])

EXAMPLES, FEW = 5, 25
"""Changes of each kind that are shown, and issues that are all shown; of more, a few by each rule. The tables to
download have more."""

_AUDIENCES: Mapping[str, str] = {
    "public": "everybody", "partner": "partners only", "owner": "its owners only",
}  # fmt: skip
_HELD: Mapping[str, tuple[str, str | None]] = {
    "rows": ("row", None), "holdings": ("holding", None), "organisations": ("organisation", None),
    "places": ("place", None), "events": ("event", None), "features": ("area or point", "areas or points"),
    "claims": ("figure or fact", "figures and facts"),
}  # fmt: skip
_ISSUE = ("severity", "line", "field", "reason", "raw", "what_to_do", "responsible", "organisation", "rule")
_COLUMNS = tuple(dict.fromkeys(name for _, _, names in KINDS.values() for name in names))

SignIn = Annotated[bool, Query(alias="sign-in", description="Have the browser ask for the key (as Basic password)")]


@router.get("/hand-in", dependencies=[Depends(only("sign-in"))], response_class=Response,
            responses={200: {"content": {"text/html": {}}}})  # fmt: skip
def hand_in_page(request: Request, here: Here, caller: Caller, *, sign_in: SignIn = False) -> Response:
    """The page to hand in a file: choose it, see what it would change and what is wrong in it, then take it in."""
    if sign_in:
        check_may(caller, Permission.HAND_IN)
    return _page(request, here, caller, {})


def draw_outcome(  # noqa: PLR0913, PLR0917 -- as upload
    request: Request, here: Context, caller: Caller, told: Mapping[str, Any], given: Mapping[str, str], status: int,
    headers: Mapping[str, str],
) -> Response:  # fmt: skip
    """The page with what a file would change, or what became of it: the members of the JSON answer in words."""
    issues = [{**one, "what_to_do": _advice(one)} for one in told["first_issues"]]
    values = {
        "told": told, "issues": issues, "by_severity": _by_severity(told), "findings": _findings(told, issues),
        "examples": EXAMPLES,
        "format": FORMATS[told["format"]],
        "seen_by": _AUDIENCES[given.get("sensitivity") or "public"],
        "held": _held(told["counts"]), "kinds": KINDS, "cut": _cut(told), "issues_csv": _csv(issues, _ISSUE),
        "changes_csv": _csv(_changes(told), ("change", *_COLUMNS)),
    }  # fmt: skip
    return _page(request, here, caller, given, values, status=status, headers=headers)


def draw_assessed(
    request: Request, here: Context, caller: Caller, assessed: Mapping[str, Any], status: int,
    headers: Mapping[str, str],
) -> Response:  # fmt: skip
    """The page with what became of the scores: the members of the JSON answer in words."""
    return _page(request, here, caller, {}, {"assessed": assessed}, status=status, headers=headers)


def draw_refusal(
    request: Request, here: Context, caller: Caller, given: Mapping[str, str], error: EstatesError
) -> Response:  # fmt: skip
    """The page with why a file was not taken, and the form as it was filled in."""
    headers = {"Retry-After": "5"} if isinstance(error, Unavailable) else {}
    return _page(request, here, caller, given, {"refusal": error.detail}, status=error.status, headers=headers)


def _page(  # noqa: PLR0913 -- what every page of ours has
    request: Request, here: Context, caller: Caller, given: Mapping[str, str], values: Mapping[str, Any] | None = None,
    *, status: int = 200, headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    known = {
        "told": None, "assessed": None, "refusal": None, "given": given, "formats": FORMATS, "audiences": _AUDIENCES,
        "most_mb": here.max_upload_mb, "may": Permission.HAND_IN in caller.may, "name": caller.name,
        "may_draft": Permission.DRAFT in caller.may, "quarter": str(quarter_of(today())),
    }  # fmt: skip
    return page(request, "hand_in.html", known | dict(values or {}), headers, status=status)


def _held(counts: Mapping[str, int]) -> str:
    """What a file has, in words; of parcels, how many are surely of a site."""
    if "parcels" in counts:
        return (f"{counted(counts['parcels'], 'parcel')} of land; {counts['attached']:,} surely of "
                f"{counted(counts['sites'], 'site')} that this catalogue has")  # fmt: skip
    return ", ".join(counted(counts[name], *words) for name, words in _HELD.items() if counts[name])


def _advice(issue: Mapping[str, Any]) -> str:
    rule = RULES.get(issue["rule"])
    return advise(rule.severity, rule.mender) if rule else ""


def _by_severity(told: Mapping[str, Any]) -> list[tuple[str, int]]:
    found = told["issues_by_rule"].items()
    counted = [(severity, sum(number for name, number in found if name in RULES and RULES[name].severity == severity))
               for severity in get_args(Severity)]  # fmt: skip
    return [(severity, number) for severity, number in counted if number]


def _findings(told: Mapping[str, Any], issues: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What was found by each rule, the gravest first: how often, where for example, and what to do."""
    most = FEW if sum(told["issues_by_rule"].values()) <= FEW else 3
    found = [{"rule": RULES[name], "number": number, "advice": advise(RULES[name].severity, RULES[name].mender),
              "examples": [one for one in issues if one["rule"] == name][:most]}
             for name, number in told["issues_by_rule"].items() if name in RULES]  # fmt: skip
    return sorted(found, key=lambda one: get_args(Severity).index(one["rule"].severity))


def _changes(told: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for kind, (one, _, _) in KINDS.items():
        for row in told.get("changes", {}).get(kind, ()):
            yield {**dict.fromkeys(_COLUMNS), **row, "change": one}


def _cut(told: Mapping[str, Any]) -> int:
    """How many changes of a kind are listed, where there are more of one."""
    changes = told.get("changes", {})
    return max((len(changes[kind]) for kind in KINDS if changes and len(changes[kind]) < changes["counts"][kind]),
               default=0)  # fmt: skip


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """A table as the address of its own content: of what is not written there is no other."""
    content = "".join(write_lines(rows, columns)).encode("utf-8-sig")
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(content).decode()}"
