"""Which items have each value of a column, as compressed sets of bits (Roaring), by the items' places in lists.

To group hundreds of thousands of items or cases by twenty columns, some of them arrays, takes a second; to count the
bits that two sets share takes some microseconds. So a column file keeps a set for each value of the columns that lists
filter by and the rail counts. An item's *place* is its number in the order of lists: by date of decision, those
without one last, then by case, then by ID. So the items of a case are neighbors, a case is at the place of its first
item, and a page is some bits in a row. Of columns in which the items of a case differ, a second set has the cases.
"""
