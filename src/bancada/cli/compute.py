"""The noun `compute`."""

from __future__ import annotations

from bancada.cli.nouns import Shape, make_noun

__all__ = ["compute"]

compute = make_noun(
    Shape(
        kind="computes",
        group="compute",
        loader="load_compute",
        columns=("name", "type", "size", "min_instances", "max_instances", "provisioning_state"),
        fields={
            "type": "amlcompute.",
            "size": "VM size; kept, and says nothing about this machine.",
            "min_instances": "Fewest instances.",
            "max_instances": "Most instances: so many jobs run at once, as far as the machine holds them.",
            "idle_time_before_scale_down": "Seconds.",
            "tier": "dedicated or low_priority.",
            "location": "Region; kept.",
            "description": "What it is.",
        },
        example="--name cpu-cluster --type amlcompute --max-instances 4",
    )
)
