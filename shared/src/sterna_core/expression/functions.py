"""The functions of PostgreSQL that an expression of a user may call.

All of them are built in, give one value for one row, change nothing, read nothing but their
arguments, and give the same result whenever and wherever they are called: a transformation is
computed once for the copy and again for every comparison.
"""

_TEXT = """
    ascii bit_length btrim char_length character_length chr concat concat_ws convert_from convert_to
    decode encode initcap left length lower lpad ltrim md5 normalize octet_length overlay position
    quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match
    regexp_replace regexp_substr replace reverse right rpad rtrim sha224 sha256 sha384 sha512
    split_part starts_with strpos substr substring to_ascii to_hex translate unistr upper
    like_escape similar_to_escape is_normalized casefold
"""
_NUMBERS = """
    abs cbrt ceil ceiling degrees div floor gcd lcm min_scale mod radians round scale sign sqrt
    trim_scale trunc width_bucket int4 int8 float8 ln log log10 to_number numeric
"""
_TIMES = """
    age date_bin date_part date_trunc extract isfinite justify_days justify_hours justify_interval
    make_date make_interval make_time make_timestamp make_timestamptz timezone to_char to_date
    to_timestamp
"""
_DOCUMENTS = """
    jsonb_array_length jsonb_build_array jsonb_build_object jsonb_exists jsonb_extract_path
    jsonb_extract_path_text jsonb_path_exists jsonb_path_match jsonb_path_query_first jsonb_set
    jsonb_insert jsonb_strip_nulls jsonb_typeof json_array_length json_build_array json_build_object
    json_extract_path json_extract_path_text json_strip_nulls json_typeof to_json to_jsonb
"""
_ARRAYS_AND_OTHERS = """
    array_append array_cat array_dims array_length array_lower array_ndims array_position
    array_prepend array_remove array_replace array_to_string array_upper cardinality string_to_array
    trim_array bit_count get_bit get_byte set_bit set_byte
    abbrev broadcast family host hostmask inet_merge inet_same_family masklen netmask network
    set_masklen text macaddr8_set7bit
    isempty lower_inc lower_inf upper_inc upper_inf range_merge
    num_nonnulls num_nulls
"""
FUNCTIONS = frozenset(f"{_TEXT}{_NUMBERS}{_TIMES}{_DOCUMENTS}{_ARRAYS_AND_OTHERS}".split())

AMPLIFYING = frozenset(
    {
        "array_to_string", "concat", "concat_ws", "array_replace", "jsonb_set", "overlay",
        "regexp_replace", "replace", "array_cat", "encode", "quote_literal", "to_char",
    }
)  # fmt: skip
"""Their result may be many times as long as what they are given, so they are not nested deeply."""

PADDING = frozenset({"lpad", "rpad"})
"""Their second argument says how long the result becomes: it has to be a number, and small."""

TWO_ARGUMENTS = frozenset({"age"})
"""With one argument less they would read the clock."""
