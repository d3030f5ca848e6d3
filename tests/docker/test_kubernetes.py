"""The manifests are valid for Kubernetes, run the programs of `make run`, confine them, and hold no secret."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings
from django.db import connection

from config.embedded.var import PROJECT_DIR
from config.platform.programs import application_programs
from training.claims import TASKS
from training.models import Run

FOLDER = PROJECT_DIR / "docker" / "kubernetes"
OVERLAYS = ("base", "cpu", "gpu")
BESIDE = ("prometheus",)
"""Folders that are applied beside an overlay."""
OF_OTHERS = ("keda.sh/", "kustomize.config.k8s.io/", "monitoring.coreos.com/")
"""Kinds that Kubernetes does not know by itself."""


def manifests() -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(FOLDER.rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path, document


ALL = [pytest.param(document, id=f"{path.stem}-{document['kind']}") for path, document in manifests()]
PODS = {
    (document["kind"], document["metadata"]["name"]): document["spec"]["template"]["spec"]
    for _path, document in manifests()
    if "template" in document.get("spec", {})
}


@pytest.mark.parametrize("manifest", ALL)
def test_a_manifest_is_what_kubernetes_accepts(manifest: dict[str, Any]) -> None:
    if manifest["apiVersion"].startswith(OF_OTHERS):
        assert manifest["kind"] in ("Kustomization", "ScaledObject", "ServiceMonitor", "TriggerAuthentication")
    else:
        kubernetes_validate.validate(manifest, "1.34", strict=True)


@pytest.mark.parametrize("overlay", [*OVERLAYS, *BESIDE])
def test_an_overlay_takes_every_file_of_its_folder(overlay: str) -> None:
    folder = FOLDER / overlay
    resources = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    files = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert {each for each in resources if each.endswith(".yaml")} == files
    assert ("../base" in resources) == (overlay not in ("base", *BESIDE))


def test_every_program_of_the_platform_has_its_pods() -> None:
    started = {pod["containers"][0]["args"][0] for pod in PODS.values() if pod["containers"][0]["image"] == "chosen"}
    assert started == {program.name for program in application_programs("0.0.0.0", 8000)} | {"setup", "gpu-worker"}


def test_there_is_one_schedule_at_a_time() -> None:
    beat = next(document for _path, document in manifests() if document.get("metadata", {}).get("name") == "beat")
    assert beat["spec"]["replicas"] == 1
    assert beat["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize("pod", PODS.values(), ids=[name for _kind, name in PODS])
def test_a_pod_has_no_more_rights_than_it_needs(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"]
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["image"] == "chosen-vllm" or container["securityContext"]["readOnlyRootFilesystem"]
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("pod", PODS.values(), ids=[name for _kind, name in PODS])
def test_what_runs_on_is_asked_whether_it_lives(pod: dict[str, Any]) -> None:
    container = pod["containers"][0]
    if container.get("args") != ["setup"]:
        assert "livenessProbe" in container


def test_a_web_server_starts_with_the_static_files_of_its_own_version() -> None:
    pod = PODS["Deployment", "web"]
    collect, web = pod["initContainers"][0], pod["containers"][0]
    assert collect["args"] == ["collectstatic", "--no-input"]
    assert (collect["image"], collect["envFrom"]) == (web["image"], web["envFrom"])
    assert {"name": "static", "emptyDir": {}} in pod["volumes"]
    place = f"/data/{settings.STATIC_ROOT.relative_to(settings.VAR_DIR)}"
    for container in (collect, web):
        assert {"name": "static", "mountPath": place} in container["volumeMounts"]


def test_secrets_are_named_and_not_written_down() -> None:
    assert not [document for _path, document in manifests() if document["kind"] == "Secret"]
    written = next(document for _path, document in manifests() if document["kind"] == "ConfigMap")["data"]
    assert not {"SECRET_KEY", "DATABASE_URL", "BROKER_URL"} & set(written)


def test_only_the_setup_gets_the_owner_of_the_tables() -> None:
    owner = {"secretRef": {"name": "chosen-owner", "optional": True}}
    for (_kind, name), pod in PODS.items():
        sources = pod["containers"][0].get("envFrom", [])
        assert (sources[-1:] == [owner]) == (name == "setup")  # of two with the same name, the last one counts


def test_a_gpu_worker_names_an_address_that_leads_other_pods_to_it() -> None:
    environment = PODS["Deployment", "gpu-worker"]["containers"][0]["env"]
    assert {"name": "TRAINING_ADDRESS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}} in environment


def test_the_client_knows_every_vllm_server() -> None:
    servers = next(document for _path, document in manifests() if document["kind"] == "StatefulSet")["spec"]["replicas"]
    patch = yaml.safe_load((FOLDER / "gpu" / "kustomization.yaml").read_text())["patches"][0]["patch"]
    urls = yaml.safe_load(patch)[0]["value"].split(",")
    assert urls == [f"http://vllm-{number}.vllm:8001/v1" for number in range(servers)]


def test_vllm_serves_the_base_model_of_the_settings_under_its_name() -> None:
    names = {each["name"]: each.get("valueFrom") for each in PODS["StatefulSet", "vllm"]["containers"][0]["env"]}
    for name, key in (("VLLM_MODEL", "BASE_MODEL_DIR"), ("VLLM_NAME", "BASE_MODEL_NAME")):
        assert names[name] == {"configMapKeyRef": {"name": "chosen-settings", "key": key, "optional": True}}


def test_prometheus_finds_the_service_of_the_web_server_and_the_name_of_the_alerts_job() -> None:
    found = {
        document["kind"]: document
        for _path, document in manifests()
        if document.get("metadata", {}).get("name") in ("web", "chosen")
    }
    monitor, service = found["ServiceMonitor"]["spec"], found["Service"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["authorization"]["credentials"]["key"] == "METRICS_TOKEN"
    base = yaml.safe_load((FOLDER / "base" / "kustomization.yaml").read_text())
    job = base["labels"][0]["pairs"][monitor["jobLabel"]]
    assert f'up{{job="{job}"}}' in (PROJECT_DIR / "docker" / "grafana" / "alerts.yaml").read_text()


@pytest.mark.django_db
def test_the_number_of_gpu_workers_follows_from_rows_that_exist() -> None:
    scaled = next(document for _path, document in manifests() if document["kind"] == "ScaledObject")
    with connection.cursor() as cursor:
        for trigger in scaled["spec"]["triggers"]:
            cursor.execute(trigger["metadata"]["query"])
            assert cursor.fetchone() == (0,)


def test_every_kind_of_job_in_the_queue_of_gpu_workers_starts_one() -> None:
    scaled = next(document for _path, document in manifests() if document["kind"] == "ScaledObject")
    query = scaled["spec"]["triggers"][0]["metadata"]["query"]
    tables = {model._meta.db_table for model, (_task, queue) in TASKS.items() if queue == Run.QUEUE}
    assert set(re.findall(r"FROM (\w+) WHERE status IN \('queued', 'running', 'cancelling'\)", query)) == tables
