"""What must not reach the disk, and what looks like it and must."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from processes import Command

from session_cli.redaction import without_secrets

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ3b3JrZXIifQ.c2lnbmF0dXJlLW9mLXRlc3Q"
# put together here, so that no scanner takes this file for a leak
DASHES = "-" * 5
PEM = f"{DASHES}BEGIN {{}}{DASHES}\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASC\n{DASHES}END {{}}{DASHES}\n"
PRIVATE_KEY = PEM.format("PRIVATE KEY", "PRIVATE KEY")
CERTIFICATE = PEM.format("CERTIFICATE", "CERTIFICATE")
DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


KUBECONFIG = f"""apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {encoded(CERTIFICATE)}
users:
- user:
    client-certificate-data: {encoded(CERTIFICATE)}
    client-key-data: {encoded(PRIVATE_KEY)}
"""


@pytest.mark.parametrize(
    "key",
    """
    token authToken github_token GITHUB_TOKEN accesstoken x-auth-token token2 tokens idToken
    secret client_secret clientSecret CLIENTSECRET worker-secret
    password dbPassword db_password DBPASSWORD passwords passwd PGPASSWD passphrase
    authorization Authorization Proxy-Authorization cookie Set-Cookie cookies
    credential credentials awsCredentials kubeconfig KUBECONFIG kube_config kubeConfig
    privateKey private_key PRIVATE_KEY ssh-privatekey apiKey api_key APIKey x-api-key API_KEY
    access_key accessKey secretAccessKey secret_key
    """.split(),
)
def test_a_text_under_the_name_of_a_credential_is_dropped(key: str) -> None:
    assert without_secrets({"org": "acme", key: "hunter2"}) == ({"org": "acme"}, [key])


@pytest.mark.parametrize(
    "key",
    """
    tokenRef tokenName tokenCount token_count tokenId token_id tokenExpiresAt tokenizer
    secretName secret_name secretRef secretKeyRef secretsCount secrets token-service
    passwordRef passwordFile password_policy accessKeyId access_key_id apiKeyName keyId
    authorizationMode authorized authentication author cookiesEnabled credentialsRef
    kubeconfigPath kube_context privateKeyName key publicKey tls.crt monkey keys passenger
    """.split(),
)
def test_a_name_that_only_speaks_of_a_credential_stays(key: str) -> None:
    assert without_secrets({key: "payment-db"}) == ({key: "payment-db"}, [])


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"secrets": {"payment": 3}}, id="a count by namespace"),
        pytest.param({"token": {"expires_at": "2026-01-09"}}, id="an object"),
        pytest.param({"token": ""}, id="an empty text"),
        pytest.param({"token": None}, id="null, which removes it"),
        pytest.param({"token": True}, id="a fact"),
        pytest.param({"tokens": 3, "password": 0}, id="numbers"),
        pytest.param({"tokens": []}, id="an empty list"),
        pytest.param({"confighub": {"authenticated": True}}, id="who is logged in"),
        pytest.param({"namespaces": ["secrets", "token", "password"]}, id="namespaces"),
        pytest.param({"units_created": ["token-service", "secret-store"]}, id="units"),
        pytest.param({"secrets": ["payment-db-password", "tls"]}, id="names of secrets"),
        pytest.param({"token-service": "Ready"}, id="the state of a unit"),
        pytest.param({"": "empty", "7": "seven", "é": "other"}, id="keys of no word"),
    ],
)
def test_what_names_no_credential_stays(members: dict[str, Any]) -> None:
    assert without_secrets(members) == (members, [])


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(PRIVATE_KEY, id="private key"),
        pytest.param(PEM.format(*["RSA PRIVATE KEY"] * 2), id="RSA private key"),
        pytest.param(PEM.format(*["OPENSSH PRIVATE KEY"] * 2), id="OpenSSH private key"),
        pytest.param(PEM.format(*["ENCRYPTED PRIVATE KEY"] * 2), id="encrypted private key"),
        pytest.param(PEM.format(*["PGP PRIVATE KEY BLOCK"] * 2), id="PGP private key"),
        pytest.param(CERTIFICATE + PRIVATE_KEY, id="private key behind its certificate"),
        pytest.param(json.dumps({"private": PRIVATE_KEY}), id="private key in JSON in a string"),
        pytest.param(encoded(PRIVATE_KEY), id="private key in base64"),
        pytest.param(encoded(PEM.format(*["EC PRIVATE KEY"] * 2)), id="EC private key in base64"),
        pytest.param(KUBECONFIG, id="kubeconfig"),
        pytest.param(JWT, id="web token"),
        pytest.param(f"token={JWT};", id="web token in a line"),
        pytest.param(JWT.rpartition(".")[0] + ".", id="web token without a signature"),
        pytest.param("Bearer 0f8fad5bd9cb469fa165", id="bearer"),
        pytest.param("bearer abcdefghijklmnopqrstuvwxyz", id="bearer, long and of letters only"),
        pytest.param("curl -H 'Authorization: Bearer abcdefg'", id="authorization header"),
        pytest.param('{"authorization": "basic x"}', id="authorization in JSON in a string"),
        pytest.param(f"Basic {encoded('deploy:hunter2')}", id="basic"),
        pytest.param("https://deploy:hunter2@git.example.com/app.git", id="URL with a password"),
        pytest.param("redis://:hunter2@cache:6379/0", id="URL with a password only"),
        pytest.param("POSTGRES://app:p%40ss@db/app", id="URL in upper case"),
        pytest.param("see https://a.example and amqp://u:p@mq", id="second URL of a sentence"),
        pytest.param("http://u:p@ss@proxy:3128", id="URL with an @ in the password"),
    ],
)
def test_a_value_that_looks_like_a_credential_is_dropped_under_any_name(value: str) -> None:
    assert without_secrets({"note": value, "n": 1}) == ({"n": 1}, ["note"])
    assert without_secrets({"args": ["--verbose", value]}) == ({"args": ["--verbose"]}, ["args[1]"])


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(CERTIFICATE, id="certificate"),
        pytest.param(encoded(CERTIFICATE), id="certificate in base64"),
        pytest.param(PEM.format(*["PUBLIC KEY"] * 2), id="public key"),
        pytest.param("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIHd me@host", id="public SSH key"),
        pytest.param("a basic configuration of the worker", id="a sentence with basic"),
        pytest.param("Basic settings were kept", id="a sentence that begins with Basic"),
        pytest.param("needs bearer authentication", id="a sentence with bearer"),
        pytest.param("The worker sends a bearer token.", id="a sentence that ends in bearer token"),
        pytest.param("uses bearer token-based login", id="a hyphen behind bearer"),
        pytest.param("Authorization: see the docs", id="a word on authorization"),
        pytest.param("Authorization: basic-auth", id="a kind of authorization"),
        pytest.param("Authorization: Bearer", id="a header without its value"),
        pytest.param("Authorization: Bearer $TOKEN", id="a variable"),
        pytest.param("Authorization: Bearer <token>", id="a placeholder"),
        pytest.param("https://git.example.com/app.git", id="URL"),
        pytest.param("https://git.example.com:8443/a:b@c?x=1@2#y:z@w", id="URL with a port"),
        pytest.param("ssh://git@github.com:22/org/app.git", id="URL with a user"),
        pytest.param("git@github.com:org/app.git", id="SSH path"),
        pytest.param("https://user:@host/", id="URL with an empty password"),
        pytest.param(f"ghcr.io/org/app:1.2@{DIGEST}", id="image with tag and digest"),
        pytest.param(f"docker://alpine:3.19@{DIGEST}", id="image with scheme, tag and digest"),
        pytest.param(f"docker-pullable://nginx@{DIGEST}", id="image as the kubelet names it"),
        pytest.param("4225b21d7b6e0c0e8c8c1c9c4c0c0a3f5a1e7d42", id="git commit"),
        pytest.param("0198f3a2-7c1e-7b5d-9a44-2f1f5c6b7a80", id="UUID"),
        pytest.param("user@example.com", id="mail address"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9", id="base64 of some JSON"),
        pytest.param("heyJude.example.com.local", id="dots and the letters of a web token"),
        pytest.param("~/.kube/config", id="path of a kubeconfig"),
        pytest.param("2026-01-09T14:30:22Z", id="time"),
        pytest.param("", id="empty"),
    ],
)
def test_a_value_that_only_resembles_one_stays(value: str) -> None:
    members = {"note": value, "args": [value, [value]]}

    assert without_secrets(members) == (members, [])


def test_credentials_are_found_at_any_depth_and_named_by_their_path() -> None:
    data = {
        "confighub": {"org": "acme", "token": "hunter2", "worker": {"slug": "dev", "secret": "x"}},
        "scan_result": [{"env": [{"name": "A", "value": JWT}]}, [["plain", PRIVATE_KEY]]],
        "headers": {"Cookie": ["a=1", "b=2"], "Accept": ["*/*"]},
    }

    kept, dropped = without_secrets(data)

    assert kept == {
        "confighub": {"org": "acme", "worker": {"slug": "dev"}},
        "scan_result": [{"env": [{"name": "A"}]}, [["plain"]]],
        "headers": {"Cookie": [], "Accept": ["*/*"]},
    }
    assert dropped == [
        "confighub.token",
        "confighub.worker.secret",
        "scan_result[0].env[0].value",
        "scan_result[1][0][1]",
        "headers.Cookie[0]",
        "headers.Cookie[1]",
    ]


def test_the_name_beside_a_value_says_what_it_is() -> None:
    secret, honest = {"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "REGION", "value": "eu"}

    kept, dropped = without_secrets({"env": [secret, honest]})

    assert kept == {"env": [{"name": "DB_PASSWORD"}, honest]}
    assert dropped == ["env[0].value"]


def test_the_given_data_is_left_alone() -> None:
    data = {"inner": {"token": "hunter2"}, "list": [JWT]}

    without_secrets(data)

    assert data == {"inner": {"token": "hunter2"}, "list": [JWT]}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("a." * 100_000 + "://@", id="schemes"),
        pytest.param("eyJ-" * 60_000, id="web tokens"),
        pytest.param("bearer authorization" + " " * 100_000, id="blanks"),
    ],
)
def test_a_value_made_to_be_slow_is_looked_at_quickly(value: str) -> None:
    began = time.process_time()

    without_secrets({"note": value})

    assert time.process_time() - began < 5


def test_a_credential_reaches_no_file(cli: Command, sessions: Path) -> None:
    data = {"confighub": {"org": "acme", "token": "hunter2"}, "note": f"Bearer {JWT}"}

    first = cli("save", "connect", json.dumps(data))
    again = cli("save", "verify", "-", stdin=json.dumps(data).encode())
    refused = cli("save", "--session", "import-2020-01-01-000000", "verify", json.dumps(data))

    assert (first.code, again.code, refused.code) == (0, 0, 6)
    for answer in (first, again, refused):
        assert "confighub.token" in answer.stderr
        assert "note" in answer.stderr
        assert "hunter2" not in answer.stderr
    files = [path for path in sessions.rglob("*") if path.is_file()]
    assert any(path.parent.name == "conflicts" for path in files)
    for path in files:
        assert b"hunter2" not in path.read_bytes(), path
        assert JWT.encode() not in path.read_bytes(), path
    assert json.loads((sessions / "import-latest.json").read_bytes())["confighub"] == {
        "org": "acme"
    }
