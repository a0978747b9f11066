"""Saved work as a zip: `manifest.json`, and a member a part. Nothing in it is run, unpickled or written to a disk."""

import io
import json
import zipfile
from dataclasses import replace

from forecasting import __version__
from forecasting.jobs.saved_work.checks import check
from forecasting.jobs.saved_work.records import FORMAT, SavedWork
from forecasting.json_records import from_record, to_record
from forecasting.messages import N_, BadInput

MARK = "viewcast saved work"
MANIFEST = "manifest.json"
LARGEST_FILE = 100  # MB, as it is brought
LARGEST = 256 * 2**20  # bytes, unpacked
LARGEST_MANIFEST = 8 * 2**20
MOST_MEMBERS = 10_000
HEADER = b"PK\x01\x02"  # of a member in a zip's list of them
NO_WORK = N_("This is no saved work; bring the file that “Save my work” gives.")
DAMAGED = N_("The saved work is damaged or was changed; nothing of it was taken. Save it again.")
NEWER = N_("This work was saved by a newer Viewcast; open it with one of version {version} or later.")
TOO_LARGE = N_("The saved work has more than {most} MB; remove some runs or channels and save it again.")


def to_file(work: SavedWork) -> bytes:
    """The zip. Raises BadInput where it would be too large to be opened again."""
    record = to_record(replace(work, parts={}))
    del record["parts"]
    manifest = json.dumps({"mark": MARK, "format": FORMAT, "viewcast": __version__} | record, ensure_ascii=False)
    members = {MANIFEST: manifest.encode(), **work.parts}
    if sum(map(len, members.values())) > LARGEST:
        raise BadInput(TOO_LARGE, most=LARGEST // 2**20)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def from_file(data: bytes) -> SavedWork:
    """What `to_file` was given. The file is a stranger's: raises BadInput for whatever `to_file` cannot have made."""
    if len(data) > LARGEST_FILE * 10**6:
        raise BadInput(TOO_LARGE, most=LARGEST_FILE)
    try:
        members = _members(data)
        manifest = json.loads(members.pop(MANIFEST), parse_constant=_refuse)
        _check_origin(manifest)
        return check(from_record(SavedWork, {**manifest, "parts": {}}), members)
    except BadInput as said:
        if said.message.text in (NO_WORK, NEWER, TOO_LARGE):
            raise
        raise BadInput(DAMAGED) from said
    except Exception as error:  # whatever a stranger may have put there
        raise BadInput(DAMAGED) from error


def _members(data: bytes) -> dict[str, bytes]:
    """All members of the zip, by name. What a member says of its size bounds what is unpacked of it."""
    if data.count(HEADER) > MOST_MEMBERS:  # before any of them takes memory
        raise BadInput(DAMAGED)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise BadInput(DAMAGED if data[:2] == HEADER[:2] else NO_WORK) from error
    with archive:
        every = {info.filename: info for info in archive.infolist()}
        if MANIFEST not in every:
            raise BadInput(NO_WORK)
        if sum(info.file_size for info in archive.infolist()) > LARGEST:
            raise BadInput(TOO_LARGE, most=LARGEST // 2**20)
        if len(every) < len(archive.infolist()) or every[MANIFEST].file_size > LARGEST_MANIFEST:
            raise BadInput(DAMAGED)
        return {name: archive.read(info) for name, info in every.items()}


def _check_origin(manifest: object) -> None:
    """That Viewcast made it, and no newer one."""
    if not isinstance(manifest, dict) or manifest.get("mark") != MARK:
        raise BadInput(NO_WORK)
    if not isinstance(manifest["format"], int) or manifest["format"] < 1:
        raise BadInput(DAMAGED)
    if manifest["format"] > FORMAT:
        raise BadInput(NEWER, version=str(manifest.get("viewcast"))[:20])


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
