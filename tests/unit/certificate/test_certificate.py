"""Certificates: what is signed, and that nothing of a file can be changed."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.certificate.certificate import (
    CertificateInvalid,
    encode_certificate,
    verify_certificate,
)
from sterna_core.certificate.merkle import leaf_hash, merkle_root
from sterna_core.certificate.proof import root_of_leaves
from sterna_core.certificate.signing import PublicKey, SigningKey
from sterna_core.errors import InvalidRequest, Misconfigured
from sterna_core.secrets.secret import Secret
from support.certificate.made import KEY, certificate


def test_a_certificate_that_was_issued_is_valid() -> None:
    made = certificate()

    assert verify_certificate(encode_certificate(made), KEY.public) == made


def test_every_single_byte_counts() -> None:
    body = encode_certificate(certificate())
    for place, byte in enumerate(body):
        for changed in {byte ^ 1, byte ^ 0x20, ord(" ")} - {byte}:
            forged = body[:place] + bytes([changed]) + body[place + 1 :]
            with pytest.raises(CertificateInvalid):
                verify_certificate(forged, KEY.public)


@pytest.mark.parametrize("ending", [b" ", b"\n", b"{}", b"\0"])
def test_nothing_can_be_put_after_a_certificate(ending: bytes) -> None:
    with pytest.raises(CertificateInvalid):
        verify_certificate(encode_certificate(certificate()) + ending, KEY.public)


def test_a_certificate_with_a_table_less_is_not_valid() -> None:
    made = certificate()
    less = msgspec.structs.replace(made, tables=made.tables[1:])

    with pytest.raises(CertificateInvalid):
        verify_certificate(encode_certificate(less), KEY.public)


def test_digests_of_another_table_are_not_accepted() -> None:
    made = certificate()
    first, second = made.tables
    swapped = (
        msgspec.structs.replace(first, proof=second.proof),
        msgspec.structs.replace(second, proof=first.proof),
    )
    with pytest.raises(CertificateInvalid):
        verify_certificate(
            encode_certificate(msgspec.structs.replace(made, tables=swapped)), KEY.public
        )


def test_a_certificate_signed_with_another_key_is_refused_even_where_it_brings_that_key() -> None:
    forger = SigningKey(b"another key, of somebody unknown")
    forged = certificate(key=forger)

    verify_certificate(encode_certificate(forged), forger.public)
    with pytest.raises(CertificateInvalid):
        verify_certificate(encode_certificate(forged), KEY.public)


def test_sides_that_differ_make_no_valid_certificate_even_when_signed() -> None:
    with pytest.raises(CertificateInvalid):
        verify_certificate(encode_certificate(certificate(equal=False)), KEY.public)


def test_a_key_that_is_none_is_refused_without_being_repeated() -> None:
    for text in ("", "secret!", "c2hvcnQ=", "é"):
        with pytest.raises(Misconfigured) as refused:
            SigningKey.parse(Secret(text))
        assert not text or text not in str(refused.value)
        with pytest.raises(InvalidRequest):
            PublicKey.parse(text)


def test_a_generated_key_signs_the_same_content_always_alike() -> None:
    text = SigningKey.generate()
    one, other = SigningKey.parse(Secret(text)), SigningKey.parse(Secret(text + "\n"))

    assert one.sign(b"tern") == other.sign(b"tern")
    assert text not in repr(one)


@given(st.lists(st.binary(max_size=4), max_size=40), st.data())
def test_a_merkle_root_changes_with_any_leaf(contents: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(each) for each in contents]
    root = merkle_root(leaves)
    assert merkle_root(list(leaves)) == root
    if not leaves:
        return
    place = data.draw(st.integers(0, len(leaves) - 1))
    changed = [*leaves[:place], leaf_hash(b"another"), *leaves[place + 1 :]]
    assert merkle_root(changed) != root
    assert merkle_root(leaves[:-1]) != root


def test_the_merkle_tree_is_that_of_rfc_6962() -> None:
    # The test vectors of the reference implementation of Certificate Transparency.
    contents = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
    leaves = [leaf_hash(each) for each in contents]
    assert merkle_root([]).hex().startswith("e3b0c44298fc1c14")
    assert merkle_root(leaves[:1]).hex().startswith("6e340b9cffb37a98")
    assert merkle_root(leaves[:2]).hex().startswith("fac54203e7cc696c")
    assert merkle_root(leaves[:3]).hex().startswith("aeb6bcfe274b70a1")
    assert merkle_root(leaves).hex().startswith("76e67dadbcdf1e10")


def test_the_root_of_leaves_is_a_merkle_root_over_each() -> None:
    leaves = [bytes([number]) * 32 for number in range(3)]
    assert root_of_leaves(b"".join(leaves)) == merkle_root([leaf_hash(e) for e in leaves]).hex()
