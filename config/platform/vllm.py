"""The vLLM server that `make run GENERATOR=vllm` starts as well, and stops while a run trains."""

from __future__ import annotations

import shlex
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded import VarDirectory
from config.embedded.var import PROJECT_DIR, port_is_free
from config.platform.programs import PYTHON, Program

NAME = "vllm"
GENERATORS = ("", "embedded", NAME)


class WrongGenerator(RuntimeError):
    """GENERATOR or a variable of the vLLM server has an invalid value."""


@dataclass(frozen=True)
class VllmServer:
    """The server on a port of this machine. on_gpu: the server sleeps while a run trains; on a CPU it is stopped."""

    port: int
    venv: Path
    on_gpu: bool

    @classmethod
    def from_environment(cls, var: VarDirectory, environment: Mapping[str, str]) -> VllmServer | None:
        """The server, if GENERATOR asks for it. Raises WrongGenerator."""
        generator = environment.get("GENERATOR", "")
        if generator not in GENERATORS:
            raise WrongGenerator(f"GENERATOR is {generator!r}. Set it to vllm, or unset it for the embedded sampler.")
        if generator != NAME:
            return None
        if environment.get("GENERATOR_URL"):
            raise WrongGenerator("GENERATOR=vllm starts a server, but GENERATOR_URL names another one. Unset one.")
        venv = Path(environment.get("VLLM_VENV") or PROJECT_DIR / ".venv-vllm")
        if not (venv / "bin" / "python").exists():
            raise WrongGenerator(f"vLLM's environment {venv} is missing. Create it with: make vllm-install")
        port = environment.get("VLLM_PORT") or str(var.free_port(NAME))
        if not port.isdecimal() or not port_is_free(int(port)):
            raise WrongGenerator(f"VLLM_PORT {port} is invalid or used by another program. Choose another port.")
        return cls(int(port), venv, on_gpu=(venv / ".installed-cuda").exists())

    @property
    def health(self) -> str:
        """The address that answers once the model is loaded."""
        return f"http://127.0.0.1:{self.port}/health"

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment variables by which the platform's programs use the server."""
        control = shlex.join([PYTHON, "-m", "config.platform.control"])
        return {
            "GENERATOR_URL": f"http://127.0.0.1:{self.port}/v1",
            "GENERATOR_HANDOVER": environment.get("GENERATOR_HANDOVER", "sleep" if self.on_gpu else "stop"),
            "GENERATOR_STOP_COMMAND": f"{control} stop {NAME}",
            "GENERATOR_START_COMMAND": f"{control} start {NAME}",
        }

    def program(self, environment: Mapping[str, str]) -> Program:
        """The process, with the options in VLLM_OPTIONS."""
        options = shlex.split(environment.get("VLLM_OPTIONS", ""))
        own = {"VLLM_PORT": str(self.port), "VLLM_HOST": "127.0.0.1"}
        if environment.get("BASE_MODEL_DIR"):
            folder = Path(environment["BASE_MODEL_DIR"])
            own |= {"VLLM_MODEL": str(folder), "VLLM_NAME": environment.get("BASE_MODEL_NAME") or folder.name}
        if self.on_gpu:
            own["VLLM_SLEEP"] = "1"
        command = (str(PROJECT_DIR / "scripts" / "vllm.sh"), str(self.venv / "bin" / "python"), *options)
        return Program(NAME, command, stop_seconds=30, environment=own)

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            with urllib.request.urlopen(self.health, timeout=5) as answer:  # noqa: S310 - our own http:// address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
