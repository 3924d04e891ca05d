"""One line of a pip list: a requirement or an option. Not for conda's spelling (see `conda`) and not for solving."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Option", "Requirement", "Unsupported", "canonical_name", "is_name", "parse_pip_line", "valid_clause"]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(rf"^({_NAME})\s*(?:\[([^\]]*)\])?\s*(.*)$", re.DOTALL)
_CLAUSE = re.compile(r"^(===|==|~=|!=|<=|>=|<|>)(.+)$")
# PEP 440, without the spellings that only normalise to these (`1.0-alpha.1`).
_VERSION = re.compile(
    r"^v?(?:\d+!)?\d+(?:\.\d+)*(?:[._-]?(?:a|b|c|rc|alpha|beta|pre|preview)[._-]?\d*)?"
    r"(?:(?:[._-]?(?:post|rev|r)[._-]?\d*)|(?:-\d+))?(?:[._-]?dev[._-]?\d*)?(?:\+[a-z0-9]+(?:[._-][a-z0-9]+)*)?$",
    re.IGNORECASE,
)
_PLAIN_RELEASE = re.compile(r"^v?(?:\d+!)?\d+(?:\.\d+)*$")
_INLINE_HASH = re.compile(r"\s+--hash[= ](\S+)")
_ARCHIVE = (".whl", ".tar.gz", ".zip", ".tar.bz2")


class Unsupported(ValueError):
    """A line that pip understands and that cannot be fulfilled here; the message says why."""


@dataclass(frozen=True)
class Requirement:
    """One package with what is asked of it, in the form of PEP 508."""

    name: str  # as pip's canonical name; empty for an address without a name
    text: str  # the whole line, normalised
    clauses: tuple[str, ...] = ()  # ("==1.26.1",)
    marker: str = ""

    @property
    def is_pinned(self) -> bool:
        """Whether one release is meant (`==1.2.3`, `==1.2.*`), so that its date tells how old the set is."""
        return any(clause.startswith("==") for clause in self.clauses)


@dataclass(frozen=True)
class Option:
    """One option line of a pip list in its long form; an empty `name` means that it has no effect here."""

    name: str
    value: str = ""
    note: str = ""

    @property
    def line(self) -> str:
        """The option as a line of a requirements file."""
        return f"{self.name} {self.value}".strip()


# Long form of each option that is kept; the value says whether an argument follows.
_KEPT = {"--index-url": True, "--extra-index-url": True, "--find-links": True, "--no-binary": True,
         "--only-binary": True, "--pre": False}  # fmt: skip
_SHORT = {"-i": "--index-url", "-f": "--find-links", "-r": "--requirement", "-c": "--constraint", "-e": "--editable",
          "-U": "--upgrade", "--requirements": "--requirement"}  # fmt: skip
_WITHOUT_EFFECT = {
    "--trusted-host": "certificates are always checked",
    "--no-cache-dir": "",
    "--upgrade": "",
    "--prefer-binary": "",
    "--quiet": "",
    "--use-pep517": "",
}
_REFUSED = {
    "--requirement": "the file is not part of the environment; write its lines into this list",
    "--constraint": "the file is not part of the environment; write its limits into this list",
    "--editable": "put the package into the job's code folder instead",
    "--no-deps": "packages are always installed with what they depend on",
}


def canonical_name(name: str) -> str:
    """Return a distribution's name as indexes compare it: `Scikit_Learn` is `scikit-learn`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_name(text: str) -> bool:
    """Return whether an index could have a package of this name."""
    return re.fullmatch(_NAME, text) is not None


def parse_pip_line(line: str) -> Requirement | Option | None:
    """Return what a line of a pip list says; None for an empty line or a comment.

    Raises ValueError when the line is not valid, Unsupported when it cannot be fulfilled here.
    """
    text = re.sub(r"(^|\s)#.*$", "", line).strip()
    if not text:
        return None
    if text.startswith("-"):
        return _option(text)
    return _requirement(text)


