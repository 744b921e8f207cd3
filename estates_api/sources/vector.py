"""A layer of features: attributes as text, geometry brought to the National Grid, read in batches.

Points become positions and polygons outlines, mended where they cross themselves; what is neither becomes a doubt.
"""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from estates_api.errors import BadInput
from estates_api.sources import geojson
from estates_api.sources.cell_text import cell_text
from estates_api.sources.grid import Projection, find_projection
from estates_api.sources.vector_files import VectorFile, lay_out

BATCH = 2000
"""Features read at a time."""

MAX_ROW_GROUP_BYTES = 1024 * 1024 * 1024

Geometries = np.ndarray[Any, np.dtype[np.object_]]
Doubts = tuple[tuple[str, str], ...]
Points = np.ndarray[Any, np.dtype[np.float64]]
Batch = tuple[list[tuple[str, ...]], Geometries]
"""Attributes of some features, and their geometry as published."""

Opened = tuple[tuple[str, ...], str | None, Callable[[VectorFile, tuple[str, ...]], Iterator[Batch]]]
"""The fields of a layer, its CRS, and how its features are read with some of the fields."""

# The schema that GDAL finds by reading a GML through is kept beside it, in the folder that we made.
_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "GML": {"DOWNLOAD_SCHEMA": "NO", "WRITE_GFS": "YES"},
    "GPKG": {"IMMUTABLE": "YES"},
}
_ASTRAY = -1e9
_MENDED = ("geometry-mended", "the outline crossed or touched itself; mended")
_SWAPPED = ("position-swapped", "latitude stood before longitude; put right")
_POINT, _POLYGON, _MULTIPOINT, _MULTIPOLYGON, _COLLECTION = 0, 3, 4, 6, 7


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its number in the layer from 1, its attributes as text, and where it is, in EPSG:27700 metres.

    `outline` is a valid multipolygon as WKB, then `point` lies on it. `doubts` are (rule, reason).
    """

    number: int
    cells: tuple[str, ...]
    point: tuple[float, float] | None = None
    outline: bytes | None = None
    doubts: Doubts = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """The layer of a vector file that has features. `others` are the names of layers that are not read."""

    fields: tuple[str, ...]
    projection: Projection
    others: tuple[str, ...]
    _open: Callable[[], Iterator[Batch]]

    def features(self) -> Iterator[Feature]:
        """Every feature in the order of the file, read anew."""
        number = 0
        for rows, geometries in self._open():
            yield from _features(number, rows, geometries, self.projection)
            number += len(rows)


def open_layer(path: Path, wanted: Callable[[str], bool] = lambda _: True) -> Layer:
    """The layer of a vector file, with the fields that are wanted; BadInput when it has none with features, or
    nothing tells where they are."""
    file = lay_out(path)
    every, crs, read = _OPENERS.get(file.driver, _open_gdal)(file)
    fields = tuple(name for name in every if wanted(name))
    batches = partial(read, file, fields)
    sample = _sample(batches())
    return Layer(fields, find_projection(crs, sample), file.others, batches)


def _sample(batches: Iterator[Batch]) -> "np.ndarray[Any, Any]":
    """Coordinates of the first features that have any, as the CRS is told by; BadInput without any feature."""
    found = np.zeros((0, 2))
    some = False
    for rows, geometries in islice(batches, 20):
        some = some or bool(rows)
        found = shapely.get_coordinates(geometries)
        if len(found):
            break
    if not some:
        raise BadInput("the vector file has no features")
    if not len(found):
        raise BadInput("none of the first features has a geometry; hand the table in as CSV")
    return found


def _open_geojson(file: VectorFile) -> Opened:
    head = geojson.read_head(file.path)
    return tuple(head.columns), head.crs, _geojson_batches


def _geojson_batches(file: VectorFile, fields: tuple[str, ...]) -> Iterator[Batch]:
    features = geojson.read_features(file.path)
    while batch := list(islice(features, BATCH)):
        rows = [
            tuple(_text({"id": feature.get("id"), **geojson.properties_of(feature)}.get(name)) for name in fields)
            for feature, _ in batch
        ]
        yield rows, geojson.parse_geometries([text for _, text in batch])


def _open_parquet(file: VectorFile) -> Opened:
    import pyarrow.parquet  # noqa: PLC0415 -- 80 MB that a service without such files does not need

    with _readable(), file.path.open("rb") as stream:
        parquet = pyarrow.parquet.ParquetFile(stream)
        stated = (parquet.schema_arrow.metadata or {}).get(b"geo")
        groups = [parquet.metadata.row_group(number) for number in range(parquet.metadata.num_row_groups)]
        names = [field.name for field in parquet.schema_arrow if not pyarrow.types.is_nested(field.type)]
    if stated is None:
        raise BadInput("this is a Parquet file without geometry (GeoParquet has it); save the table as CSV")
    if any(group.total_byte_size > MAX_ROW_GROUP_BYTES for group in groups):
        raise BadInput("a row group of the Parquet file unpacks to more than 1 GB; write it with smaller ones")
    place, crs = _parquet_geometry(stated)
    return tuple(name for name in names if name != place), crs, partial(_parquet_batches, place)


def _parquet_geometry(stated: bytes) -> tuple[str, str | None]:
    """The column of the geometry and its CRS: longitude and latitude where the file leaves it out."""
    try:
        geo = json.loads(stated)
        place = geo["primary_column"]
        column = geo["columns"][place]
        encoding, crs = column["encoding"], column.get("crs", "OGC:CRS84")
    except (ValueError, KeyError, TypeError):
        raise BadInput("the GeoParquet does not say where its geometry is") from None
    if encoding != "WKB":
        raise BadInput(f"the GeoParquet holds its geometry as {encoding!r}; write it as WKB")
    return place, json.dumps(crs) if isinstance(crs, dict) else crs


def _parquet_batches(place: str, file: VectorFile, fields: tuple[str, ...]) -> Iterator[Batch]:
    import pyarrow.parquet  # noqa: PLC0415 -- 80 MB that a service without such files does not need

    with _readable(), file.path.open("rb") as stream:
        parquet = pyarrow.parquet.ParquetFile(stream)
        for batch in parquet.iter_batches(BATCH, columns=[*fields, place]):
            yield _rows(batch, fields), _from_wkb(batch.column(place).to_pylist())


def _open_gdal(file: VectorFile) -> Opened:
    with _readable(), _arrow(file) as (meta, _):
        fields, crs = tuple(meta["fields"]), meta["crs"]
        if meta["geometry_type"] is None:
            raise BadInput("the layer has no geometry; hand the table in as CSV")
    return fields, crs, _gdal_batches


@contextmanager
def _arrow(file: VectorFile, fields: tuple[str, ...] | None = None) -> Iterator[Any]:
    import pyogrio  # noqa: PLC0415 -- 80 MB that a service without such files does not need

    options = _OPTIONS.get(file.driver, {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what GDAL thinks of a file is told by what comes of it
        with pyogrio.open_arrow(
            file.path, layer=file.layer, columns=fields, batch_size=BATCH, use_pyarrow=True, **options
        ) as opened:  # fmt: skip
            yield opened


def _gdal_batches(file: VectorFile, fields: tuple[str, ...]) -> Iterator[Batch]:
    done = 0
    with _readable(), _arrow(file, fields) as (meta, reader):
        place = meta["geometry_name"] or "wkb_geometry"
        for batch in reader:
            packed = batch.column(place).to_pylist()
            yield _rows(batch, fields), _from_wkb(packed, partial(_straightened, file, done))
            done += batch.num_rows


def _straightened(file: VectorFile, done: int, at: int) -> object:
    """A feature drawn with curves, its curves cut into short straight lines."""
    import pyogrio  # noqa: PLC0415 -- 80 MB that a service without such files does not need

    options = _OPTIONS.get(file.driver, {})
    _, _, found, _ = pyogrio.raw.read(
        file.path, layer=file.layer, columns=[], skip_features=done + at, max_features=1, **options
    )
    return shapely.from_wkb(found[0], on_invalid="ignore") if len(found) else None


@contextmanager
def _readable() -> Iterator[None]:
    """What a damaged file makes the libraries say, in one line."""
    try:
        yield
    except BadInput:
        raise
    except Exception as error:  # GDAL's, Arrow's and numpy's own, whatever the damage leads to
        raise BadInput("the vector file cannot be read: damaged or truncated?") from error


def _from_wkb(packed: list[bytes | None], straighten: Callable[[int], object] | None = None) -> Geometries:
    """The geometries; None where there is none, or none that can be drawn."""
    try:
        return np.asarray(shapely.from_wkb(packed, on_invalid="ignore"), dtype=object)
    except NotImplementedError:  # one of them is drawn with curves
        return np.array([_from_one(one, at, straighten) for at, one in enumerate(packed)], dtype=object)


def _from_one(packed: bytes | None, at: int, straighten: Callable[[int], object] | None) -> object:
    try:
        return shapely.from_wkb(packed, on_invalid="ignore")
    except NotImplementedError:
        return straighten(at) if straighten else None


def _rows(batch: Any, fields: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not fields:
        return [()] * batch.num_rows
    columns = [_texts(batch.column(name)) for name in fields]
    return list(zip(*columns, strict=True))


def _texts(column: Any) -> list[str]:
    if str(column.type) in {"string", "large_string"}:
        return [cell or "" for cell in column.to_pylist()]
    return [_text(cell) for cell in column.to_pylist()]


def _text(cell: object) -> str:
    """An attribute as a table would hold it."""
    if cell is None or isinstance(cell, bytes):
        return ""
    return json.dumps(cell, default=str) if isinstance(cell, list | dict) else cell_text(cell)  # type: ignore[arg-type]


_OPENERS: Mapping[str, Callable[[VectorFile], Opened]] = {"GeoJSON": _open_geojson, "Parquet": _open_parquet}


def _features(start: int, rows: list[tuple[str, ...]], published: Geometries, to_grid: Projection) -> Iterator[Feature]:
    swapped = np.zeros(len(published), dtype=bool) if to_grid.assumed else _latitude_first(published)
    published[swapped] = shapely.transform(published[swapped], lambda found: found[:, ::-1])
    flat = shapely.transform(shapely.force_2d(published), lambda found: _project(to_grid, found))
    outlines, points, doubts = _places(np.asarray(flat, dtype=object))
    doubts |= {int(at): (_SWAPPED, *doubts.get(int(at), ())) for at in np.flatnonzero(swapped)}
    xs, ys = points[:, 0].round(3).tolist(), points[:, 1].round(3).tolist()
    packed = shapely.to_wkb(outlines).tolist()
    for at, cells in enumerate(rows):
        point = None if isnan(xs[at]) else (xs[at], ys[at])
        yield Feature(start + at + 1, cells, point, packed[at], doubts.get(at, ()))


def _latitude_first(published: Geometries) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which geometries lie in Great Britain only when their two coordinates change places, as degrees."""
    bounds = np.asarray(shapely.bounds(published))
    low, high = bounds[:, :2], bounds[:, 2:]  # NaN where there is nothing: within no bounds
    return np.asarray(np.all((low >= (49.5, -9.0)) & (high <= (61.0, 2.5)), axis=1))


