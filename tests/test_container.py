"""The container: what the image and its composition promise, and the service under the same conditions."""

import re
import tomllib

import pytest

from estates_api.settings import ROOT, read_settings
from estates_api.store.rights import SERVING

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()


def test_the_image_runs_as_nobody_in_particular() -> None:
    """The last stage has a user by number, installs pins by hash, writes no bytecode, and asks after its health."""
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9][0-9]{3,}$", last, re.MULTILINE)
    assert last.index("USER ") < last.index("CMD [")
    assert "--require-hashes -r requirements.txt" in DOCKERFILE
    assert "PYTHONDONTWRITEBYTECODE=1" in last
    assert "/health/ready" in last
    assert not re.search(r"(?i)(password|key|secret)\s*=", DOCKERFILE)


@pytest.mark.parametrize("words", ["read_only: true", "tmpfs:", "cap_drop: [ALL]", "no-new-privileges:true",
                                   '"127.0.0.1:8000:8000"'])  # fmt: skip
def test_the_composition_gives_it_little(words: str) -> None:
    """The service's container cannot write its own files, has no capabilities, and is reached from this machine."""
    assert words in _service("api")


def test_the_service_is_not_the_owner() -> None:
    """The owner's password is known to what sets up and ends, the service logs in as a user who owns nothing and waits
    for that, and nobody's word is taken for who asks."""
    setup, api = _service("setup"), _service("api")
    assert "command: [estates, setup]" in setup
    assert 'restart: "no"' in setup
    assert "ports:" not in setup
    assert f"postgresql://{SERVING}:${{ESTATES_SERVING_PASSWORD}}@database" in api
    assert "DB_PASSWORD" not in api
    assert re.search(r"setup:\s+condition: service_completed_successfully", api)
    assert "ESTATES_TRUSTED_PROXIES: ${ESTATES_TRUSTED_PROXIES:-}\n" in api
    assert read_settings({"ESTATES_TRUSTED_PROXIES": ""}).trusted_proxies == ()


def _service(name: str) -> str:
    """One service of the composition, up to the next."""
    return re.split(r"\n(?=  \w|\w)", COMPOSE[COMPOSE.index(f"\n  {name}:") + 1 :])[0]


def test_what_the_image_copies_is_there() -> None:
    """Each path that the image is made of exists."""
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["readme"] == "README.md"
