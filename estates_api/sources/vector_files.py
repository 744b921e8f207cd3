"""Vector files told apart by their first bytes, and laid out so that a driver reads nothing but them.

GDAL picks a driver by asking each whether it knows the file, and some files are instructions to read others: a VRT, a
stored pipeline, a database with virtual tables, XML with entities. So the format is settled here, what could lead
elsewhere is refused, and the driver gets a name that we made, in a folder of its own.
"""

import re
import shutil
import sqlite3
import tempfile
import weakref
import zipfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import quote

from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources.archives import open_archive, read_pieces

Driver = Literal["GeoJSON", "GPKG", "ESRI Shapefile", "FlatGeobuf", "Parquet", "GML"]

_ENDINGS: dict[Driver, str] = {
    "GeoJSON": ".geojson", "GPKG": ".gpkg", "ESRI Shapefile": ".shp", "FlatGeobuf": ".fgb", "Parquet": ".parquet",
    "GML": ".gml",
}  # fmt: skip
_INSIDE = (".shp", ".gml", ".geojson", ".gpkg", ".fgb", ".parquet")
_BOM = b"\xef\xbb\xbf"
_COLLECTION = re.compile(rb'"type"\s*:\s*"Feature(Collection)?"|"features"\s*:\s*\[')
_MADE = """
    SELECT coalesce(CAST(name AS text), ''), coalesce(CAST(sql AS text), '')
    FROM sqlite_master WHERE type IN ('table', 'view')
"""  # where a damaged file has numbers or bytes, SQLite reads text too
_LEADS_ELSEWHERE = re.compile(rb"<!DOCTYPE|<!ENTITY|<OGR[A-Z]", re.IGNORECASE)


@dataclass(frozen=True)
class VectorFile:
    """One vector file as a driver may open it: `layer` where it has several, `others` the names of those left.

    Its folder is removed when nothing holds it any more.
    """

    driver: Driver
    path: Path
    layer: str | None = None
    others: tuple[str, ...] = ()


_COMMENT = re.compile(r"/\*.*?(\*/|$)|--[^\n]*", re.DOTALL)
_INDEX = re.compile(
    r"""\s*CREATE\s+VIRTUAL\s+TABLE\s+("(?:[^"]|"")*"|'(?:[^']|'')*'|\[[^\]]*\]|\w+)\s+USING\s+(rtree|fts[345])\s*\(""",
    re.IGNORECASE,
)
"""The virtual tables a GeoPackage may have: spatial and text indexes, which read nothing but themselves."""


def is_vector(path: Path, start: bytes) -> bool:
    """True for a file of features with geometry; BadInput for one that is part of such, or nearly is."""
    if start.startswith(b"\x00\x00\x27\x0a"):
        raise BadInput("this is one part of a shapefile; hand in a zip of its .shp, .shx, .dbf and .prj")
    if start.startswith(b"SQLite format 3"):
        return _is_geopackage(path)
    if start.startswith(b"PK\x03\x04"):
        return any(_ending(name) in _INSIDE for name in _member_names(path))
    return _driver(start) is not None


def _driver(start: bytes) -> Driver | None:
    """The format of these first bytes; None when it is none of ours."""
    start = start.removeprefix(_BOM)
    if start[:1] in {b"{", b"\x1e"}:
        return "GeoJSON" if _COLLECTION.search(start) else None
    if start.startswith(b"SQLite format 3"):
        return "GPKG"
    if start.startswith(b"fgb\x03fgb"):
        return "FlatGeobuf"
    if start.startswith(b"PAR1"):
        return "Parquet"
    return "GML" if start.startswith(b"<") and b"opengis.net/gml" in start and b"FeatureCollection" in start else None


def lay_out(path: Path) -> VectorFile:
    """The file where a driver finds it alone. BadInput when it is damaged, a bomb, or would lead elsewhere."""
    folder = Path(tempfile.mkdtemp(prefix="estates-vector-"))
    try:
        found = _unpack(path, folder) if zipfile.is_zipfile(path) and _starts(path, b"PK") else _link(path, folder)
        _check(found)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(found, shutil.rmtree, folder, ignore_errors=True)
    return found