def _places(flat: Geometries) -> tuple[Geometries, Points, dict[int, Doubts]]:
    """The outline of each geometry that has one, the point of each that is anywhere, and the doubts by its number."""
    kinds, bounds = np.asarray(shapely.get_type_id(flat)), np.asarray(shapely.bounds(flat))
    there = np.asarray(shapely.get_num_coordinates(flat)) > 0
    astray = bounds[:, 0] < 0  # False for NaN: nothing to be astray
    areas = there & ~astray & np.isin(kinds, (_POLYGON, _MULTIPOLYGON, _COLLECTION))
    broken = areas & ~np.asarray(shapely.is_valid(flat))
    plain = areas & ~broken & (kinds != _COLLECTION)
    outlines = np.full(len(flat), None, dtype=object)
    outlines[plain] = _all_multi(flat[plain])
    for at in np.flatnonzero(areas & ~plain):
        outlines[at] = _outline(_mended(flat[at]) if broken[at] else flat[at])
    drawn = np.asarray(~shapely.is_missing(outlines))
    alone = there & ~astray & ((kinds == _POINT) | ((kinds == _MULTIPOINT) & (shapely.get_num_geometries(flat) == 1)))
    points = np.where(alone[:, None], bounds[:, :2], np.nan)
    on = shapely.point_on_surface(outlines[drawn])
    points[drawn] = np.column_stack((shapely.get_x(on), shapely.get_y(on)))
    reasons = ((~there, "there is none that can be drawn"), (astray, "it lies outside Great Britain"),
               (there & ~astray & ~drawn & ~alone, "it is neither a point nor an area"))  # fmt: skip
    doubts: dict[int, Doubts] = {
        int(at): (_doubt(reason),) for which, reason in reasons for at in np.flatnonzero(which)
    }
    doubts |= {int(at): (_MENDED,) for at in np.flatnonzero(broken & drawn)}
    return outlines, points, doubts


