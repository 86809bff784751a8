"""The log of passage changes comes in, and fills an index in an OpenSearch cluster.
The numbers of the passages that match a question go out.
"""

from onrecall.retrieval.opensearch.connection import ClusterAddress
from onrecall.retrieval.opensearch.generations import IndexTarget
from onrecall.retrieval.opensearch.search_index import OpenSearchIndex, SearchIndexState

__all__ = ["ClusterAddress", "IndexTarget", "OpenSearchIndex", "SearchIndexState"]
