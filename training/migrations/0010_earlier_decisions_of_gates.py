"""The decisions that runs had as JSON become rows; a rule's allowed drop becomes its campaign's gate."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

DEFAULT_RULES = [
    {"figure": "pairs", "floor": 50.0, "on_missing": "hold"},
    {"figure": "accuracy_low", "floor": 0.5, "on_missing": "hold"},
    {"figure": "difference_to_parent_high", "floor": 0.0, "on_missing": "hold"},
    {"figure": "kl_per_token", "ceiling": 0.1, "on_missing": "ignore"},
]


def _earlier_rules(drop):
    """The rule of earlier versions: the accuracy alone, without an interval, on any number of pairs."""
    return [{"figure": "difference_to_parent", "floor": -drop, "on_missing": "hold"}]


def _now_rules(drop):
    return [
        {**rule, "floor": -drop} if rule["figure"] == "difference_to_parent_high" else rule for rule in DEFAULT_RULES
    ]


def take_over(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    Run = apps.get_model("training", "Run")
    RetrainingRule = apps.get_model("training", "RetrainingRule")
    Gate = apps.get_model("training", "Gate")
    GateDecision = apps.get_model("training", "GateDecision")
    drops = dict(RetrainingRule.objects.values_list("campaign_id", "max_accuracy_drop"))
    gates = {}
    for run in Run.objects.exclude(gate=None).select_related("version", "parent", "snapshot").order_by("pk"):
        version = getattr(run, "version", None)
        if version is None:
            continue
        at, stored = run.finished_at or run.created_at, run.gate
        if run.campaign_id not in gates:
            drop = float(stored.get("max_drop", drops.get(run.campaign_id, 0.0)))
            gates[run.campaign_id] = Gate.objects.create(
                campaign_id=run.campaign_id, number=1, rules=_earlier_rules(drop), at=at
            )
        gate, figures, results = gates[run.campaign_id], {}, []
        if "accuracy" in stored:
            difference = stored["accuracy"] - stored["parent_accuracy"]
            figures = {
                "pairs": stored["pairs"],
                "accuracy": stored["accuracy"],
                "parent_accuracy": stored["parent_accuracy"],
                "difference_to_parent": difference,
                "parent": run.parent.name,
                "snapshot": run.snapshot.content_hash,
            }
            rule = {
                "figure": "difference_to_parent",
                "floor": -float(stored.get("max_drop", 0.0)),
                "on_missing": "hold",
            }
            met = difference >= rule["floor"] - 1e-12
            results = [
                {
                    **rule,
                    "value": difference,
                    "outcome": "met" if met else "failed",
                    "sentence": stored["reason"],
                }
            ]
        GateDecision.objects.create(
            gate=gate,
            run=run,
            version=version,
            outcome="passed" if stored["promoted"] else "held_back",
            is_automatic=True,
            figures=figures,
            results=results,
            others=[],
            reason=stored["reason"],
            at=at,
        )
    for campaign in sorted({*drops, *gates}):
        drop = float(drops.get(campaign, 0.0))
        if campaign in gates or drop:
            number = 2 if campaign in gates else 1
            Gate.objects.create(campaign_id=campaign, number=number, rules=_now_rules(drop), at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("training", "0009_gates_are_rows")]
    operations = [
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.RemoveField(model_name="retrainingrule", name="max_accuracy_drop"),
        migrations.RemoveField(model_name="run", name="gate"),
    ]
