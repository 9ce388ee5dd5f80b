"""The function app: settings, adapters, blueprints, nothing else.

The same file runs in Azure on the Functions host and on one machine on ``local.host``; what
differs is settings.
"""

import os

import azure.functions as func
from azure import durable_functions as df

from activities.registry import activity_blueprint
from adapters.bootstrap import build_ports
from adapters.durable_runs import DurableRuns
from adapters.settings import Settings
from orchestrators import names, orchestrator_blueprint
from triggers.campaign_commands import command_blueprint
from triggers.campaigns import campaign_blueprint
from triggers.http_api import http_blueprint
from triggers.messages import message_blueprint
from triggers.plans import plan_blueprint
from triggers.service_bus import QueueOptions, queue_blueprint
from triggers.settlements import settlement_blueprint
from triggers.support import support_blueprint
from triggers.timers import timer_blueprint
from triggers.webhooks import webhook_blueprint

settings = Settings.from_environment(os.environ)
ports = build_ports(settings)


def runs_of(client: df.DurableFunctionsClient) -> DurableRuns:
    """The runs of vaults, as one invocation's durable client reaches them."""
    return DurableRuns(client, names.UPGRADE_VAULT)


app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(orchestrator_blueprint())
app.register_functions(activity_blueprint(ports, runs_of))
app.register_functions(http_blueprint(ports))
app.register_functions(campaign_blueprint(ports))
app.register_functions(command_blueprint(ports))
app.register_functions(settlement_blueprint(ports, settings.subscriptions, settings.log_workspace))
app.register_functions(plan_blueprint(ports))
app.register_functions(support_blueprint(ports))
app.register_functions(webhook_blueprint(ports, settings.webhook_key))
app.register_functions(message_blueprint(ports))
app.register_functions(
    queue_blueprint(
        ports,
        runs_of,
        QueueOptions(
            queue=settings.queue,
            log_workspace_id=settings.log_workspace,
            approval_hours=settings.approval_hours,
            window=settings.admission_window,
        ),
    )
)
app.register_functions(timer_blueprint(ports, settings.subscriptions, settings.audit_schedule))
