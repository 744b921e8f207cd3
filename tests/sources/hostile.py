"""Files made to harm whoever opens them, made here as they are needed."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import xlwt

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET = f'<worksheet xmlns="{_MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>'
STRINGS = f'<sst xmlns="{_MAIN}"><si><t>x</t></si></sst>'
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LOL = f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a0 "ha">{LAUGHS}]><sst><si><t>&a9;</t></si></sst>'
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
UTF_16 = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>'

Change = Callable[[zipfile.ZipFile], None]


def sheet(inside: str) -> str:
    """A worksheet with this between the tags of its data."""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{inside}</sheetData></worksheet>'


def parts(**more: str | bytes) -> dict[str, str | bytes]:
    """The members of a small workbook; `sheet`, `strings` and `workbook` replace those parts."""
    related = "".join(
        f'<Relationship Id="r{number}" Type="{_REL}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(
            [("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml")]
        )
    )
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets><sheet name="One" r:id="r0"/></sheets></workbook>'
    return {
        "xl/workbook.xml": more.get("workbook", book),
        "xl/_rels/workbook.xml.rels": more.get("rels", f"<Relationships>{related}</Relationships>"),
        "xl/worksheets/sheet1.xml": more.get("sheet", SHEET),
        "xl/sharedStrings.xml": more.get("strings", STRINGS),
    }


def pack(members: Mapping[str, str | bytes], change: Change | None = None, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive; `change` may falsify its directory, which is written last."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        if change:
            change(archive)
    return stream.getvalue()


def workbook(**more: str | bytes) -> bytes:
    """A small workbook with parts replaced."""
    return pack(parts(**more))


def member(name: str) -> bytes:
    """A workbook with one more member of this name."""
    return pack(parts() | {name: "x"})


def falsified(**values: int) -> Change:
    """Has the directory say something else of the first member."""

    def change(archive: zipfile.ZipFile) -> None:
        for name, value in values.items():
            setattr(archive.infolist()[0], name, value)

    return change


def overlapping(archive: zipfile.ZipFile) -> None:
    """Has all members share the bytes of the first."""
    for each in archive.infolist()[1:]:
        each.header_offset = archive.infolist()[0].header_offset
        each.compress_size = archive.infolist()[0].compress_size


def two_of_one_name() -> bytes:
    """A workbook with two sheets where one should be."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in [*parts().items(), ("xl/worksheets/sheet2.xml", "<a/>")]:
            archive.writestr(name, content)
        archive.infolist()[-1].filename = "xl/worksheets/sheet1.xml"
    return stream.getvalue()


