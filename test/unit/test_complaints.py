"""What of kubectl's stderr tells a person why, and what to type.

The words of the plugins are those that people quote of gke-gcloud-auth-plugin, of the AWS CLI, of
Azure's kubelogin, of kubectl oidc-login and of tsh.
"""

from __future__ import annotations

import time

import pytest

from session_cli.cluster.complaints import complaints_in

NOTE = "E1128 10:05:12.798299   31390 memcache.go:265] "
GOT = 'couldn\'t get current server API group list: Get "https://34.1.2.3/api?timeout=32s"'
FATAL = "F1128 10:05:12.123456   14468 cred.go:145] print credential failed with error: "
GCLOUD = (
    "Failed to retrieve access token:: failure while executing gcloud, with args"
    " [config config-helper --format=json]: exit status 1 (err: ERROR:"
    " (gcloud.config.config-helper) There was a problem refreshing your current auth tokens:"
    " Reauthentication failed. cannot prompt during non-interactive execution."
)
GCLOUD_ADVICE = """
Please run:

  $ gcloud auth login

to obtain new credentials.

If you have already logged in with a different account, run:

  $ gcloud config set account ACCOUNT

to select an already authenticated account to use.
)
"""


def failed(said: str, executable: str = "plugin", code: int = 1) -> str:
    """What kubectl prints when its credential plugin says something and fails, four times over."""
    why = f"getting credentials: exec: executable {executable} failed with exit code {code}"
    once = f'{said}\n{NOTE}"Unhandled Error" err="{GOT}: {why}"\n'
    return once * 4 + f"Unable to connect to the server: {why}\n"


@pytest.mark.parametrize(
    ("stderr", "told"),
    [
        pytest.param(
            failed(f"{FATAL}{GCLOUD}{GCLOUD_ADVICE}", "/opt/sdk/bin/gke-gcloud-auth-plugin"),
            "gke-gcloud-auth-plugin: There was a problem refreshing your current auth tokens:"
            " Reauthentication failed. cannot prompt during non-interactive execution;"
            " run 'gcloud auth login'",
            id="gcloud",
        ),
        pytest.param(
            failed(
                "\nError loading SSO Token: The SSO access token has either expired or is"
                " otherwise invalid.",
                "aws",
                255,
            ),
            "aws: Error loading SSO Token: The SSO access token has either expired or is"
            " otherwise invalid.",
            id="aws",
        ),
        pytest.param(
            failed(
                "\nThe SSO session associated with this profile has expired or is otherwise"
                " invalid. To refresh this SSO session run aws sso login with the corresponding"
                " profile.",
                "aws",
                255,
            ),
            "aws: The SSO session associated with this profile has expired or is otherwise"
            " invalid. To refresh this SSO session run aws sso login with the corresponding"
            " profile.",
            id="aws says what to type",
        ),
        pytest.param(
            failed(
                "could not get it, no valid providers in chain. Deprecated.\n"
                "\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors",
                "aws-iam-authenticator",
            ),
            "aws-iam-authenticator: could not get it, no valid providers in chain. Deprecated.",
            id="aws-iam-authenticator",
        ),
        pytest.param(
            failed(
                "Error: failed to get a token; AzureCLICredential: ERROR: Please run 'az login'"
                " to setup account.\n",
                "kubelogin",
            ),
            "kubelogin: Please run 'az login' to setup account.",
            id="az",
        ),
        pytest.param(
            failed(
                "To sign in, use a web browser to open the page https://example.com/device and"
                " enter the code ABCD to authenticate.\nError: context deadline exceeded",
                "kubelogin",
            ),
            "kubelogin: Error: context deadline exceeded",
            id="nobody signed in",
        ),
        pytest.param(
            failed(
                "error: could not open the browser\n\nPlease visit the following URL in your"
                " browser manually: http://localhost:8000\nerror: authorization timeout",
                "kubectl",
            ),
            "kubectl: error: authorization timeout",
            id="the last of several causes",
        ),
        pytest.param(
            failed('error: unknown command "oidc-login" for "kubectl"', "kubectl"),
            'kubectl: error: unknown command "oidc-login" for "kubectl"',
            id="oidc-login",
        ),
        pytest.param(
            failed("ERROR: Not logged in.\nPlease run `tsh login`.", "/usr/bin/tsh"),
            "tsh: Not logged in; Please run `tsh login`.",
            id="tsh",
        ),
        pytest.param(
            failed("no luck today\nRun:\n  corp login --now"),
            "plugin: no luck today; run 'corp login --now'",
            id="a plugin that nobody knows",
        ),
        pytest.param(
            failed(""),
            "Unable to connect to the server: getting credentials: exec: executable plugin failed"
            " with exit code 1",
            id="a plugin that says nothing",
        ),
        pytest.param(
            failed("Please run:\n)"),
            "Unable to connect to the server: getting credentials: exec: executable plugin failed"
            " with exit code 1",
            id="a plugin that says nothing to the point",
        ),
        pytest.param(
            failed("fatal: \x1b[31mno\x9b2J\u202e"),
            r"plugin: fatal: \x1b[31mno\x9b2J\u202e",
            id="hostile",
        ),
        pytest.param(
            "Unable to connect to the server: getting credentials: exec plugin cannot support"
            " interactive mode: standard input is not a terminal\n",
            "Unable to connect to the server: getting credentials: exec plugin cannot support"
            " interactive mode: standard input is not a terminal",
            id="kubectl itself knows",
        ),
        pytest.param(
            f"{NOTE}{GOT}: getting credentials: exec: executable kubelogin not found\n\n"
            "It looks like you are trying to use a client-go credential plugin that is not"
            " installed.\n\nUnable to connect to the server: getting credentials: exec:"
            " executable kubelogin not found\n\nIt looks like you are trying to use a client-go"
            " credential plugin that is not installed.\n\nTo learn more about this feature,"
            " consult the documentation available at:\n      https://kubernetes.io/docs/reference"
            "/access-authn-authz/authentication/#client-go-credential-plugins\n\nkubelogin is not"
            " installed which is required to connect to AAD enabled cluster.\n\nTo learn more,"
            " please go to https://aka.ms/aks/kubelogin\n",
            "executable kubelogin not found; kubelogin is not installed which is required to"
            " connect to AAD enabled cluster. To learn more, please go to"
            " https://aka.ms/aks/kubelogin",
            id="a plugin that is not installed",
        ),
    ],
)
def test_of_a_login_that_failed_the_reason_is_reported_in_one_line(stderr: str, told: str) -> None:
    assert complaints_in(stderr) == [told]


