"""The functions of the program that make columns into numbers: the recipes of `featurize`, out of scikit-learn's parts.

They are as long as the table needs: no line is about dates where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..columns import Column
from ..featurize.encode import Feature
from ..featurize.numbers import Fill
from ..featurize.prepare import Groups, groups_of, imputers_of
from ..featurize.texts import word_options
from ..problem import Problem

__all__ = ["constants", "pieces"]

# The day of the year starts again once a year, and its second wave twice.
_YEAR = 365.2425
# pandas' names of parts of dates, where they are others than `featurize.encode`'s.
_PARTS = {"weekday": "day_of_week"}

# A column without a single value keeps its place.
_KEEPING = "keep_empty_features=True"

_READING = {
    "number": '''
def number(cells):
    """Return cells as numbers, text such as "1,234" or "5%" too; what is none is a gap."""
    if not pd.api.types.is_numeric_dtype(cells):
        cells = pd.to_numeric(cells.map(str).str.replace(",", "").str.strip(" %"), errors="coerce")
    return cells.astype(float).replace([np.inf, -np.inf], np.nan)
''',
    "level": '''
def level(cell):
    """Return a level's name: 3, 3.0 and "3" are one."""
    if pd.isna(cell):
        return np.nan
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
''',
}

_STEPS = {
    "codes": '''
def codes():
    """Levels become numbers; gaps and levels that are new stay gaps."""
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
''',
    "hot": '''
def hot():
    """Each level becomes a column; those of fewer than three rows share one."""
    return OneHotEncoder(handle_unknown="ignore", min_frequency=3, sparse_output=False)
''',
    "whole": '''
def whole(x):
    """Return rows as CatBoost takes them: levels are whole numbers, gaps -1."""
    rows = x.astype(object)
    rows[:, LEVELS] = np.nan_to_num(x[:, LEVELS], nan=-1).astype(int)
    return rows
''',
    "crossed": '''
def crossed(table):
    """Return each two columns' levels as one."""
    return np.column_stack([table[a].map(str) + " " + table[b].map(str) for a, b in combinations(table, 2)])
''',
    "waves": '''
def waves(table):
    """Return sines and cosines of what starts again: December is near January."""
    angles = [2 * np.pi * table[name] / period for name, periods in PERIODS.items() for period in periods]
    return np.nan_to_num(np.column_stack([turn(angle) for angle in angles for turn in (np.sin, np.cos)]))
''',
    "Scaled": '''
class Scaled(TransformerMixin, BaseEstimator):
    """Scales by quartiles, or by the standard deviation where these coincide, and bends at three spreads."""

    def fit(self, x, y=None):
        low, middle, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
        spread = (high - low) / 1.349
        rare = spread < 1e-12 * np.maximum(1, abs(middle))
        self.middle_ = np.where(rare, x.mean(axis=0), middle)
        self.spread_ = np.where(rare, x.std(axis=0), spread)
        self.spread_[self.spread_ <= 1e-12] = 1
        return self

    def transform(self, x):
        scaled = (x - self.middle_) / self.spread_
        return scaled / np.sqrt(1 + (scaled / 3) ** 2)
''',
    "Words": '''
class Words(TransformerMixin, BaseEstimator):
    """Words and pairs of words weighed by rarity, brought down to at most 32 columns, and the length."""

    def __init__(self, options):
        self.options = options

    def fit(self, cells, y=None):
        self.words_, self.directions_ = TfidfVectorizer(**self.options), None
        try:
            counted = self.words_.fit_transform(cells)
        except ValueError:  # no word is left: nothing is made of the column
            return self
        width = min(32, counted.shape[1] - 1, counted.shape[0] - 1)
        if width > 0:
            self.directions_ = TruncatedSVD(width, random_state=SEED).fit(counted)
        return self

    def transform(self, cells):
        if self.directions_ is None:
            return np.empty((len(cells), 0))
        return np.column_stack([self.directions_.transform(self.words_.transform(cells)), np.log1p(cells.str.len())])
''',
    "texts": """
def texts():
    return [(f"text {place}", Words(options), name) for place, (name, options) in enumerate(TEXTS.items())]
""",
    "squared": """
def squared(roots):
    return np.maximum(roots, 0) ** 2
""",
}

_MEANS = '''
def means():
    """Levels become the mean of the target, that of ten more rows mixed in."""
    return TargetEncoder({target}smooth=10.0)
