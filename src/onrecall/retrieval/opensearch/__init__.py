"""OpenSearch behind the index port: the passages' terms and vectors in a cluster, filled from the change log."""

from onrecall.retrieval.opensearch.connection import ClusterAddress
from onrecall.retrieval.opensearch.generations import IndexTarget
from onrecall.retrieval.opensearch.search_index import OpenSearchIndex, SearchIndexState

__all__ = ["ClusterAddress", "IndexTarget", "OpenSearchIndex", "SearchIndexState"]