def _starts(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _link(path: Path, folder: Path) -> VectorFile:
    with path.open("rb") as file:
        driver = _driver(file.read(1 << 20).lstrip())
    if driver is None:
        raise BadInput("this is no vector file that is known here")
    place = folder / f"layer{_ENDINGS[driver]}"
    place.symlink_to(path.resolve())
    layers = _geopackage_layers(path) if driver == "GPKG" else [None]
    return VectorFile(driver, place, layers[0], tuple(str(layer) for layer in layers[1:]))


def _check(found: VectorFile) -> None:
    if found.driver == "GML" and (what := _find_elsewhere(found.path)):
        raise BadInput(f"the GML holds {what}, which could lead to other files; remove it")


def _find_elsewhere(path: Path) -> str | None:
    kept = b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            if found := _LEADS_ELSEWHERE.search(kept + chunk):
                return found[0].decode()
            kept = chunk[-16:]
    return None


def _is_geopackage(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(_readonly(path), uri=True)) as database:
            names = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    except (sqlite3.Error, UnicodeDecodeError):  # names that are no text
        raise BadInput("the database cannot be read: damaged or truncated?") from None
    if not {"gpkg_contents", "gpkg_geometry_columns"} <= names:
        raise BadInput("this is a database but no GeoPackage; save the table as CSV, or the layer as a GeoPackage")
    return True


def _geopackage_layers(path: Path) -> list[str | None]:
    """Its tables of features, those with rows first. BadInput for a virtual table: it may read other files."""
    try:
        with closing(sqlite3.connect(_readonly(path), uri=True)) as database:
            made = database.execute(_MADE).fetchall()
            for name, sql in made:
                _check_made(name, sql)
            listed = database.execute("SELECT table_name FROM gpkg_geometry_columns ORDER BY rowid").fetchall()
            tables = [name for (name,) in listed if any(name == known for known, _ in made)]
            filled = {name: _has_rows(database, name) for name in tables}
    except (sqlite3.Error, UnicodeDecodeError):
        raise BadInput("the GeoPackage cannot be read: damaged or truncated?") from None
    if not tables:
        raise BadInput("the GeoPackage has no layer with geometry")
    return sorted(tables, key=lambda name: not filled[name])


def _check_made(name: str, sql: str) -> None:
    told = _COMMENT.sub(" ", sql)
    if re.match(r"\s*CREATE\s+VIRTUAL\b", told, re.IGNORECASE) and not _INDEX.match(told):
        raise BadInput(f"the GeoPackage has a virtual table {shorten(name, 60)!r}, which could read other files")


def _has_rows(database: sqlite3.Connection, table: str) -> bool:
    quoted = table.replace('"', '""')
    return database.execute(f'SELECT 1 FROM "{quoted}" LIMIT 1').fetchone() is not None  # noqa: S608 -- quoted name


def _readonly(path: Path) -> str:
    return f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"


def _member_names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [member.filename for member in archive.infolist() if not _is_litter(member.filename)]
    except Exception:  # zipfile raises a dozen classes for damaged archives; whoever reads it says so
        return []


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.casefold()


def _is_litter(name: str) -> bool:
    """Folders, and what one system leaves in archives beside the files."""
    return name.endswith("/") or name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith("._")


def _unpack(path: Path, folder: Path) -> VectorFile:
    """The shapefile of a zip, or its one other vector file, under names of ours."""
    with open_archive(path) as archive:
        members = [member for member in archive.infolist() if not _is_litter(member.filename)]
        shapes = [member for member in members if _ending(member.filename) == ".shp"]
        return _unpack_shapefile(archive, shapes, folder) if shapes else _unpack_one(archive, members, folder)


def _unpack_shapefile(archive: zipfile.ZipFile, shapes: list[zipfile.ZipInfo], folder: Path) -> VectorFile:
    """The first shapefile with features; BadInput when a part of it is missing."""
    chosen = next((shape for shape in shapes if shape.file_size > 100), shapes[0])  # 100 bytes: the header alone
    parts = {_ending(m.filename): m for m in archive.infolist() if _stem(m) == _stem(chosen)}
    if missing := [ending for ending in (".shx", ".dbf") if ending not in parts]:
        raise BadInput(f"the shapefile in the zip lacks its {' and '.join(missing)}")
    for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
        if ending in parts:
            _write(archive, parts[ending], folder / f"layer{ending}")
    others = tuple(PurePosixPath(shape.filename).stem for shape in shapes if shape is not chosen)
    return VectorFile("ESRI Shapefile", folder / "layer.shp", None, others)


def _stem(member: zipfile.ZipInfo) -> str:
    return str(PurePosixPath(member.filename).with_suffix("")).casefold()


def _unpack_one(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path) -> VectorFile:
    vectors = [member for member in members if _ending(member.filename) in _INSIDE]
    if len(vectors) != 1:
        raise BadInput("the zip archive holds several vector files; hand them in one by one")
    place = folder / "member"
    _write(archive, vectors[0], place)
    if zipfile.is_zipfile(place) and _starts(place, b"PK"):
        raise BadInput("the zip archive holds another; unpack it first")
    return _link(place, folder)


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path) -> None:
    with place.open("wb") as file:
        file.writelines(read_pieces(archive, member.filename))