def many_sheets() -> bytes:
    """A workbook that lists one part as a hundred sheets."""
    sheets = "".join(f'<sheet name="s{n}" r:id="r0"/>' for n in range(100))
    return workbook(workbook=f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{sheets}</sheets></workbook>')


def lone_corners(count: int) -> bytes:
    """An .xls with a cell in the last row and column of each of its sheets."""
    book = xlwt.Workbook()
    for number in range(count):
        book.add_sheet(f"s{number}").write(65_535, 255, "x")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def announced() -> bytes:
    """An .xls that announces four thousand million rows and has one."""
    content = bytearray(lone_corners(1))
    at = content.index(struct.pack("<HH", 0x0200, 14))
    struct.pack_into("<IIHH", content, at + 4, 0, 0xFFFFFFFF, 0, 0xFFFF)
    return bytes(content)


def looping() -> bytes:
    """An .xls whose chain of sectors never ends."""
    content = bytearray(lone_corners(1))
    sector = struct.unpack_from("<I", content, 76)[0]
    for place in range(128):
        struct.pack_into("<I", content, (sector + 1) * 512 + place * 4, 0)
    return bytes(content)


def texts_announced() -> bytes:
    """An .xls that announces thousands of millions of texts and has one."""
    content = bytearray(lone_corners(1))
    at = content.index(struct.pack("<H", 0x00FC), 512)
    while struct.unpack_from("<I", content, at + 8)[0] != 1:
        at = content.index(struct.pack("<H", 0x00FC), at + 1)
    struct.pack_into("<II", content, at + 4, 0x7FFFFFFF, 0x7FFFFFFF)
    return bytes(content)


ZEROS = b"0" * 120_000_000

FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a zip bomb": (lambda: pack(parts(sheet=ZEROS)), "zip bomb"),
    "a bomb in a part nobody reads": (lambda: pack(parts() | {"xl/media/a.bin": ZEROS}), "zip bomb"),
    "many members": (lambda: pack(parts() | {f"a/{n}": "" for n in range(10_001)}), "more than 10,000 members"),
    "ten gigabytes": (lambda: pack(parts(), falsified(file_size=10 * 1024**3)), "unpacks to more than 2,048 MB"),
    "less than there is": (lambda: pack(parts(), falsified(file_size=10)), "damaged"),
    "a checksum that is wrong": (lambda: pack(parts(), falsified(CRC=1)), "damaged"),
    "overlapping members": (lambda: pack(parts(), overlapping), "overlap"),
    "an archive in an archive": (lambda: pack({"r.zip": pack({"r.zip": pack({"r.zip": "x"})})}), "not an .xlsx"),
    "two members of one name": (two_of_one_name, "two members of one name"),
    "a path upwards": (lambda: member("../../etc/passwd"), "path that leads elsewhere"),
    "a path upwards with backslashes": (lambda: member("xl\\..\\..\\a.xml"), "path that leads elsewhere"),
    "an absolute path": (lambda: member("/etc/passwd"), "path that leads elsewhere"),
    "a drive": (lambda: member("C:\\Windows\\a.xml"), "path that leads elsewhere"),
    "a symbolic link": (
        lambda: pack(parts(), falsified(external_attr=(stat.S_IFLNK | 0o777) << 16)), "symbolic link",
    ),
    "a password": (lambda: pack(parts(), falsified(flag_bits=1)), "password"),
    "another compression": (lambda: pack(parts(), how=zipfile.ZIP_LZMA), "compressed in a way"),
    "an archive behind text": (lambda: b"PK\x03\x04 and text\n" * 99 + workbook(), "stands before|damaged"),
    "a PDF with an archive": (lambda: b"%PDF-1.7\n" + workbook(), "a PDF"),
    "a picture with an archive": (lambda: b"GIF89a" + workbook(), "a picture"),
    "gzip": (lambda: b"\x1f\x8b\x08" + b"\0" * 1000, "gzip"),
    "billion laughs": (lambda: workbook(strings=LOL), "document type or entities"),
    "billion laughs in UTF-16": (lambda: workbook(strings=LOL.encode("utf-16")), "document type or entities"),
    "an entity from elsewhere": (lambda: workbook(workbook=EXTERNAL), "document type or entities"),
    "a document type in UTF-16": (lambda: workbook(sheet=UTF_16.encode("utf-16")), "document type or entities"),
    "a document type in a part nobody reads": (
        lambda: pack(parts() | {"docProps/core.xml": EXTERNAL}), "document type or entities",
    ),
    "a document type behind a long comment": (
        lambda: workbook(sheet=f"<!--{'x ' * 200_000}-->{EXTERNAL[21:]}"), "document type or entities|without end",
    ),
    "an encoding nobody knows": (lambda: workbook(sheet='<?xml version="1.0" encoding="x-y"?><a/>'), "XML is damaged"),
    "no XML": (lambda: workbook(sheet="no XML at all"), "XML is damaged"),
    "deep XML": (lambda: workbook(sheet=sheet("<a>" * 3_000_000)), "nested more than"),
    "deep cells": (lambda: workbook(sheet=sheet("<c><v>" * 1_500_000)), "nested more than"),
    "a tag without end": (lambda: workbook(sheet=sheet(f'<c r="{"A1" * 30_000_000}"/>')), "zip bomb|without end"),
    "a tag of random letters": (
        lambda: workbook(sheet=sheet("<" + "".join(f"{n:x}" for n in range(4_000_000)))), "damaged|without end",
    ),
    "names without end": (
        lambda: workbook(sheet=sheet("".join(f"<a{n}/>" for n in range(400_000)))), "names or tags without end",
    ),
    "a cell without end": (
        lambda: workbook(sheet=sheet(f"<row><c><v>{'1 2' * 5_000_000}</v></c></row>")), "longer than|zip bomb",
    ),
    "a row of long texts": (
        lambda: workbook(strings=f"<sst><si><t>{'ab' * 60_000}</t></si></sst>",
                         sheet=sheet("<row>" + '<c t="s"><v>0</v></c>' * 16_000 + "</row>")), "a million characters",
    ),
    "a column beyond the last": (lambda: workbook(sheet=sheet('<row><c r="XFE1"><v>1</v></c></row>')), "damaged"),
    "a row beyond the last": (lambda: workbook(sheet=sheet('<row r="9999999"/>')), "damaged"),
    "a text that is not there": (lambda: workbook(sheet=sheet('<row><c t="s"><v>7</v></c></row>')), "not there"),
    "a text before the first": (lambda: workbook(sheet=sheet('<row><c t="s"><v>-1</v></c></row>')), "not there"),
    "one part as many sheets": (many_sheets, "are one"),
    "no sheets": (lambda: workbook(workbook="<workbook/>"), "no rows"),
    "an .xls of lone corners": (lambda: lone_corners(30), "spans 65536 rows and 256 columns"),
    "an .xls that announces too much": (announced, "spans 4294967295 rows"),
    "an .xls that announces too many texts": (texts_announced, "more texts than it can hold"),
    "an .xls in circles": (looping, "cannot be opened|spans"),
    "an .xls cut off": (lambda: lone_corners(1)[:1500], "cannot be opened"),
    "a line without end": (lambda: b"x," * 20_000_000, "a line is longer"),
    "a cell without end in CSV": (lambda: b'a,b\n1,"' + b"x\n" * 20_000_000, "a quote is not closed"),
    "NULs": (lambda: b"a,b\n" + b"\0" * 1000, "NUL"),
    "deep JSON": (lambda: b"[" * 20_000_000, "JSON|cannot be read|not"),
}  # fmt: skip


def sparse(path: Path, size: int) -> None:
    """A file of NULs that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