FORBIDDEN = 'Error from server (Forbidden): daemonsets.apps is forbidden: User "dev" cannot list'


@pytest.mark.parametrize(
    ("stderr", "told"),
    [
        ("", []),
        ("\n \n", []),
        (f"{FORBIDDEN}\n{FORBIDDEN}\n", [FORBIDDEN]),
        (f"{FORBIDDEN}\nerror: x\n", [FORBIDDEN, "error: x"]),
        (f"Warning: v1beta1 is old\n{FORBIDDEN}\n", [FORBIDDEN]),
        (
            "To sign in, open https://example.com/device and enter ABCD\n"
            "error: You must be logged in to the server (Unauthorized)\n",
            ["error: You must be logged in to the server (Unauthorized)"],
        ),
        ("something else\nand more\n", ["something else", "and more"]),
        (f"{NOTE}first\n{FORBIDDEN}\n{NOTE}last\n", [FORBIDDEN]),
        (f"{NOTE}first\n{NOTE}last\n", ["last"]),
        ("error: \x1b[2J\x07", [r"error: \x1b[2J\x07"]),
    ],
)
def test_what_kubectl_itself_says_comes_before_what_else_is_there(
    stderr: str, told: list[str]
) -> None:
    assert complaints_in(stderr) == told


@pytest.mark.parametrize(
    "said", ["x" * 200_000, "x\n" * 50_000, "ERROR: " * 30_000, "run:\n" * 50_000]
)
def test_what_was_made_to_be_slow_is_read_quickly(said: str) -> None:
    began = time.process_time()

    complaints_in(failed(said))

    assert time.process_time() - began < 5
