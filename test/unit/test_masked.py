"""What other programs say, without the credentials in it and with all the rest."""

from __future__ import annotations

import time
from base64 import b64encode

import pytest

from session_cli.redaction import masked

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ3b3JrZXIifQ.c2lnbmF0dXJlLW9mLXRlc3Q"
# put together here, so that no scanner takes this file for a leak
DASHES = "-" * 5
BODY = "MIIBVgIBADANBgkqhkiG9w0BAQEFAASC"
KEY = f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}\n{BODY}\n{BODY}\n{DASHES}END RSA PRIVATE KEY{DASHES}"
ENCODED = b64encode(KEY.encode()).decode()
LOGIN = b64encode(b"deploy:hunter2").decode()
AUTHS = b64encode(b'{"auths": {"registry.example.com": {"auth": "YTpi"}}}').decode()
HUB_TOKEN = "chs_" + "Zk3_x-" * 7
WORKER_SECRET = "ch_" + "5f8a" * 8
AWS_KEY = "AKIA" + "Q3ZK" * 4
GITHUB = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Failed: token=ch_12ab34 is bad", "Failed: token=[hidden] is bad"),
        ("access_token: abc, next", "access_token: [hidden], next"),
        ("CONFIGHUB_WORKER_SECRET=ch_1 cub", "CONFIGHUB_WORKER_SECRET=[hidden] cub"),
        ('{"Secret": "ch_1", "Slug": "dev"}', '{"Secret": "[hidden]", "Slug": "dev"}'),
        (r'body "{\"token\":\"abc\",\"a\":1}"', r'body "{\"token\":\"[hidden]\",\"a\":1}"'),
        ("password='two words' for db", "password='[hidden]' for db"),
        ("PASSWORD = hunter2; x", "PASSWORD = [hidden]; x"),
        ("api-key: 12 apikey=34 api_key=56", "api-key: [hidden] apikey=[hidden] api_key=[hidden]"),
        ("Set-Cookie: sid=1a2b", "Set-Cookie: [hidden]"),
        (f"jwt {JWT} expired", "jwt [hidden] expired"),
        (f"HTTP 401: Bearer {JWT}", "HTTP 401: Bearer [hidden]"),
        ("Authorization: Bearer 0f8fad5b", "Authorization: Bearer [hidden]"),
        ("Bearer 0f8fad5bd9cb refused", "Bearer [hidden] refused"),
        (f"sent Basic {LOGIN}", "sent Basic [hidden]"),
        ("GET https://u:p@ss@h/x: EOF", "GET https://u:[hidden]@h/x: EOF"),
        ("redis://:hunter2@cache:6379", "redis://:[hidden]@cache:6379"),
        ("https://u:12345@h and amqp://a:b@c", "https://u:[hidden]@h and amqp://a:[hidden]@c"),
        (f"cannot parse\n{KEY}\nat line 3", "cannot parse\n[hidden]\nat line 3"),
        (f"cut off {KEY[:60]}", "cut off [hidden]"),
        (f"client-key-data: {ENCODED}", "client-key-data: [hidden]"),
        ("password: hunter2\nuser: dev", "password: [hidden]\nuser: dev"),
        ("password: opensesame\nuser: dev", "password: [hidden]\nuser: dev"),
        ('said "token: abc" to us', 'said "token: [hidden]" to us'),
        ("password=opensesame for dev", "password=[hidden] for dev"),
        ("token: 8f7e6d5c rejected by hub", "token: [hidden] rejected by hub"),
        ("token: qWx81Zk rejected by hub", "token: [hidden] rejected by hub"),
        ("Authorization: Negotiate YIIZ1abc==", "Authorization: Negotiate [hidden]"),
        (
            "cub worker run --secret ch_1 --space dev",
            "cub worker run --secret [hidden] --space dev",
        ),
        ("kubectl --token abc", "kubectl --token [hidden]"),
        ("kubectl --token 'two words' get", "kubectl --token '[hidden]' get"),
        (f"signed in with {HUB_TOKEN}", "signed in with [hidden]"),
        (f"worker {WORKER_SECRET} starts", "worker [hidden] starts"),
        (f"key {AWS_KEY}, of ops", "key [hidden], of ops"),
        ("aws_secret_access_key = wJalr/K7M", "aws_secret_access_key = [hidden]"),
        (f"remote: {GITHUB} is bad", "remote: [hidden] is bad"),
        (f"https://{GITHUB}@github.com/x", "https://[hidden]@github.com/x"),
        ("curl -u deploy:hunter2 https://h", "curl -u deploy:[hidden] https://h"),
        ("Cookie: a=1b; sid=2c\nHost: h", "Cookie: [hidden]\nHost: h"),
        ('-H "Cookie: a=1b; sid=2c" h', '-H "Cookie: [hidden]" h'),
        ("DB_PASS=hunter2 run", "DB_PASS=[hidden] run"),
        ("GET /x?a=1&sig=aB%2F&b=2", "GET /x?a=1&sig=[hidden]&b=2"),
        ("- name: DB_PASSWORD\n  value: hunter2", "- name: DB_PASSWORD\n  value: [hidden]"),
        (
            '{"name": "DB_PASSWORD", "value": "two words"}',
            '{"name": "DB_PASSWORD", "value": "[hidden]"}',
        ),
        (f'"h": {{"auth": "{LOGIN}"}}', '"h": {"auth": "[hidden]"}'),
        (f".dockerconfigjson: {AUTHS}", ".dockerconfigjson: [hidden]"),
        (f"client-key-data: {ENCODED[:60]}\n  {ENCODED[60:]}", "client-key-data: [hidden]"),
    ],
)
def test_a_credential_is_blotted_out_and_the_rest_can_be_read(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize("secret", [JWT, BODY, ENCODED, LOGIN, "hunter2"])
def test_of_an_authorization_nothing_is_left(secret: str) -> None:
    for text in (
        f"> Authorization: Bearer {secret}",
        f"> authorization: Basic {secret}",
        f"'Authorization': '{secret}'",
        f"password: {secret}",
    ):
        assert secret not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Failed: HTTP 401 for req abc: authentication problem. Try logging in (again)",
        "Failed: HTTP 400 for req 0f8f: unit secret-store already exists",
        'secrets "payment-db" is forbidden: User "dev" cannot get resource "secrets"',
        "the token expired an hour ago",
        "authorization: denied by policy",
        "cookie: not set by the server",
        "token: expired 3 minutes ago",
        "unknown credential: helper osxkeychain",
        "invalid token: unexpected EOF",
        "authorization: forbidden: user dev may not",
        'authorization: RBAC denied "units"',
        'said "password: must not be empty" to us',
        "secret:\n  name: payment-db",
        "unknown flag: --token\nUsage: cub worker run",
        "missing --token (see the manual)",
        "password authentication failed for user x",
        "error: stat /root/kubeconfig: no such file or directory",
        'error loading config file "/root/.kube/kubeconfig": permission denied',
        "secretName: payment-db, tokenCount: 3, passwordRef=x",
        "a basic configuration of the worker",
        "needs bearer authentication",
        "docker run -u 1000:1000 alpine",
        "batch_size=3 ch_names=left,right TESTS_PASS=12 PWD=/home/user",
        "name: TOKEN_COUNT, value: 3",
        "the session cookie: it has ended",
        "sign in again: session-cli login http://127.0.0.1:8377",
        "ghp_ is how tokens of GitHub begin",
        "dial tcp 10.0.0.1:6443: connect: connection refused",
        "Get https://127.0.0.1:6443/api?x=a:b@c: EOF",
        "pull docker://alpine:3.19@sha256:9f86d081884c7d65 failed",
        "Unable to connect to the server: dial tcp: lookup hub.example.com: no such host",
        "user@example.com of acme-corp",
        "see https://docs.confighub.com/tokens",
        f"{DASHES}BEGIN CERTIFICATE{DASHES}",
        "日本 ✓ é",
    ],
)
def test_honest_text_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a." * 100_000 + "://@", id="schemes"),
        pytest.param("://a:" * 20_000, id="URLs"),
        pytest.param("eyJ-" * 60_000, id="web tokens"),
        pytest.param("a-" * 100_000, id="one long word"),
        pytest.param("token" + " " * 100_000 + "x", id="blanks"),
        pytest.param("token\\" * 30_000, id="backslashes"),
        pytest.param(f"{DASHES}BEGIN A PRIVATE KEY" * 5_000, id="private keys"),
        pytest.param("token: a " * 30_000, id="words"),
        pytest.param("authorization: a" + "-a" * 100_000, id="schemes of a log-in"),
        pytest.param("--" + "a-" * 100_000, id="one long flag"),
        pytest.param("--token " * 30_000, id="flags"),
        pytest.param("name: a" * 30_000, id="names"),
        pytest.param("A_" * 100_000, id="one long variable"),
        pytest.param("-u a" * 50_000, id="users"),
        pytest.param("chs_" * 50_000, id="tokens"),
        pytest.param("cookie: a=" * 20_000, id="cookies"),
        pytest.param("LS0tLS1CRUdJTi " * 20_000, id="encoded keys"),
    ],
)
def test_text_made_to_be_slow_is_looked_at_quickly(text: str) -> None:
    began = time.process_time()

    masked(text)

    assert time.process_time() - began < 5
