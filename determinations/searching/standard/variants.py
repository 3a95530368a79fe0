"""Other spellings of what synthetic letters say, so that the standard meets every way in which letters print it."""

import re
from functools import partial
from random import Random

_VARIANTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\bEMG/NCV\b", ("EMG/NCS", "EMG-NCV", "EMG / NCV", "electromyography and nerve conduction studies")),
    (r"\bMRI\b", ("magnetic resonance imaging", "MRI®", "mri", "M.R.I.")),
    (r"\bNorco\b", ("hydrocodone/APAP", "Hydrocodone-acetaminophen", "Norco®", "Vicodin", "NORCO")),
    (r"\bPercocet\b", ("oxycodone/acetaminophen", "Percocet®", "Oxycodone")),
    (r"\b[Pp]hysical therapy\b", ("PT", "physiotherapy", "Physical  therapy")),
    (r"\b[Ee]pidural steroid injection\b", ("ESI", "epidural steroid injections", "epidural injection")),
    (r"\bTENS unit\b", ("TENS/EMS unit", "T.E.N.S. unit", "transcutaneous electrical nerve stimulation unit")),
    (r"\bH-wave\b", ("H wave", "Hwave", "H–wave")),
    (r"\bX-rays?\b", ("Xray", "X ray", "radiographs")),
    (r"\b([CL])([3-6])-([4-7])\b", (r"\1\2/\3", r"\1\2-\1\3", r"\1\2 – \1\3", r"\1\2–\3")),
    (r"\bL5-S1\b", ("L5/S1", "L5–S1", "L5 / S1")),
    (r"\b(\d+)mg\b", (r"\1 mg", r"\1-mg", r"\1 MG")),
    (r"\b[Uu]rine drug screen\b", ("UDS", "urine toxicology screen", "urine drug testing")),
    (r"\b[Cc]ognitive behavioral therapy\b", ("CBT", "cognitive-behavioral therapy")),
    (r"\b[Ff]unctional restoration program\b", ("FRP", "functional  restoration program")),
    (r"\b[Mm]edial branch block\b", ("MBB", "medial-branch block")),
    (r"\b[Rr]ange of motion\b", ("ROM", "range-of-motion")),
    (r"\b[Pp]ost-operative\b", ("postoperative", "Post operative", "Post–operative")),
    (r"\b[Pp]latelet-rich plasma\b", ("PRP", "platelet rich plasma")),
    (r"\bnot medically necessary\b", ("not “medically necessary”", "not medically  necessary")),
    (r"\bis medically necessary\b", ("“is medically necessary”",)),
    (r"\bFlexeril\b", ("Flexeril®", "cyclobenzaprine", "Fexmid")),
    (r"\bNeurontin\b", ("gabapentin", "Neurontin™", "Gralise")),
)
_COMPILED = tuple((re.compile(pattern), variants) for pattern, variants in _VARIANTS)


def varied(text: str, rng: Random) -> str:
    """The text with about half of these passages in another spelling."""
    for pattern, variants in _COMPILED:
        text = pattern.sub(partial(_other, variants=variants, rng=rng), text)
    return text


def _other(match: "re.Match[str]", variants: tuple[str, ...], rng: Random) -> str:
    return match.expand(rng.choice(variants)) if rng.random() < 0.5 else match[0]
