"""Whole collections, or what a question finds of them, as files: built first and sent then, so that what is cut off is
seen by its length. A file is built once for each version of the data, and served in ranges."""

import asyncio
import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Select, func, literal_column, select
from starlette.requests import Request
from starlette.responses import Response

from estates_api.api.answers import etag
from estates_api.api.context import audience, context, reading
from estates_api.api.files import Files, Sent
from estates_api.api.formats import FORMATS, Format
from estates_api.api.given import Given, given_for, layer_of
from estates_api.api.questions import WHOLE, Question, known, read_question, spelled
from estates_api.domain.crs import CRS84, EPSG27700, Crs
from estates_api.domain.method import Method
from estates_api.domain.method_words import describe_method
from estates_api.errors import BadInput, NotFound
from estates_api.exports.bulk.build import Order, build_file
from estates_api.exports.bulk.files import DOCUMENTS, WRITTEN
from estates_api.exports.bulk.texts import TEXTS
from estates_api.store.batches import copying
from estates_api.store.database import transaction
from estates_api.store.features import copy_features, reading_as
from estates_api.store.layers import Audience
from estates_api.store.reference import list_borough_rings
from estates_api.store.statements import feature_text, geometry_in, whole_query
from estates_api.store.work import take_longer


async def whole(request: Request) -> Response:
    """A collection as a file: `/collections/sites.gpkg`, `/sites.geojson`."""
    name, _, suffix = request.url.path.rpartition("/")[2].partition(".")
    made = known(name)
    form = FORMATS.get(suffix)
    if form is None or suffix == "html":
        there = ", ".join(f".{one}" for one in FORMATS if one != "html")
        raise NotFound(f"{made.id} is there as {there}, not as .{suffix[:20]}")
    return await download(request, read_question(made, request.query_params, WHOLE), form)


async def download(request: Request, question: Question, form: Format) -> Response:
    """A file of all that the question finds."""
    check_file(question, form)
    version = await reading(request).data_version()
    tag = etag(request, version)
    given = await given_for(request, question)
    if given is None and tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": tag})
    crs = crs_of(request, question, form)
    question = replace(question, look=replace(question.look, crs=crs))
    changed_at = datetime.fromisoformat(await reading(request).changed_at(version))
    path = await _path(request, Job(question, form, given, changed_at), version)
    headers = {"Content-Crs": f"<{crs.uri}>"} | ({"ETag": tag} if given is None else {})
    return Sent(
        path, headers=headers, media_type=TEXTS[form.name].media_type if form.name in TEXTS else form.media_type,
        filename=f"{question.collection.id}.{form.name}",
        content_disposition_type="inline" if form.name == "geojson" else "attachment",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be built: a question in a format, of these rows or of those that are stored, as of a change."""

    question: Question
    form: Format
    given: Given | None
    changed_at: datetime


def _role(connection: Connection, reader: Audience | None) -> AbstractContextManager[None]:
    return nullcontext() if reader is None else reading_as(connection, reader)


def check_file(question: Question, form: Format) -> None:
    """BadInput for what a file of this format cannot be."""
    if question.look.properties is not None and form.name not in {"geojson", "geojsons"}:
        raise BadInput(f"properties: {form.title} has all properties; leave it out")
    if question.cursor is not None:
        raise BadInput("cursor: a file has all pages; leave it out")


def check_size(connection: Connection, query: Select[Any], form: Format) -> None:
    """BadInput when a question finds more than a file of this format holds."""
    if form.most is None:
        return
    one: ColumnElement[int] = literal_column("1")
    found: Select[Any] = query.with_only_columns(one, maintain_column_froms=True).order_by(None).limit(form.most + 1)
    if connection.execute(select(func.count()).select_from(found.subquery())).scalar_one() > form.most:
        instead = "" if form.name == "xlsx" else ", or take f=xlsx"
        raise BadInput(f"f: {form.title} holds at most {form.most:,} features, and more are found: narrow the question "
                       f"with bbox, filter or a property{instead}")  # fmt: skip


def _told(request: Request, connection: Connection, job: Job, method: Method) -> dict[str, Any]:
    """What a document says beside its rows: what was asked, by which method, and where the boroughs are."""
    asked = [[name, text] for name, text in request.query_params.multi_items() if name != "f"]
    scored = "release_score" in job.question.collection.names
    return {
        "asked": asked,
        "audience": str(audience(request)),
        "method": describe_method(method) if scored else {},
        "boroughs": list_borough_rings(connection) if job.form.name == "pdf" else [],
    }


def crs_of(request: Request, question: Question, form: Format) -> Crs:
    """The system of a file: a GeoPackage is in British National Grid unless another is asked for."""
    if "crs" not in request.query_params:
        return EPSG27700 if form.name in {"gpkg", "pdf"} else CRS84
    if form.name == "pdf":
        raise BadInput(f"crs: the maps of {form.title} are drawn in {EPSG27700.uri}; leave it out")
    if form.name not in {"geojson", "geojsons"} and question.look.crs not in {CRS84, EPSG27700}:
        raise BadInput(f"crs: {form.title} is there in {CRS84.uri} and {EPSG27700.uri}")
    return question.look.crs


async def _path(request: Request, job: Job, version: int) -> Path:
    """Where the file is. What was computed for one request is nobody else's; it is kept no longer than the others."""
    files: Files = request.app.state.files
    asked = job.question
    key = (spelled(asked), asked.look, asked.limit, job.form.name, audience(request), version, job.given and uuid4())
    async with files.locks.setdefault(key, asyncio.Lock()):
        path = files.get(key)
        if path is None:
            path = files.new(job.form.name)
            await asyncio.to_thread(_build, request, job, path)
            files.keep(key, path)
    files.locks.pop(key, None)
    return path


def _build(request: Request, job: Job, path: Path) -> None:
    """Read and write, in a thread: the rows go through in blocks."""
    take_longer()
    question, name = job.question, job.form.name
    source, reader = layer_of(question, audience(request), job.given)
    conditions, look = question.asked_of(source), question.look
    values = {**(question.values or {}), **({"rows": job.given.rows} if job.given else {})}
    if name in WRITTEN:
        said = [column.label(name) for name, column in source.columns.items()]
        columns: list[ColumnElement[Any]] = [
            source.id.label("id"),
            *said,
            geometry_in(source, look.crs).label("geometry"),
        ]
    else:
        columns = [feature_text(source, look).label("feature")]
    query = whole_query(source, columns, conditions, sort=question.sort, limit=question.limit).params(**values)
    here = context(request)
    with transaction(here.engine) as connection:
        method = here.method_in_force(connection)
        told = _told(request, connection, job, method) if name in DOCUMENTS else {}
    with transaction(here.engine) as connection, _role(connection, reader):
        if name in WRITTEN:
            # COPY takes the rows that were computed as text; as a value they would be quoted once more.
            given = {"rows": json.loads(job.given.rows)} if job.given else {}
            check_size(connection, query.params(**given), job.form)
            order = Order(name, question.collection.id, look.crs.srid, job.changed_at, method.cut_offs, told)
            with copying(connection, query) as blocks:
                build_file(order, blocks, path)
            return
        half = path.with_suffix(".half")
        with half.open("wb") as file:
            pieces = TEXTS[name].write(question.collection, look.crs.srid, copy_features(connection, query))
            file.writelines(pieces)
        half.replace(path)
