"""Strings that a reader of YAML may take for something else, through the real kubectl."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tui import prepared
from tui.cluster_objects import make_workload
from tui.world import World

from session_cli.cluster.manifest import as_yaml, clean

pytestmark = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="no kubectl on PATH: what it reads is unproven"
)

BOOLEANS = "y Y n N yes Yes YES no No on ON off Off true True TRUE false False".split()
NULLS = ["", "~", "null", "Null", "NULL"]
INTEGERS = "08 07 0o17 0O17 0x1f 0X1f 0b1 0B1 1_000 +1 -1 12:30 190:20:30 -0 00 1234567".split()
FLOATS = "1e3 1E3 1234e56 4719e28 7e10 0e0 -1e3 .1e2 1.e3 +.5 1e+3 685.230_15".split()
FLOATS += ". .5 5. .inf -.Inf .NAN 1e400 20:30.15".split()
OTHERS = "= << 2026-01-09 2026-01-09T14:30:22Z 2026-01-09 14:30 @at `tick %TAG &a *a !tag".split()
OTHERS += ["# x", "a #x", "a: b", "a:", ":", "-", "- a", "?", "? a", "|", ">", "[a]", "{a}", ","]
OTHERS += ["---", "...", "a\n---\nb: c", "\n...\n", "'", '"', "\\", "\\n", "\\u0041", "%"]
BLANKS = [" ", " a", "a ", "\t", "\ta", "a\tb", "\n", "\n\n", "a\n", "a\n\n", "\na", " a\nb \n  c"]
BLANKS += ["\r", "a\r\nb", "a\u00a0b", "\u2003a"]
CONTROLS = [chr(code) for code in (*range(1, 32), 127, *range(128, 161))]
CONTROLS += ["a\u0085b", "a\u2028b\u2029", "\ufeff", "a\ufeffb", "\u202e", "\ufffe", "\uffff"]
WIDE = ["日本", "é", "😀", "\U0010ffff", "e\u0301", "\ufffd"]
LONG = ["word " * 60, "x" * 3000, "a b\n" * 90, '{"key": "value", "other": [1, 2]}' * 20]
HONEST = (
    "apps/v1 RollingUpdate nginx:1.25 registry.example.com:5000/x/y:v1.2@sha256 /var/log".split()
)
HONEST += (
    "http://x:8080/y app.kubernetes.io/name 50m 25% yesterday nothing on-call no.1 trueish".split()
)
ODD = BOOLEANS + NULLS + INTEGERS + FLOATS + OTHERS + BLANKS + CONTROLS + WIDE + LONG + HONEST

ALPHABET = "0123456789eExXoObB_.-+:~=<>!&*%@`|?#,[]{}'\"\\/ \t\n\ryYnNtTfFuUlLsSaAiI"
ALPHABET += "\x00\x1b\x7f\u0085\u00a0\u2028\ufeff\ufffe😀é"


def read(manifest: dict[str, Any], folder: Path) -> Any:
    """What kubectl makes of the manifest; its own mark is taken away again."""
    path = folder / "manifest.yaml"
    path.write_bytes(as_yaml(manifest))
    return read_file(path)


def read_file(path: Path) -> Any:
    command = ["kubectl", "annotate", "--local", "-f", str(path), "test/mark=x", "-o", "json"]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    del found["metadata"]["annotations"]["test/mark"]
    return found


def annotated(strings: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": "odd", "annotations": strings}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def test_kubectl_reads_the_strings_of_a_workload_as_they_were(tmp_path: Path) -> None:
    manifest = clean(make_workload("1e3", "1234e56"))
    labels = {f"l{index}": text for index, text in enumerate(ODD)}
    manifest["metadata"] |= {"labels": labels, "annotations": dict.fromkeys(ODD, "y")}
    [container] = manifest["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": text, "value": text} for text in ODD]
    container["args"] = ODD

    found = read(manifest, tmp_path)

    assert found["metadata"] == manifest["metadata"]
    [container_found] = found["spec"]["template"]["spec"]["containers"]
    assert container_found["args"] == ODD
    # kubectl leaves an empty value out
    assert [(each["name"], each.get("value", "")) for each in container_found["env"]] == [
        (text, text) for text in ODD
    ]
    assert found["spec"]["replicas"] == 1


def test_kubectl_reads_any_string_as_it_was(tmp_path: Path) -> None:
    pick = random.Random(1)
    strings = ["".join(pick.choices(ALPHABET, k=pick.randrange(7))) for _ in range(4000)]

    values = annotated({f"k{index}": text for index, text in enumerate(strings)})
    keys = annotated(dict.fromkeys(strings, "x"))

    assert read(values, tmp_path) == values
    assert read(keys, tmp_path) == keys


def test_half_a_character_becomes_what_kubectl_itself_makes_of_it(tmp_path: Path) -> None:
    found = read(annotated({"a": "x\ud800y"}), tmp_path)

    assert found["metadata"]["annotations"] == {"a": "x\ufffdy"}


def test_readers_of_the_older_yaml_find_the_same_strings() -> None:
    manifest = annotated({text: text for text in ODD})

    assert yaml.safe_load(as_yaml(manifest)) == manifest


def test_a_unit_holds_the_strings_of_its_workload(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = {"release": "1234e56", "on": "y", "08": "0o17"}
    with World(home, tmp_path) as world:
        for name, value in world.environment.items():
            monkeypatch.setenv(name, value)
        world.scenario(**prepared.FINE)
        live = make_workload("payment-prod", "api", **odd)
        live["spec"]["template"]["spec"]["containers"][0]["args"] = ODD
        world.server.objects = [live]

        assert world.yes().code == 0

    found = read_file(world.cub_home / "manifests" / "api")
    assert found["metadata"]["labels"] == live["metadata"]["labels"]
    assert found["spec"]["template"]["spec"]["containers"][0]["args"] == ODD
