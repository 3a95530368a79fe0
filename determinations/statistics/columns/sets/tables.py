"""The tables of a column file that have sets of its items' places, and which items these are."""

BITS, IDS, DAYS = "item_bits", "item_ids", "item_days"
DEFINITIONS = {
    BITS: "column_name VARCHAR, of_cases BOOLEAN, value VARCHAR, places BLOB",
    IDS: "column_name VARCHAR, ids BLOB",
    DAYS: "day DATE, first BIGINT",
}
#: Places of items by how many items of their case stand before them are kept under this name.
NTH = "nth"
