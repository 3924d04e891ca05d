"""Prints, as JSON lines, how the client's own parser reads the filters on standard input; null for what it refuses."""

import json
import sys

from mlflow.utils import search_utils

PARSERS = {
    "runs": search_utils.SearchUtils,
    "experiments": search_utils.SearchExperimentsUtils,
    "registered_models": search_utils.SearchModelUtils,
    "model_versions": search_utils.SearchModelVersionUtils,
}
for line in sys.stdin:
    name, text = json.loads(line)
    parser = PARSERS[name]
    try:
        found = parser.parse_search_filter(text)
        for one in found:
            key, comparator = one["type"], one["comparator"].upper()
            # The comparator is checked only when a search runs.
            if not any(
                (
                    parser.is_metric(key, comparator),
                    parser.is_param(key, comparator),
                    parser.is_tag(key, comparator),
                    parser.is_string_attribute(key, one["key"], comparator),
                    parser.is_numeric_attribute(key, one["key"], comparator),
                    hasattr(parser, "is_dataset") and parser.is_dataset(key, comparator),
                )
            ):
                raise ValueError(comparator)
        print(json.dumps([[one["type"], one["key"], one["comparator"].upper(), one["value"]] for one in found]))
    except Exception:
        print("null")
