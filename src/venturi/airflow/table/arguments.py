"""Arguments that official wheels have dropped, and what files that still give them mean: rows beside the paths."""

from typing import NamedTuple


class Argument(NamedTuple):
    operator: str
    name: str
    becomes: str


_P = "airflow.providers"
ATHENA = f"{_P}.amazon.aws.operators.athena.AthenaOperator"
DOCKER = f"{_P}.docker.operators.docker.DockerOperator"
ECS_REGISTER = f"{_P}.amazon.aws.operators.ecs.EcsRegisterTaskDefinitionOperator"
POD = f"{_P}.cncf.kubernetes.operators.pod.KubernetesPodOperator"
SLACK_POST = f"{_P}.slack.operators.slack.SlackAPIPostOperator"
SLACK_WEBHOOK = f"{_P}.slack.operators.slack_webhook.SlackWebhookOperator"
SSH = f"{_P}.ssh.operators.ssh.SSHOperator"

ARGUMENTS: list[Argument] = [
    Argument(ATHENA, "max_tries", "It is max_polling_attempts."),
    Argument(DOCKER, "auto_remove", "True is 'success', False is 'never'."),
    Argument(DOCKER, "volumes", "Each is a mount."),
    Argument(DOCKER, "skip_exit_code", "It is skip_on_exit_code."),
    Argument(ECS_REGISTER, "wait_for_completion", "It means nothing any more."),
    Argument(POD, "resources", "It is container_resources."),
    Argument(POD, "node_selectors", "It is node_selector."),
    Argument(POD, "image_pull_secrets", "A text of names is a list of references."),
    Argument(SLACK_POST, "token", "It is the token of the call, without a connection."),
    Argument(SLACK_WEBHOOK, "http_conn_id", "It is slack_webhook_conn_id."),
    Argument(SLACK_WEBHOOK, "link_names", "It means nothing any more."),
    Argument(SSH, "timeout", "It is conn_timeout."),
]
