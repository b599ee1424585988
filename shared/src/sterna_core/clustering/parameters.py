"""What the algorithms can be told, by the names and defaults of the interface."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

Many = Annotated[int, Meta(ge=1, le=1_000_000)]
Two = Annotated[int, Meta(ge=2, le=1_000_000)]
Rounds = Annotated[int, Meta(ge=1, le=100_000)]
Repeats = Annotated[int, Meta(ge=1, le=100)]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Positive = Annotated[float, Meta(gt=0, le=1e300)]
NotNegative = Annotated[float, Meta(ge=0, le=1e300)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Metric = Literal["euclidean", "l2", "manhattan", "l1", "chebyshev", "minkowski", "cosine"]
Neighbours = Literal["auto", "ball_tree", "kd_tree", "brute"]

SEED: Final = 42
"""Where a definition names no seed; every computation has one, so a repeat finds the same."""

IGNORED: Final = frozenset(
    {
        "compute_distances",
        "copy_x",
        "match_reference_implementation",
        "memory",
        "n_jobs",
        "prediction_data",
        "verbose",
        "verbose_interval",
        "warm_start",
    }
)
"""Parameters that change how a result is found, or what is told beside it, and never the result."""


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one algorithm can be told; the subclasses are the algorithms."""


class KMeansParameters(Parameters, frozen=True, kw_only=True):
    """Groups by the nearest of so many means."""

    n_clusters: Many = 8
    max_iter: Rounds = 300
    random_state: Seed = SEED
    n_init: Repeats = 10
    tol: NotNegative = 1e-4
    init: Literal["k-means++", "random"] = "k-means++"
    algorithm: Literal["lloyd", "elkan", "auto"] = "lloyd"


class DbscanParameters(Parameters, frozen=True, kw_only=True):
    """Groups of where documents lie dense; the others belong to none."""

    eps: Positive = 0.5
    min_samples: Many = 5
    metric: Metric = "euclidean"
    algorithm: Neighbours = "auto"
    leaf_size: Many = 30
    p: Positive | None = None


class HdbscanParameters(Parameters, frozen=True, kw_only=True):
    """Groups of where documents lie dense, whatever the density."""

    min_cluster_size: Two = 5
    min_samples: Many | None = None
    cluster_selection_epsilon: NotNegative = 0.0
    max_cluster_size: Many | None = None
    metric: Metric = "euclidean"
    alpha: Positive = 1.0
    cluster_selection_method: Literal["eom", "leaf"] = "eom"
    allow_single_cluster: bool = False


class AgglomerativeParameters(Parameters, frozen=True, kw_only=True):
    """Groups made by joining the nearest two, again and again."""

    n_clusters: Many | None = None
    affinity: Literal["euclidean", "l1", "l2", "manhattan", "cosine"] = "euclidean"
    compute_full_tree: Literal["auto"] | bool = "auto"
    linkage: Literal["ward", "complete", "average", "single"] = "ward"
    distance_threshold: NotNegative | None = None


class SpectralParameters(Parameters, frozen=True, kw_only=True):
    """Groups of a graph of who is near to whom."""

    n_clusters: Many = 8
    eigen_solver: Literal["arpack", "lobpcg"] | None = None
    n_components: Many | None = None
    random_state: Seed = SEED
    n_init: Repeats = 10
    gamma: Positive = 1.0
    affinity: Literal["nearest_neighbors", "rbf"] = "rbf"
    n_neighbors: Many = 10
    eigen_tol: NotNegative = 0.0
    assign_labels: Literal["kmeans", "discretize"] = "kmeans"


class GaussianMixtureParameters(Parameters, frozen=True, kw_only=True):
    """Groups by the likeliest of so many normal distributions."""

    n_components: Many = 1
    covariance_type: Literal["full", "tied", "diag", "spherical"] = "full"
    tol: NotNegative = 1e-3
    reg_covar: NotNegative = 1e-6
    max_iter: Rounds = 100
    n_init: Repeats = 1
    init_params: Literal["kmeans", "random"] = "kmeans"
    random_state: Seed = SEED


class MeanShiftParameters(Parameters, frozen=True, kw_only=True):
    """Groups by the peak of density that is reached uphill."""

    bandwidth: Positive | None = None
    bin_seeding: bool = False
    min_bin_freq: Many = 1
    cluster_all: bool = True
    max_iter: Rounds = 300


class OpticsParameters(Parameters, frozen=True, kw_only=True):
    """Groups by the order in which documents are reached."""

    min_samples: Two = 5
    max_eps: Positive | None = None
    metric: Metric = "minkowski"
    p: Positive = 2.0
    cluster_method: Literal["xi", "dbscan"] = "xi"
    eps: Positive | None = None
    xi: Share = 0.05
    predecessor_correction: bool = True
    min_cluster_size: Positive | None = None
    algorithm: Neighbours = "auto"
    leaf_size: Many = 30


class NoParameters(Parameters, frozen=True, kw_only=True):
    """Grouping by attributes needs none."""


Algorithm = Literal[
    "kmeans",
    "dbscan",
    "hdbscan",
    "agglomerative",
    "spectral",
    "gaussian_mixture",
    "mean_shift",
    "optics",
    "attribute_based",
]

PARAMETERS: Final[dict[Algorithm, type[Parameters]]] = {
    "kmeans": KMeansParameters,
    "dbscan": DbscanParameters,
    "hdbscan": HdbscanParameters,
    "agglomerative": AgglomerativeParameters,
    "spectral": SpectralParameters,
    "gaussian_mixture": GaussianMixtureParameters,
    "mean_shift": MeanShiftParameters,
    "optics": OpticsParameters,
    "attribute_based": NoParameters,
}


def named_parameters(given: dict[str, Any]) -> dict[str, Any]:
    """Give what was said of an algorithm, without what was left open or changes no result."""
    return {
        name: value for name, value in given.items() if value is not None and name not in IGNORED
    }
