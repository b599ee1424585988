"""From the documents of a cluster to numbered groups, in a thread of its own."""

import warnings
from collections import Counter

import numpy as np
from msgspec import Struct
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from sterna_core.clustering.plan import Centre, ClusterPlan
from sterna_executor.clusters.algorithms import NOISE, Labels, Matrix, group
from sterna_executor.clusters.gathering import Gathered, arranged


class Grouped(Struct, frozen=True):
    """Rows in order, the number of each row's group, -1 for none, and whether that was the end."""

    rows: Gathered
    labels: Labels
    converged: bool


def grouped(plan: ClusterPlan, gathered: Gathered) -> Grouped:
    """Group documents in the order of their ids; the same documents give the same groups."""
    rows = arranged(gathered)
    if not rows.ids:
        return Grouped(rows, np.zeros(0, dtype=np.int64), converged=True)
    if rows.matrix is None:
        return Grouped(rows, numbered(_by_key(rows.keys)), converged=True)
    # One thread adds up numbers in one order; and what a library warns of is told by a figure.
    with threadpool_limits(1), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        labels = group(plan.parameters, rows.matrix)
    converged = not any(issubclass(each.category, ConvergenceWarning) for each in told)
    return Grouped(rows, numbered(labels), converged)


def numbered(labels: Labels) -> Labels:
    """Give groups numbers by their size, and of two equal ones first to the one that begins first.

    Rows come in the order of ids, so the numbers do not depend on how groups were found.
    """
    sizes: Counter[int] = Counter()
    first: dict[int, int] = {}
    for row, label in enumerate(labels.tolist()):
        if label != NOISE:
            sizes[label] += 1
            first.setdefault(label, row)
    order = sorted(sizes, key=lambda label: (-sizes[label], first[label]))
    number = {label: place for place, label in enumerate(order)} | {NOISE: NOISE}
    return np.fromiter((number[each] for each in labels.tolist()), np.int64, len(labels))


def centres(labels: Labels, matrix: Matrix, centre: Centre) -> list[Matrix]:
    """Give the centre of each group by its number, summed up in the order of rows."""
    found = []
    for label in range(int(labels.max(initial=NOISE)) + 1):
        rows = matrix[labels == label].astype(np.float64)
        middle = np.median(rows, axis=0) if centre == "median" else rows.mean(axis=0)
        if centre == "medoid":
            middle = rows[int(np.argmin(((rows - middle) ** 2).sum(axis=1)))]
        found.append(middle.astype(np.float32))
    return found


def _by_key(keys: list[str | None]) -> Labels:
    places = {key: place for place, key in enumerate(dict.fromkeys(keys)) if key is not None}
    return np.fromiter((NOISE if key is None else places[key] for key in keys), np.int64, len(keys))
