"""The definitions behind the numbers, each with its source."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A term; ``source`` is a statute, a regulation, a report, or this product's own way of counting."""

    key: str
    name: str
    meaning: str
    source: str
    in_report: bool = False


OWN = "How this product counts"

GLOSSARY: tuple[Term, ...] = (
    Term("imr", "Independent Medical Review (IMR)",
         "The review of a utilization review decision that delayed, modified or denied treatment, by a physician of "
         "an independent organization. Its determination is binding on all parties.",
         "Labor Code 4610.5 and 4610.6(g)"),
    Term("letter", "Determination letter", "One final determination letter. Where several letters carry the same case "
         "number, the newest counts and the older ones are kept beside it. Letters in which no item could be read "
         "are not counted here; the quality page counts them.", OWN, True),
    Term("item", "Disputed item", "One treatment request that utilization review denied or modified and the letter "
         "decides; the regulator's reports call it a treatment request. A letter has one or more.",
         "DWC, IMR update 2018", True),
    Term("upheld", "Upheld", "The denial stands: the reviewer finds the treatment not medically necessary.",
         "8 CCR 9792.10.6(d)", True),
    Term("overturned", "Overturned", "The reviewer finds the treatment medically necessary; the claims administrator "
         "must authorise it, as a rule within 5 working days of receiving the letter.",
         "8 CCR 9792.10.6(d) and 9792.10.7(a)", True),
    Term("outcome", "Outcome of a case", "Worked out from the letter's items: upheld when all are upheld, overturned "
         "when all are overturned, partly overturned otherwise; not known while a decision could not be read. Rates "
         "of letters and of items differ, so pages say which one they show.", OWN, True),
    Term("rate", "Overturn rate", "Overturned items in percent of the items with a decision that was read. Items "
         "without one count as items, not in the rate.", OWN, True),
    Term("interval", "Interval (95%)", "The Wilson score interval of a share: where the rate of very many such items "
         "would plausibly lie. With few items it is wide, and the rate says little.",
         "E. B. Wilson, Journal of the American Statistical Association 22 (1927)", True),
    Term("small", "Few items", "Rates on fewer items than the set number are greyed: chance alone could have made "
         "them. Counts from 1 to 4 are marked in exports, for they might point to a person. An administrator sets "
         "both limits.", "Labor Code 138.7 asks for care with individually identifiable information", True),
    Term("statewide", "State", "A figure that the Division of Workers' Compensation (DWC) or the California Workers' "
         "Compensation Institute (CWCI) published for the same calendar year. Both count a little differently (by "
         "date of the letter or of the application; 'primary' requests only), so their figures of one year differ, "
         "and ours can differ from both.", "The reports named beside each figure", True),
    Term("no-date", "No date", "The letter gives no decision date. Such letters stand in a row of their own; the day "
         "of the upload never takes the place of the date.", OWN, True),
    Term("category", "Treatment category", "The names of the regulator's own search page. Letters print none: the "
         "category is worked out from the words of the request by rules, or set by staff.",
         "DWC's search page for IMR decisions", True),
    Term("family", "Family of guidelines", "MTUS, ACOEM outside the MTUS, ODG, other, or nothing cited. A chapter of "
         "ACOEM that the MTUS adopted counts as MTUS. The order of search puts the MTUS first.",
         "8 CCR 9792.21.1; Labor Code 4604.5(a) presumes the MTUS correct", True),
    Term("sides", "Sides", "The claims administrator's guideline and the reviewer's guideline, from the letter's two "
         "guideline lines of each item. What the narrative says about guidelines is not counted.", OWN, True),
    Term("counts", "Items, citations, authorities", "Tables of authorities count items that cite an authority at "
         "least once. Citations (mentions) count each edition that an item names. Distinct authorities count each "
         "one once.", OWN),
    Term("nothing", "Nothing cited", "The side's line names no guideline, such as 'did not cite any medical "
         "evidence'. It stands in every table of citations, so that shares are of all items.", OWN, True),
    Term("agreement", "Agreement rate", "Items for which both sides rely on at least one authority in common, in "
         "percent of the items for which both sides cite something.", OWN, True),
    Term("superseded", "Superseded edition", "An edition whose validity had ended on the day that matters: the UR "
         "denial for the claims administrator, the decision for the reviewer. Only editions whose validity is known "
         "are judged.", "8 CCR 9792.20 and following; the source of each edition's dates stands beside it", True),
    Term("days", "Days to the decision", "Calendar days from the UR denial, from the receipt of the application, or "
         "from the notice of assignment, to the date of the letter. A determination is due 30 days after the request "
         "and its documents are received; a late one is still valid.",
         "Labor Code 4610.6(d); CHP/SCIF v. WCAB (Margaris) 2016", True),
    Term("claim-age", "Claim's age", "Whole years from the date of injury to the decision.", OWN),
    Term("partial", "Partial approval", "The item line says that utilization review had authorised a part of the "
         "request; the rest is what the letter decides.", OWN),
    Term("clear", "More than chance", "Two rates are said to differ when the two-proportion z test gives less than 5% "
         "for a difference as large by chance, and both rest on enough items.", OWN),
)  # fmt: skip
