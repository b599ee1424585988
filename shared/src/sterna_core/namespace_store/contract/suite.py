from collections.abc import Awaitable, Callable

from sterna_core.namespace_store.contract import documents, packing, searching, spaces
from sterna_core.namespace_store.store import NamespaceStore

Promise = Callable[[NamespaceStore], Awaitable[None]]

CONTRACT: tuple[Promise, ...] = (
    documents.gives_back_what_was_written,
    documents.gives_documents_in_the_order_asked_for,
    documents.scans_each_document_once,
    documents.keeps_pages_within_their_bytes,
    documents.replaces_whole_documents,
    documents.deletes_with_all_vectors,
    documents.counts_and_sums_alike,
    documents.refuses_what_cannot_be_kept,
    documents.refuses_numbers_that_no_index_can_have,
    documents.does_work_once,
    documents.keeps_objects_apart,
    packing.hands_on_what_nobody_looked_into,
    packing.writes_packed_documents_once,
    packing.packs_no_more_than_a_page,
    searching.finds_the_nearest,
    searching.gives_finite_scores,
    searching.finds_among_those_that_fit,
    searching.refuses_queries_of_other_spaces,
    searching.finds_by_an_index_too,
    spaces.has_spaces_that_come_and_go,
    spaces.switches_aliases_in_one_step,
)