'''

_PAIRS = '''
class Pairs(TransformerMixin, BaseEstimator):
    """Sums, differences, products and quotients of the six numbers that a small model gains most from."""

    def fit(self, table, y):
        rows = np.random.default_rng(SEED).permutation(len(y))[:5000]
        options = {{"num_leaves": 16, "learning_rate": 0.2, "n_jobs": 1, "verbosity": -1, "random_state": SEED}}
        small = {learner}(n_estimators={rounds}, importance_type="gain", **options)
        gains = small.fit(table.to_numpy()[rows], np.asarray(y)[rows]).feature_importances_
        self.best_ = np.sort(np.argsort(-gains, kind="stable")[:6])
        return self

    def transform(self, table):
        x, found = table.to_numpy(), [np.empty((len(table), 0))]
        for a, b in combinations(x.T[self.best_], 2):
            found += [a + b, a - b, a * b, a / np.where(b == 0, np.nan, b)]
        return np.column_stack(found)
'''


def constants(problem: Problem) -> dict[str, Any]:
    """Return the program's constants about columns, by name."""
    features, columns = problem.encoder.features, problem.encoder.columns
    groups = groups_of(features, problem.featurization)
    texts, language = _texts(problem), problem.featurization.dataset_language
    options = problem.featurization.parameters_of("TfIdf", texts)
    names = {one.kind: [other.name for other in columns if other.kind == one.kind] for one in columns}
    categories = _categories(problem)
    return {
        "NUMBERS": names.get("numeric", []),
        "BOOLEANS": {one.name: _places(one) for one in columns if one.kind == "boolean"},
        "CATEGORIES": categories,
        "LEVELS": list(range(len(categories))),
        "FEW_LEVELS": _named(features, groups.hot),
        "MANY_LEVELS": _named(features, groups.meant),
        "CROSSED": _named(features, groups.crossed),
        "FEW_VALUES": _named(features, groups.few),
        "FILLED": [name for _, numbers, _ in _fills(problem) for name in numbers],
        "DATES": {name: [_PARTS.get(part, part) for part in parts] for name, parts in problem.encoder.dates.items()},
        "CALENDAR": list(_calendar(problem)),
        "PERIODS": _periods(problem, groups),
        "TEXTS": {name: word_options(len(problem.target), language, options.get(name, {})) for name in texts},
    }


def pieces(problem: Problem) -> dict[str, str]:
    """Return the program's functions about columns by name, in the order in which they are written."""
    means = _MEANS.format(target="" if problem.classes else 'target_type="continuous", ')
    learner = "LGBMClassifier" if problem.classes else "LGBMRegressor"
    pairs = _PAIRS.format(learner=learner, rounds=30 if problem.classes <= 2 else 10)
    found = {
        **_READING,
        "features": _features(problem),
        **_choosers(problem),
        **_STEPS,
        "means": means,
        "Pairs": pairs,
        **_recipes(problem),
    }
    return {name: text.lstrip("\n") for name, text in found.items()}


# ---- columns --------------------------------------------------------------------------------------------------------


def _named(features: Sequence[Feature], places: Sequence[int]) -> list[str]:
    return [_name(features[place]) for place in places]


def _name(feature: Feature) -> str:
    """Return a feature's name in the program: a date's parts have pandas' names."""
    part = feature.name.removeprefix(f"{feature.source}.")
    return f"{feature.source}.{_PARTS[part]}" if feature.period and part in _PARTS else feature.name


def _places(column: Column) -> dict[str, float]:
    return {level: float(place) for place, level in enumerate(column.levels)}


def _calendar(problem: Problem) -> tuple[str, ...]:
    return problem.encoder.calendar or () if problem.featurization.mode != "off" else ()


def _texts(problem: Problem) -> list[str]:
    return [] if problem.featurization.blocks("TfIdf") else problem.encoder.texts


def _fills(problem: Problem) -> list[tuple[str, list[str], list[str]]]:
    """Return own ways to fill gaps: an imputer's arguments, and the numbers and categories that it is for."""
    by_text: dict[str, tuple[list[str], list[str]]] = {}
    fills = imputers_of(problem.featurization, problem.encoder.features)
    for feature in problem.encoder.features:
        if feature.source in fills:
            groups = by_text.setdefault(_imputer(fills[feature.source]), ([], []))
            groups[feature.kind == "category"].append(_name(feature))
    return [(text, *groups) for text, groups in by_text.items()]


def _imputer(fill: Fill) -> str:
    if fill.strategy == "constant":
        return f'strategy="constant", fill_value={fill.value!r}'
    known = fill.strategy if fill.strategy in ("mean", "most_frequent") else "median"
    return f'strategy="{known}"'


def _categories(problem: Problem) -> list[str]:
    """Return the categories, those whose gaps are filled last: as `native` lays them out."""
    filled = [name for _, _, categories in _fills(problem) for name in categories]
    names = [one.name for one in problem.encoder.columns if one.kind == "category"]
    return [name for name in names if name not in filled] + filled


def _periods(problem: Problem, groups: Groups) -> dict[str, list[float]]:
    features = problem.encoder.features
    found: dict[str, list[float]] = {_name(features[place]): [features[place].period] for place in groups.periodic}
    return found | ({"calendar.day_of_year": [_YEAR, _YEAR / 2]} if _calendar(problem) else {})


def _features(problem: Problem) -> str:
    kinds = {one.kind for one in problem.encoder.columns}
    lines = ["def features(table):", '    """Return the columns that members learn from."""']
    lines.append(
        "    found = {name: number(table[name]) for name in NUMBERS}" if "numeric" in kinds else "    found = {}"
    )
    if "boolean" in kinds:
        lines.append("    found |= {name: table[name].map(level).map(places) for name, places in BOOLEANS.items()}")
    if "category" in kinds:
        lines.append("    found |= {name: table[name].map(level).astype(object) for name in CATEGORIES}")
    if any(problem.encoder.dates.values()):
        lines += [
            "    for name, parts in DATES.items():",
            '        day = pd.to_datetime(table[name].map(str), errors="coerce", format="mixed", utc=True)',
            '        days = (day - pd.Timestamp(0, tz="UTC")).dt.total_seconds() / 86400',
            "        for part in parts:",
            '            found[f"{name}.{part}"] = days if part == "days" else getattr(day.dt, part).astype(float)',
        ]
    if _calendar(problem):
        lines += [
            '    parts = dict(zip(("year", "month", "day"), (found[name] for name in CALENDAR)))',
            '    day = pd.to_datetime(pd.DataFrame(parts), errors="coerce")',
            '    found["calendar.days"] = (day - pd.Timestamp(0)).dt.total_seconds() / 86400',
            '    found["calendar.day_of_year"] = day.dt.day_of_year.astype(float)',
        ]
    if _texts(problem):
        lines.append('    found |= {name: table[name].fillna("").map(str) for name in TEXTS}')
    return "\n".join([*lines, "    return pd.DataFrame(found)", ""])


def _choosers(problem: Problem) -> dict[str, str]:
    """Return the functions that choose columns of a table."""
    others = [*(["CATEGORIES"] if _categories(problem) else []), *(["TEXTS"] if _texts(problem) else [])]
    chosen = f"[name for name in table if name not in {{*{', *'.join(others)}}}]" if others else "list(table)"
    numbers = "[name for name in numbers_of(table) if {}]"
    found = {
        "numbers_of": ("Return the columns that are numbers.", chosen),
        "unfilled": ("Return the numbers whose gaps are filled as all others.", numbers.format("name not in FILLED")),
        "measures": (
            "Return the numbers but for the calendar's.",
            numbers.format('not name.startswith("calendar.")'),
        ),
    }
    return {name: _function(name, told, value, "table") for name, (told, value) in found.items()}


# ---- recipes --------------------------------------------------------------------------------------------------------


def _recipes(problem: Problem) -> dict[str, str]:
    groups = groups_of(problem.encoder.features, problem.featurization)
    more = [
        *(['("few values", hot(), FEW_VALUES)'] if groups.few else []),
        *(['("waves", FunctionTransformer(waves), list(PERIODS))'] if _periods(problem, groups) else []),
    ]
    dense = f"dense({', '.join(more)})"
    told = "As `dense`, with columns for few values and for what starts again" if more else "As `dense`"
    return {
        "native": _recipe("native", "Columns as they are: levels first, as numbers; gaps stay.", _native(problem)),
        "paired": _paired(problem, groups),
        "dense": _dense(problem, groups),
        "scaled": _function("scaled", f"{told}; scaled.", f"make_pipeline({dense}, Scaled())"),
        "unit": _function("unit", f"{told}; between 0 and 1.", f"make_pipeline({dense}, MinMaxScaler(clip=True))"),
    }


def _function(name: str, told: str, value: str, taken: str = "") -> str:
    return "\n".join([f"def {name}({taken}):", f'    """{told}"""', f"    return {value}", ""])


def _recipe(name: str, told: str, steps: Sequence[str], more: str = "") -> str:
    lines = [f"def {name}({'*more' if more else ''}):", f'    """{told}"""', "    steps = ["]
    lines += [*(f"        {step}," for step in steps), "    ]"]
    return "\n".join([*lines, f"    return ColumnTransformer({f'[*steps, {more}]' if more else 'steps'})", ""])


def _native(problem: Problem) -> list[str]:
    found: list[str] = []
    fills = _fills(problem)
    filled = [name for _, _, categories in fills for name in categories]
    kept = [name for name in _categories(problem) if name not in filled]
    if kept:
        found.append(f'("levels", codes(), {"CATEGORIES" if not filled else repr(kept)})')
    for place, (imputer, _, categories) in enumerate(fills):
        if categories:
            found.append(
                f'("levels {place}", make_pipeline(codes(), SimpleImputer({imputer}, {_KEEPING})), {categories!r})'
            )
    for place, (imputer, numbers, _) in enumerate(fills):
        if numbers:
            found.append(f'("filled {place}", SimpleImputer({imputer}, {_KEEPING}), {numbers!r})')
    found.append(f'("numbers", "passthrough", {_unfilled(problem)})')
    return [*found, *_words(problem)]


def _paired(problem: Problem, groups: Groups) -> str:
    steps = [f'("pairs", Pairs(), {"measures" if _calendar(problem) else "numbers_of"})']
    if not problem.featurization.blocks("CatTargetEncoder"):
        steps += ['("means", means(), CATEGORIES)'] if groups.categories else []
        if len(groups.crossed) > 1:
            steps.append('("crosses", make_pipeline(FunctionTransformer(crossed), means()), CROSSED)')
    lines = ["def paired():", '    """As they are, and what pairs of columns say together."""', "    pairs = ["]
    lines += [*(f"        {step}," for step in steps), "    ]"]
    return "\n".join([*lines, "    return make_union(native(), ColumnTransformer(pairs))", ""])


def _dense(problem: Problem, groups: Groups) -> str:
    more = f"add_indicator=True, {_KEEPING}"
    steps = [f'("numbers", SimpleImputer(strategy="median", {more}), {_unfilled(problem)})']
    for place, (imputer, numbers, _) in enumerate(_fills(problem)):
        if numbers:
            steps.append(f'("filled {place}", SimpleImputer({imputer}, {more}), {numbers!r})')
    if groups.hot:
        steps.append('("few levels", hot(), FEW_LEVELS)')
    if groups.meant and problem.featurization.blocks("CatTargetEncoder"):
        steps += _ordered(problem, groups, more)
    elif groups.meant:
        steps.append('("many levels", means(), MANY_LEVELS)')
    told = "Gaps are filled and marked; few levels become a column each, many the target's mean."
    if problem.featurization.blocks("CatTargetEncoder"):
        told = "Gaps are filled and marked; few levels become a column each, many stay numbers."
    return _recipe("dense", told, [*steps, *_words(problem)], "*more")


def _ordered(problem: Problem, groups: Groups, more: str) -> list[str]:
    """Return steps for categories that stay codes, with gaps filled."""
    waiting, found = _named(problem.encoder.features, groups.meant), list[str]()
    for place, (imputer, _, categories) in enumerate([*_fills(problem), ('strategy="median"', [], waiting)]):
        names = [name for name in waiting if name in categories]
        waiting = [name for name in waiting if name not in names]
        if names:
            found.append(f'("many {place}", make_pipeline(codes(), SimpleImputer({imputer}, {more})), {names!r})')
    return found


def _unfilled(problem: Problem) -> str:
    return "unfilled" if any(numbers for _, numbers, _ in _fills(problem)) else "numbers_of"


def _words(problem: Problem) -> list[str]:
    return ["*texts()"] if _texts(problem) else []
