"""An authority that moves to another family takes the marks of its cases with it, as it does those of its items."""

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION determinations_family_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE determinations_itemfact fact SET
        claims_families = COALESCE((
            SELECT bit_or(CASE a.family WHEN 'mtus' THEN 1 WHEN 'acoem' THEN 2 WHEN 'odg' THEN 4 ELSE 8 END)
            FROM determinations_authority a WHERE a.id = ANY(fact.claims_authority_ids)
        ), 0),
        reviewer_families = COALESCE((
            SELECT bit_or(CASE a.family WHEN 'mtus' THEN 1 WHEN 'acoem' THEN 2 WHEN 'odg' THEN 4 ELSE 8 END)
            FROM determinations_authority a WHERE a.id = ANY(fact.reviewer_authority_ids)
        ), 0)
    WHERE fact.claims_authority_ids @> ARRAY[NEW.id] OR fact.reviewer_authority_ids @> ARRAY[NEW.id];
    {cases}
    RETURN NULL;
END $$;
"""
_CASES = """
    UPDATE determinations_case one SET
        said_of_items = ARRAY(
            SELECT mark FROM unnest(one.said_of_items) AS mark WHERE mark !~ '_family=(mtus|acoem|odg|other)$'
            UNION
            SELECT 'claims_family=' || a.family FROM determinations_authority a WHERE a.id = ANY(one.claims_authority_ids)
            UNION
            SELECT 'reviewer_family=' || a.family
            FROM determinations_authority a WHERE a.id = ANY(one.reviewer_authority_ids)
            ORDER BY 1
        )
    WHERE one.claims_authority_ids @> ARRAY[NEW.id] OR one.reviewer_authority_ids @> ARRAY[NEW.id];
"""


class Migration(migrations.Migration):
    dependencies = [("determinations", "0020_found_by")]
    operations = [migrations.RunSQL(_FUNCTION.format(cases=_CASES), _FUNCTION.format(cases=""))]
