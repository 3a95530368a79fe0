"""The definitions behind the numbers, with their sources."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A term. ``source`` is a statute, a regulation, a report, or this product's counting rules."""

    key: str
    name: str
    meaning: str
    source: str
    in_report: bool = False


OWN = "This product's counting rules"

GLOSSARY: tuple[Term, ...] = (
    Term("imr", "Independent Medical Review (IMR)",
         "The review of a utilization review (UR) decision that delayed, modified or denied treatment, by a physician "
         "of an independent organization. Its determination is binding on all parties.",
         "Labor Code 4610.5 and 4610.6(g)"),
    Term("letter", "Determination letter", "One final determination letter. If several letters have the same case "
         "number, only the latest counts; the earlier ones remain available. Letters in which no item could be read "
         "are counted only on the quality page.", OWN, True),
    Term("item", "Disputed item", "One treatment request that utilization review denied or modified and that the "
         "letter decides. The regulator's reports call it a treatment request. A letter has one or more.",
         "DWC, IMR update 2018", True),
    Term("upheld", "Upheld", "The denial is upheld: the reviewer finds the treatment not medically necessary.",
         "8 CCR 9792.10.6(d)", True),
    Term("overturned", "Overturned", "The reviewer finds the treatment medically necessary. The claims administrator "
         "must authorize it, generally within 5 working days of receiving the letter.",
         "8 CCR 9792.10.6(d) and 9792.10.7(a)", True),
    Term("outcome", "Case outcome", "Derived from the letter's items: upheld if all are upheld, overturned if all are "
         "overturned, otherwise partly overturned; unknown if a decision could not be read. Rates of letters and "
         "rates of items differ, so every page says which one it shows.", OWN, True),
    Term("rate", "Overturn rate", "Overturned items as a percentage of the items with a decision. Items without a "
         "decision count as items but not toward the rate.", OWN, True),
    Term("interval", "Interval (95%)", "The Wilson score interval of a rate: the range in which the rate of a very "
         "large number of such items would plausibly lie. With few items the interval is wide and the rate is "
         "uncertain.", "E. B. Wilson, Journal of the American Statistical Association 22 (1927)", True),
    Term("small", "Few items", "Rates based on too few items are grayed out, because chance alone could explain them. "
         "In exports, counts from 1 to 4 are marked because they could identify an individual. An administrator sets "
         "both limits.", "Labor Code 138.7 requires care with individually identifiable information", True),
    Term("statewide", "State", "A figure published by the Division of Workers' Compensation (DWC) or the California "
         "Workers' Compensation Institute (CWCI) for the same calendar year. They count by different rules (by date "
         "of the letter or of the application; primary requests only), so their figures for the same year differ from "
         "each other and can differ from ours.", "The reports named with each figure", True),
    Term("no-date", "No date", "The letter has no decision date. Such letters have a row of their own; the upload "
         "date is never used instead.", OWN, True),
    Term("category", "Treatment category", "The categories of the regulator's own search page. Letters do not print "
         "them: rules infer the category from the words of the request, or staff set it.",
         "DWC's search page for IMR decisions", True),
    Term("grounds", "Grounds of a decision",
         "Why the reviewer upheld or overturned an item: one to four short reasons, each with the sentence of the "
         "rationale that states it. Rules, and a model trained on synthetic sentences, recognize grounds in sentences "
         "about this patient, not in quotations from a guideline; staff can correct and confirm them. The page "
         "Accuracy shows how well, ground by ground, on labeled letters and on rationales kept for measurement. "
         "Rules and thresholds were chosen with the letters in view, none with the rationales, which are synthetic: "
         "figures on your own new letters can differ from both. Treat shares of a few percent, and differences "
         "between similar grounds (criteria not met, not documented), with caution. A ground is what the reviewer "
         "wrote, not what would have changed the decision, and these letters are of disputed denials alone: they "
         "say nothing about denials that were never disputed. If no ground is recognized, the item says so and is "
         "counted as such. Letters read by a parser before 1.8.0 have no grounds until they are read again.", OWN),
    Term("questions", "Questions that decisions turn on",
         "Pairs of opposite grounds, such as first-line treatment not tried and first-line treatment failed. The rate "
         "is the share of overturned items among the items of both grounds. An item decided on several questions "
         "counts in each.", OWN),
    Term("sentences", "What decisions speak of",
         "Words in the sentences that state grounds, such as imaging or work status, in the most recent items of each "
         "side. A sentence that speaks of imaging in an upheld item mostly says that it was missing or did not show "
         "enough.", OWN),
    Term("family", "Guideline family", "MTUS, ACOEM outside the MTUS, ODG, other, or nothing cited. ACOEM chapters "
         "that the MTUS adopted count as MTUS. The search sequence starts with the MTUS.",
         "8 CCR 9792.21.1; Labor Code 4604.5(a) presumes the MTUS correct", True),
    Term("sides", "Sides", "The claims administrator and the reviewer. Their guidelines come from the two guideline "
         "lines that the letter prints for each item. Guidelines mentioned in the narrative do not count.", OWN, True),
    Term("counts", "Items, citations, authorities", "Tables of authorities count the items that cite an authority at "
         "least once. Citation counts include every edition that an item names. Counts of distinct authorities "
         "include each authority once.", OWN),
    Term("nothing", "Nothing cited", "The side's line names no guideline, such as 'did not cite any medical "
         "evidence'. Every table of citations includes it, so shares are of all items.", OWN, True),
    Term("agreement", "Agreement rate", "Items for which both sides cite at least one authority in common, as a "
         "percentage of the items for which both sides cite an authority.", OWN, True),
    Term("superseded", "Superseded edition", "An edition that was no longer in force on the relevant date: the UR "
         "denial for the claims administrator, the decision for the reviewer. Only editions with known effective "
         "dates are classified.", "8 CCR 9792.20 et seq.; each edition's dates have their own source", True),
    Term("days", "Days to the decision", "Calendar days from the UR denial, from the receipt of the application, or "
         "from the notice of assignment, to the date of the letter. A determination is due within 30 days of "
         "receiving the request and its documents; a late one is still valid.",
         "Labor Code 4610.6(d); CHP/SCIF v. WCAB (Margaris) 2016", True),
    Term("claim-age", "Age of the claim", "Full years from the date of injury to the decision.", OWN),
    Term("partial", "Partial approval", "The letter says that utilization review authorized part of the request; the "
         "letter decides the rest.", OWN),
    Term("significant", "Statistically significant", "Two rates differ significantly if the two-proportion z test "
         "gives less than a 5% probability that chance alone explains the difference, and both rates are based on "
         "enough items.", OWN),
)  # fmt: skip
