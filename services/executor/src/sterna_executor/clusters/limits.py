from typing import Final

from msgspec import Struct

from sterna_core.clustering.parameters import (
    AgglomerativeParameters,
    Algorithm,
    DbscanParameters,
    GaussianMixtureParameters,
    HdbscanParameters,
    SpectralParameters,
)
from sterna_core.clustering.plan import ClusterPlan
from sterna_core.errors import Terminal

MEBIBYTE: Final = 1024 * 1024
DOCUMENTS_MAX: Final[dict[Algorithm, int]] = {
    "kmeans": 1_000_000,
    "gaussian_mixture": 200_000,
    "dbscan": 100_000,
    "hdbscan": 50_000,
    "optics": 50_000,
    "agglomerative": 20_000,
    "spectral": 20_000,
    "mean_shift": 10_000,
    "attribute_based": 5_000_000,
}
"""Beyond so many documents an algorithm takes hours, whatever memory there is."""
_IN_DOUBLES: Final = frozenset(
    {"agglomerative", "gaussian_mixture", "hdbscan", "mean_shift", "optics", "spectral"}
)


class ClusterTooLarge(Terminal):
    """A cluster has more documents than its algorithm can be given here."""

    code = "cluster_too_large"


class ClusterLimits(Struct, frozen=True):
    """How much memory one computation may take."""

    mebibytes: int = 1024

    def check(self, plan: ClusterPlan, documents: int, dimensions: int) -> None:
        """Refuse what is too large, by name; nothing is sampled instead. Raises ClusterTooLarge."""
        most = DOCUMENTS_MAX[plan.algorithm]
        if documents > most:
            raise ClusterTooLarge(
                f"{plan.algorithm} takes at most {most:,} documents, and the cluster has"
                f" {documents:,}: choose another algorithm, or fewer collections.",
                details={"algorithm": plan.algorithm, "documents": documents, "most": most},
            )
        needed = -(-bytes_needed(plan, documents, dimensions) // MEBIBYTE)
        if needed > self.mebibytes:
            raise ClusterTooLarge(
                f"{plan.algorithm} over {documents:,} documents of {dimensions:,} numbers needs"
                f" about {needed:,} MiB: set STERNA_EXECUTOR_CLUSTER_MIB, which is"
                f" {self.mebibytes:,}, or choose another algorithm.",
                details={"algorithm": plan.algorithm, "documents": documents, "mebibytes": needed},
            )


def bytes_needed(plan: ClusterPlan, documents: int, dimensions: int) -> int:
    """Give about how much memory a computation takes at its worst."""
    numbers = documents * dimensions
    needed = 200 * documents + 3 * 4 * numbers
    if plan.algorithm in _IN_DOUBLES:
        needed += 2 * 8 * numbers
    match plan.parameters:
        case GaussianMixtureParameters(n_components=groups, covariance_type="full"):
            needed += 8 * groups * (2 * dimensions**2 + 2 * documents)
        case SpectralParameters(affinity="rbf"):
            needed += 36 * documents**2
        case HdbscanParameters(metric="cosine"):
            needed += 8 * documents**2
        case DbscanParameters():
            needed += 28 * documents**2
        case AgglomerativeParameters():
            needed += 8 * documents**2
        case _:
            pass
    return needed
