"""Forms with a file: the file is kept on the server while another field of the form is wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext

from common.numbers import whole_number
from labeling.actions.uploads import UploadGone, discard_upload, keep_upload, opened_upload
from labeling.models import KeptUpload, User
from labeling.web.edge import attempt

T = TypeVar("T")

KEPT = "kept_file"
"""The control that names the kept upload. Browsers never send a file again by themselves."""


class FileForm(forms.Form):
    """A form with one file, in the field `file`. Call `keep_file` before a refused form is shown again.

    acting_user: owns the kept uploads; nobody else's are ever opened.
    """

    file: forms.FileField
    kept: KeptUpload | None = None

    def __init__(self, *args: Any, acting_user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.acting_user = acting_user
        number = whole_number(self.data.get(KEPT, "")) if self.is_bound else None
        if number is not None:
            self.kept = KeptUpload.objects.filter(pk=number, owner=acting_user, expires_at__gt=timezone.now()).first()
            if self.kept is None:
                self.fields["file"].error_messages["required"] = str(UploadGone.sentence)
        self.fields["file"].required = self.kept is None

    @property
    def file_name(self) -> str:
        """The name of the file. Call is_valid first."""
        sent = self._sent
        return (sent.name or "") if sent is not None else self.kept.name if self.kept else ""

    @contextmanager
    def opened_file(self) -> Iterator[BinaryIO]:
        """The file that was sent now, or else the kept one. Call is_valid first. Raises UploadGone."""
        sent = self._sent
        if sent is not None:
            sent.seek(0)
            yield sent  # type: ignore[misc]  # an UploadedFile reads like a file
            return
        with opened_upload(self.kept, acting_user=self.acting_user) as stream:
            yield stream

    def keep_file(self) -> None:
        """Keeps the file of a refused form, unless the file itself is wrong: it must then be chosen again."""
        sent, earlier = self._sent, self.kept
        if "file" in self.errors:
            self.forget_file()
        elif sent is not None:
            sent.seek(0)
            self.kept = keep_upload(stream=sent, name=sent.name or "", acting_user=self.acting_user, now=timezone.now())
            if earlier is not None:
                discard_upload(earlier)
        field = self.fields["file"]
        field.required = self.kept is None
        field.widget.is_required = field.required

    def forget_file(self) -> None:
        """Deletes the kept file, once nothing needs it any longer."""
        if self.kept is not None:
            discard_upload(self.kept)
            self.kept = None

    @property
    def kept_sentence(self) -> str:
        """The sentence about the kept file; empty if there is none."""
        if self.kept is None:
            return ""
        return gettext("“%(name)s” is kept. Choose a file only to replace it.") % {"name": self.kept.name}

    @property
    def _sent(self) -> "UploadedFile[Any] | None":
        return self.files.get("file") or None


def attempt_with_file(form: FileForm, errand: Callable[[BinaryIO], T]) -> T | None:
    """As `attempt`, with the form's file. If the form or the action refuses, the file is kept for the next attempt."""

    def errand_with_file() -> T:
        with form.opened_file() as stream:
            return errand(stream)

    result = attempt(form, errand_with_file)
    if result is None:
        form.keep_file()
    else:
        form.forget_file()
    return result
