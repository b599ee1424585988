"""The algorithms, each deterministic: a seed where one draws, one thread, and a fixed order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import cluster as sk
from sklearn.mixture import GaussianMixture

from sterna_core.clustering import parameters as pm
from sterna_core.clustering.plan import NotComputable

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]
NOISE = -1


def group(given: pm.Parameters, matrix: Matrix) -> Labels:
    """Give a group for each row, NOISE for none; raises NotComputable."""
    groups = _groups(given)
    if groups is not None and groups > len(matrix):
        raise NotComputable(
            ("vector_config",), f"{groups} groups cannot be made of {len(matrix)} documents."
        )
    try:
        labels: Labels = np.asarray(_fitted(given, matrix), dtype=np.int64)
    except (ValueError, np.linalg.LinAlgError):
        raise NotComputable(
            ("vector_config",),
            f"The algorithm cannot group {len(matrix)} documents with these parameters.",
        ) from None
    return labels


def _groups(given: pm.Parameters) -> int | None:
    match given:
        case pm.KMeansParameters() | pm.SpectralParameters() | pm.AgglomerativeParameters():
            return given.n_clusters
        case pm.GaussianMixtureParameters():
            return given.n_components
        case _:
            return None


def _fitted(given: pm.Parameters, matrix: Matrix) -> Any:
    match given:
        case pm.KMeansParameters():
            algorithm = "lloyd" if given.algorithm == "auto" else given.algorithm
            return sk.KMeans(**_but(given, algorithm=algorithm)).fit_predict(matrix)
        case pm.DbscanParameters():
            return sk.DBSCAN(**_but(given)).fit_predict(matrix)
        case pm.HdbscanParameters():
            return sk.HDBSCAN(**_but(given), copy=True).fit_predict(matrix.astype(np.float64))
        case pm.AgglomerativeParameters():
            return _agglomerative(given, matrix)
        case pm.SpectralParameters():
            return sk.SpectralClustering(**_but(given)).fit_predict(matrix.astype(np.float64))
        case pm.GaussianMixtureParameters():
            return GaussianMixture(**_but(given)).fit_predict(matrix.astype(np.float64))
        case pm.MeanShiftParameters():
            return _mean_shift(given, matrix.astype(np.float64))
        case pm.OpticsParameters():
            return _optics(given, matrix.astype(np.float64))
        case _:
            raise AssertionError(f"{type(given).__name__} groups no vectors")


def _agglomerative(given: pm.AgglomerativeParameters, matrix: Matrix) -> Any:
    if given.n_clusters is not None and given.distance_threshold is not None:
        raise NotComputable(
            ("vector_config",), "Give either n_clusters or distance_threshold, not both."
        )
    if len(matrix) < 2:
        return np.zeros(len(matrix), dtype=np.int64)
    groups = given.n_clusters if given.distance_threshold is not None else given.n_clusters or 2
    return sk.AgglomerativeClustering(
        n_clusters=groups,
        metric=given.affinity,
        linkage=given.linkage,
        distance_threshold=given.distance_threshold,
        compute_full_tree=given.compute_full_tree,
    ).fit_predict(matrix.astype(np.float64))


def _mean_shift(given: pm.MeanShiftParameters, matrix: NDArray[np.float64]) -> Any:
    width = given.bandwidth or sk.estimate_bandwidth(matrix, random_state=pm.SEED)
    if width <= 0:
        raise NotComputable(
            ("vector_config",), "The bandwidth cannot be estimated from these documents: give it."
        )
    return sk.MeanShift(**_but(given, bandwidth=width)).fit_predict(matrix)


def _optics(given: pm.OpticsParameters, matrix: NDArray[np.float64]) -> Any:
    least = given.min_cluster_size
    return sk.OPTICS(
        **_but(
            given,
            max_eps=np.inf if given.max_eps is None else given.max_eps,
            min_cluster_size=int(least) if least is not None and least > 1 else least,
        )
    ).fit_predict(matrix)


def _but(given: pm.Parameters, **others: Any) -> dict[str, Any]:
    """Give parameters by name, some with other values."""
    return {name: getattr(given, name) for name in given.__struct_fields__} | others