def _option(text: str) -> Option:
    word, _, value = re.sub(r"^(--?[A-Za-z-]+)[=\s]\s*", r"\1 ", text).partition(" ")
    if re.match(r"^-[a-zA-Z]\S", word):  # `-ihttps://…`, the argument glued to the letter
        word, value = word[:2], word[2:]
    name, value = _SHORT.get(word, word), value.strip().strip("'\"")
    if name in _REFUSED:
        raise Unsupported(f"`{name}` cannot be used here: {_REFUSED[name]}.")
    if name in _WITHOUT_EFFECT:
        reason = _WITHOUT_EFFECT[name]
        return Option("", note=f"`{name}` is ignored: {reason}." if reason else "")
    if name not in _KEPT:
        raise ValueError(f"`{word}` is not an option of a pip list. Known: {', '.join(sorted(_KEPT))}.")
    if _KEPT[name] and not value:
        raise ValueError(f"`{name}` needs a value.")
    if value.startswith("file:") or (name == "--find-links" and "://" not in value):
        raise Unsupported(f"`{name} {value}`: a folder of this machine cannot be part of an environment.")
    return Option(name, value)


def _requirement(text: str) -> Requirement:
    hashes = "".join(f" --hash={value}" for value in _INLINE_HASH.findall(text))
    body = _INLINE_HASH.sub("", text).strip()
    if re.match(r"^[A-Za-z0-9+.-]+://", body) or body.startswith("git+"):
        return _address("", body, body)
    is_archive = body.lower().endswith(_ARCHIVE) and "://" not in body
    if is_archive or body.startswith((".", "/", "~")):
        raise Unsupported("a file of this machine cannot be part of an environment; put it into the code folder.")
    found = _REQUIREMENT.match(body)
    if not found:
        raise ValueError("not a requirement. Expected `name`, `name==1.2.3` or `name>=1.2,<2`.")
    name, extras, rest = canonical_name(found[1]), found[2], found[3].strip()
    shown = found[1] + (f"[{','.join(part.strip() for part in extras.split(','))}]" if extras else "")
    if rest.startswith("@"):
        return _address(name, f"{shown} @ {rest[1:].strip()}", rest[1:].strip())
    version, _, marker = (part.strip() for part in rest.partition(";"))
    clauses = _clauses(shown, version)
    line = shown + ",".join(clauses) + (f"; {marker}" if marker else "") + hashes
    return Requirement(name, line, clauses, marker)


def _address(name: str, text: str, address: str) -> Requirement:
    if address.startswith("file:") or "://" not in address:
        raise Unsupported("a file of this machine cannot be part of an environment; put it into the code folder.")
    return Requirement(name, text)


def _clauses(shown: str, version: str) -> tuple[str, ...]:
    if version.startswith("(") and version.endswith(")"):
        version = version[1:-1]
    if not version:
        return ()
    if re.match(r"^=[^=]", version):
        raise ValueError(f"pip compares with `==`: did you mean `{shown}=={version[1:].strip()}`?")
    clauses = tuple(re.sub(r"\s+", "", part) for part in version.split(",") if part.strip())
    for clause in clauses:
        if not valid_clause(clause):
            raise ValueError(f"`{clause}` is not a version condition. Expected, for example, `{shown}==1.2.3`.")
    return clauses


def valid_clause(clause: str) -> bool:
    """Return whether `clause` (`>=1.2`) is one that PEP 440 knows."""
    found = _CLAUSE.match(clause)
    if not found:
        return False
    operator, version = found[1], found[2]
    if operator == "===":
        return True
    if version.endswith(".*"):
        return operator in ("==", "!=") and bool(_PLAIN_RELEASE.match(version[:-2]))
    if operator == "~=" and "." not in version:
        return False
    local = "+" in version and operator not in ("==", "!=")
    return bool(_VERSION.match(version)) and not local