def _all_multi(areas: Geometries) -> Geometries:
    """Polygons as multipolygons of one part, and multipolygons as they are."""
    single = np.asarray(shapely.get_type_id(areas)) == _POLYGON
    whole = areas.copy()
    if single.any():
        whole[single] = shapely.multipolygons(areas[single], indices=np.arange(single.sum()))
    return whole


def _mended(geometry: Any) -> Any:
    return shapely.make_valid(geometry, method="structure", keep_collapsed=False)


def _project(to_grid: Projection, found: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """On the grid, and far from it where there is no answer: NaN would open rings that are closed."""
    if not len(found):
        return found
    placed = to_grid.project(found)
    known = np.asarray(np.isfinite(placed).all(axis=1))
    return np.where(known[:, None], placed, _ASTRAY)


def _outline(geometry: Any) -> shapely.MultiPolygon | None:
    """The areas of a geometry as one multipolygon; None when it has none."""
    areas = [part for part in _parts(geometry) if shapely.get_type_id(part) == _POLYGON and part.area > 0]
    if not areas:
        return None
    whole = shapely.MultiPolygon(areas)
    return whole if whole.is_valid else _outline(shapely.union_all(areas))


def _parts(geometry: Any) -> Iterator[Any]:
    """The single geometries in a geometry, however deep."""
    for part in shapely.get_parts(geometry):
        if shapely.get_type_id(part) in {_MULTIPOLYGON, _COLLECTION}:
            yield from _parts(part)
        else:
            yield part


def _doubt(what: str) -> tuple[str, str]:
    return "geometry-not-taken", f"its geometry was not taken: {what}"
