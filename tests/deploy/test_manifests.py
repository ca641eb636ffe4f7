"""What docs/deploy holds, against the schemas of those who read it and against our own commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import botocore.session
import jsonschema
import pytest
import yaml
from botocore.validate import validate_parameters
from packaging.requirements import Requirement
from ray.autoscaler._private.util import prepare_config, validate_config
from typer.main import get_command

from mpgi_ray.caption.graph import pools, room
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.cli.main import app
from mpgi_ray.config import assigned, parse, read_assignment
from mpgi_ray.runtime.room import Node, Pool, require_room
from mpgi_ray.train.config import TrainConfig

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs/deploy"
MANIFESTS = sorted(DEPLOY.glob("ray*.yaml"))


def read(path: Path) -> dict[str, Any]:
    values = yaml.load(path.read_text(), yaml.CSafeLoader)  # a definition is a megabyte
    assert isinstance(values, dict)
    return values


@pytest.mark.parametrize("path", [ROOT / "cluster.yaml", DEPLOY / "aws.yaml"], ids=lambda path: path.name)
def test_ray_up_takes_the_cluster(path: Path) -> None:
    config = prepare_config(read(path))  # as `ray up` does before it looks
    validate_config(config)
    for command in config["setup_commands"]:
        for constraints in re.findall(r"-c (\S+)", command):
            assert (ROOT / constraints).is_file()


def test_ec2_takes_the_nodes_of_the_cloud_cluster() -> None:
    shape = (
        botocore.session.get_session().get_service_model("ec2").operation_model("RunInstances").input_shape
    )
    types = read(DEPLOY / "aws.yaml")["available_node_types"]
    for node_type in types.values():
        validate_parameters({**node_type["node_config"], "MinCount": 1, "MaxCount": 1}, shape)
    market = {name: "InstanceMarketOptions" in node["node_config"] for name, node in types.items()}
    assert market == {"head": False, "gpu": True}  # a head on spot would take the driver with it


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kuberay_takes_the_manifests(path: Path, data_dir: Path) -> None:
    manifest = read(path)
    file = data_dir / f"schemas/ray.io_{manifest['kind'].lower()}s.yaml"
    versions = {version["name"]: version for version in read(file)["spec"]["versions"]}
    # not `jsonschema.validate`, which takes seconds to look at the definition itself
    validator = jsonschema.Draft7Validator(_strict(versions["v1"]["schema"]["openAPIV3Schema"]))
    assert manifest["apiVersion"] == "ray.io/v1"
    validator.validate(manifest)
    cluster = manifest["spec"].get("rayClusterSpec", manifest["spec"])
    cluster["headGroupSpec"]["rayStartParam"] = {}
    with pytest.raises(jsonschema.ValidationError, match="rayStartParam"):
        validator.validate(manifest)  # an unknown key, which the operator would drop


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_the_manifests_agree_with_the_images(path: Path) -> None:
    manifest = read(path)
    cluster = manifest["spec"].get("rayClusterSpec", manifest["spec"])
    assert f"ray=={cluster['rayVersion']}" in (ROOT / "constraints/gpu.txt").read_text().splitlines()
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        target = "train" if "train" in path.name else "caption"
        assert container["image"].startswith(f"YOUR_REGISTRY/mpgi-ray-{target}:")
        mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        shm = next(volume["emptyDir"] for volume in pod["volumes"] if mounted[volume["name"]] == "/dev/shm")
        assert shm["medium"] == "Memory"
        held = int(group["rayStartParams"]["object-store-memory"])
        assert held < int(shm["sizeLimit"].removesuffix("Gi")) << 30  # else Ray puts objects on the disk


def test_the_jobs_fit_on_the_clusters_that_they_come_with() -> None:
    """The options are taken by our commands, and what is held fits on the fewest workers."""
    for path in MANIFESTS:
        spec = read(path)["spec"]
        if "entrypoint" not in spec:
            continue
        _require_fit(spec["entrypoint"], _workers(spec["rayClusterSpec"]))


def test_the_commands_of_the_page_are_taken() -> None:
    page = (ROOT / "docs/deploy.md").read_text().replace("\\\n", " ")
    entries = re.findall(r"^ray job submit .*? -- +(.*)$", page, re.MULTILINE)
    assert {
        _options(re.sub(r"^\S*python +\S*ray_jobs/(\w+)\.py", r"mpgi \1", entry))[0] for entry in entries
    } == {
        "caption",
        "curate",
        "train",
    }


def test_the_dockerfile_names_what_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    images = [line.split() for line in lines if line.startswith("FROM ")]
    assert [(image[1], image[-1]) for image in images[1:]] == [("base", "caption"), ("base", "train")]
    assert "/" not in images[0][1]  # a public image by its plain name, and no other host anywhere
    assert not re.search(r"https?://|--index-url", "\n".join(lines))
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in lines:
        if line.startswith("COPY "):
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists()
                assert source.partition("/")[0] in let_in
    assert lines.count("USER mpgi") == 2
    assert lines[-1] == "USER mpgi"


def test_the_constraints_of_the_images_pin_what_the_images_install() -> None:
    pins = (ROOT / "constraints/gpu.txt").read_text().splitlines()
    pinned = {Requirement(line).name for line in pins}
    assert {"vllm", "torch", "torchvision", "timm", "open-clip-torch", "s3fs", "rasterio", "ray"} <= pinned


def _strict(schema: Any) -> Any:
    """As a JSON schema that refuses unknown keys, where the operator would drop them without a word."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    strict = {key: _strict(value) for key, value in schema.items()}
    if "properties" in schema and schema.get("type") == "object" and schema["properties"]:
        strict.setdefault("additionalProperties", False)
    return strict


def _workers(cluster: dict[str, Any]) -> list[Node]:
    """The resources of the fewest nodes that a cluster has."""
    nodes: list[Node] = [{"CPU": float(cluster["headGroupSpec"]["rayStartParams"]["num-cpus"])}]
    for group in cluster["workerGroupSpecs"]:
        limits = group["template"]["spec"]["containers"][0]["resources"]["limits"]
        node = {"CPU": float(limits["cpu"]), "GPU": float(limits["nvidia.com/gpu"])}
        nodes += [node] * group["minReplicas"]
    return nodes


def _options(entry: str) -> tuple[str, dict[str, Any]]:
    """The subcommand of a line and its options, as our command line reads them."""
    _, name, *rest = shlex.split(entry)
    commands = get_command(app).commands  # type: ignore[attr-defined]
    return name, commands[name].make_context(name, rest).params


def _require_fit(entry: str, nodes: list[Node]) -> None:
    name, options = _options(entry)
    if name == "caption":
        given = {"input.shards": options["shards"], "output": options["out"]}
        recipe = load_recipe(options["recipe"], given, list(options["set_"]))
        require_room(nodes, *room(recipe), pools(recipe))
        return
    assert name == "train"
    values = {key: options[key] for key in ("shards", "model", "split", "epochs", "batch", "workers", "gpu")}
    values["output"] = options["out"]
    for text in options["set_"]:
        values = assigned(values, *read_assignment(text))
    config = parse(TrainConfig, values, entry)
    pool = Pool("training worker", config.workers, config.cpus, config.gpu)
    require_room(nodes, config.workers * config.cpus, config.workers * config.gpu, [pool])
