"""As in the container: a user who owns nothing, code that cannot be written, one folder for files on their way in, and
a database user who may do only what serving needs."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest
from machines import ESTATES, Server, Service, as_json, environment, free_port, upload

from estates_api.settings import ROOT
from estates_api.store.rights import SERVING

pytestmark = pytest.mark.slow

NEED = {"need": "U-1", "organisation_code": "RRP", "organisation_name": "A trust", "service": "a clinic",
        "floor_area_low_m2": 200, "boroughs": "Enfield", "by": "A. Clerk"}  # fmt: skip


def test_it_serves_as_nobody(server: Server, folder: Path) -> None:
    """It starts, answers, takes a file and records a need, and writes nothing outside its one folder."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv, to become somebody else")
    owner = environment(server.url) | {"ESTATES_SERVING_PASSWORD": "made-for-this", "PYTHONPATH": str(ROOT)}
    subprocess.run([*ESTATES, "setup"], env=owner, cwd="/", check=True, stdout=subprocess.DEVNULL)
    image, uploads = folder.parent / f"{folder.name}-image", folder.parent / f"{folder.name}-uploads"
    for part in ("estates_api", "data", "migrations"):
        shutil.copytree(ROOT / part, image / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", image)
    uploads.mkdir(mode=0o700)
    nobody, port, log = pwd.getpwnam("nobody"), free_port(), folder / "unprivileged.log"
    os.chown(uploads, nobody.pw_uid, nobody.pw_gid)
    # It may read what is root's, as the interpreter here may be, and write only what is its own.
    command = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--no-new-privs",
               "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
               *ESTATES, "serve"]  # fmt: skip
    around = environment(server.url_of(SERVING)) | {
        "PYTHONPATH": str(image), "TMPDIR": str(uploads), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent",
    }  # fmt: skip
    before = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
    with log.open("w") as out:
        process = subprocess.Popen([*command, "--port", str(port)], cwd="/", env=around, stdout=out, text=True,
                                   stderr=subprocess.STDOUT)  # fmt: skip
    running = Service(process, port, log)
    try:
        running.wait_until_ready()
        sample = (ROOT / "tests/samples/template_made.csv").read_bytes() + b"\n"
        assert running.ask("/editions", *upload(sample, "unprivileged.csv")).status == 201
        assert running.ask("/needs", as_json(NEED)).status == 201
        assert running.ask("/collections/candidates.csv").status == 200
        assert running.ask("/shortlists/2015-Q1.pdf").status == 200
        process.terminate()
        process.wait(30)
    finally:
        running.kill()
        left = list(uploads.iterdir())
        after = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
        shutil.rmtree(image)
        shutil.rmtree(uploads)
    assert (after == before, left) == (True, [])
