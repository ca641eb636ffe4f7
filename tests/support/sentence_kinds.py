"""The kinds of sentences that the rules and the embedded engine write of things: a grammar in patterns.

It is written from their texts, so that `support.claims` can read them; no code is shared with the rules.
"""

from __future__ import annotations

import re

WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
NAMES = {  # label as the files spell it, without separators -> singular, plural
    "truncatedairplane": ("partly visible airplane", "partly visible airplanes"),
    "bus": ("bus", "buses"),
    "longvehicle": ("long vehicle", "long vehicles"),
    "trainer": ("trainer aircraft", "trainer aircraft"),
    "fighter": ("fighter aircraft", "fighter aircraft"),
    "propeller": ("propeller aircraft", "propeller aircraft"),
    "largevehicle": ("large vehicle", "large vehicles"),
    "smallvehicle": ("small vehicle", "small vehicles"),
    "swimmingpool": ("swimming pool", "swimming pools"),
    "tenniscourt": ("tennis court", "tennis courts"),
    "minibus": ("minibus", "minibuses"),
}
for word in [
    "airliner",
    "airplane",
    "boat",
    "building",
    "car",
    "harbor",
    "helicopter",
    "plane",
    "ship",
    "truck",
    "van",
]:
    NAMES[word] = (word, word + "s")
SINGULAR = {form: forms[0] for forms in NAMES.values() for form in forms}
NOUN = "(?:" + "|".join(sorted(map(re.escape, SINGULAR), key=len, reverse=True)) + ")"
CELLS = ("upper left", "top", "upper right", "left", "centre", "right", "lower left", "bottom", "lower right")
SIDES = {
    "top": CELLS[:3],
    "bottom": CELLS[6:],
    "left": CELLS[::3],
    "right": CELLS[2::3],
}

NUMBER = "(?:" + "|".join([*WORDS, r"\d+"]) + ")"
HUE = (
    "black|grey|white|reddish brown|dusty pink|red|orange|brown|beige|tan|yellow|olive|green|blue-green"
    "|blue|purple"
)
COLOUR = rf"(?:(?:light |dark |lighter |darker )*(?:grey-(?:brown|green|blue|purple)|{HUE})\b)"
# "long white vehicles": a size of the name stands before the colour
SIZED = re.compile(rf"\b(large|long|small) ({COLOUR}(?:(?:, | and ){COLOUR})*) (vehicles?)\b")
CELL = rf"(?:(?:in|on|at) the (?:{'|'.join(CELLS)})\b(?! half| side))"
HALF = "(?:in the (?:left|right|top|bottom) half|on the (?:left|right) side|towards the (?:top|bottom))"
SIDES_OF_ALL = "around the centre|across the centre|near the edges|around the edges|near the centre"
ALL_IN = rf"(?:{HALF}|{CELL}|{SIDES_OF_ALL})"
LOOK = rf"(?:(?:small|large|{COLOUR}) )?(?:{COLOUR} )?"
AMOUNT = (
    rf"(?:(?P<least>at least |more than )?(?P<n>{NUMBER}) "
    rf"{LOOK}(?P<noun>{NOUN})\b"
    rf"|many {LOOK}(?P<noun2>{NOUN}) \((?P<least2>at least )?(?P<n2>\d+)\)"
    rf"|(?P<vague>an?|several|many) {LOOK}(?P<noun3>{NOUN})\b)"
)
ARRANGED = (
    rf"(?:mostly )?in (?:a (?:\w+ )?row|{NUMBER} (?:\w+ )?rows|a grid)|close together"
    "|along the borders of the image"
    "|in two groups towards (?:the left and the right|the top and the bottom)"
    "|far apart over most of the image"
)
SHARE = "(?:(?:almost )?(?:all|most)|about (?:a third|a quarter|half|two thirds)|a (?:very )?small part)"
SPOTS = rf"(?:a single|a few) small {COLOUR} spots?"
COLOURS = rf"{COLOUR}(?:, {COLOUR})*(?: and {COLOUR})?"
REGION = rf"(?:an? {COLOUR} (?:area|band|margin)|{COLOUR} parts)\b"
SEEN_IN = (
    rf"(?:{HALF}|{CELL}|spread over the image|along the borders|along the (?:left|right|top|bottom) edge"
    rf"|from (?:the )?[\w ]+? to (?:the )?(?:{'|'.join(CELLS)})|over {SHARE}(?: of it)?)"
)
SEEN = rf"(?:{SHARE} of it {COLOUR}|(?:{REGION}|{SPOTS})(?: {SEEN_IN})?)"  # in pixels: no thing of a class
SPREAD = "in every part of the image|spread over (?:the whole|(?:much|most) of the) image"
ITEM = re.compile(rf"{AMOUNT}(?: (?P<arranged>{ARRANGED}))?(?: (?P<place>{ALL_IN}))?|{SEEN}")
IN_CELL = re.compile(
    rf"(?:(?P<n>{NUMBER}) )?(?:(?P<cell>{CELL})|along the (?P<side>top|bottom|left|right)(?: side)?)"
)
OF_COLOUR = re.compile(
    rf"(?:(?:at least )?(?P<n>{NUMBER})|(?P<most>most)|several)"
    rf"(?: of the (?P<noun>{NOUN})(?: here)?)?(?: (?:is|are))? {COLOUR}"
)
PREDICATE = (
    rf"(?:{COLOUR}(?: against an? {COLOUR} background)?|(?:small|large) in the image|elongated|round"
    r"|about [\d.]+ m (?:across|long and [\d.]+ m wide)"
    "|oriented (?:from left to right|from top to bottom|diagonally))"
)
SEPARATOR = re.compile("; |, and |, | and ")

LISTING = re.compile(
    "(?:there (?:is|are)(?: also)?|in this image there (?:is|are)|from above, the image shows"
    "|the (?:image|frame) also shows|the image shows|the picture shows"
    "|overhead view of|top-down view of|the view from above shows"
    r"|this is a view of|the image looks straight down on) (?P<items>.+?)(?: in the image)?\."
)
ALONE = re.compile(  # one class, with places that not all of it have
    rf"(?P<subject>[^,]*?{NOUN}),? "
    rf"(?P<rest>(?!.*\b{NOUN})(?:(?:several|many|most) of them|{SPREAD}|mostly|{CELL}(?:,| and) ).*)"
)
ALL = re.compile(rf"(?P<items>.+ and .+), all (?P<place>{ALL_IN})")
SPLIT = [
    re.compile(pattern)
    for pattern in (
        r"the centre of the image holds (?P<central>.+?)(?:, and its edges hold (?P<edges>.+))?\.",
        r"the edges of the image hold (?P<edges>.+)\.",
        r"the image has (?P<central>.+?) in its centre(?: and (?P<edges>.+) near its edges)?\.",
        r"the image has (?P<edges>.+) near its edges\.",
        r"in its centre the image has (?P<central>.+); near its edges it has (?P<edges>.+)\.",
    )
]
POINTING = "(?:horizontally|vertically|diagonally)"
LOOKS = re.compile(
    rf"(?P<subject>.+?) (?:(?:is|are) {PREDICATE}(?:(?:, and |, | and ){PREDICATE})*"
    rf"|points? {POINTING})\."
)
INCLUDE = re.compile(rf"the (?P<noun>{NOUN}) include (?P<items>.+)\.")
ONES = re.compile(rf"(?:an? {COLOUR} one|{COLOUR} one(?P<n>s))")
SOME = re.compile(rf"(?P<items>(?:(?:at least )?{NUMBER}|most|several) of the .+?)\.")
SHARED = re.compile(rf"{AMOUNT} here (?:is|are) {COLOUR}(?: on {COLOUR} ground)?\.")
HOW = re.compile(rf"(?:(?P<arranged>{ARRANGED})\b ?)?(?P<place>{ALL_IN}\b)?(?:: |, |$)")
MOSTLY = re.compile("mostly in the (left|right|top|bottom) half")
ALONG = "along the (?:top|bottom|left side|right side)"
MOST_LIE = re.compile(
    rf"(?P<items>(?:most|several) of (?:them|the {NOUN})(?:(?:, | and )(?:most|several) of the {NOUN})*)"
    rf" are (?P<cells>(?:{CELL}|{ALONG}).*)\."
)
ALL_LIE = re.compile(rf"(?:of (?P<subject>.+?), )?(?P<n>{NUMBER}) (?:lies?|is|are) (?P<cells>{CELL}.*)\.")
STANDS = re.compile(
    r"(?P<subject>.+?) (?:lies?|is|are|stands?|can be (?:found|seen)),? "
    rf"(?P<rest>(?:{ARRANGED}|{ALL_IN}|{NUMBER} {CELL}|{SPREAD}|mostly|visible"
    rf"|(?:several|many|most) of them).*)\."
)
SUBJECT = re.compile(rf"(?:the )?{AMOUNT}|(?:the )?{NOUN}")
NEAR = re.compile(
    rf"(?P<many_a>one of )?the (?P<a>{NOUN}) (?:is close to|is right by|lies next to|is near)"
    rf" (?P<many_b>one of )?the (?P<b>{NOUN})\."
)
SIZES = re.compile(rf"the (?P<a>{NOUN}) (?:is|are) much larger than the (?P<b>{NOUN})\.")
ASIDE = re.compile(
    rf"the (?P<a>{NOUN}) is (?P<first>to the left of|above) the (?P<b>{NOUN})\."
    rf"|the (?P<c>{NOUN}) is (?P<last>to the right of|below) the (?P<d>{NOUN})\."
)
WHOLE = "(?:the view|the picture|the image|the area|the scene)"
UNCLAIMED = re.compile(  # of pixels and of nothing: no sentence of a kind here may name a class
    rf"{REGION} (?:covers?|lies?|is|are|runs along|fills|surrounds|crosses|runs through) .+\."
    rf"|{WHOLE} is mostly {COLOURS}(?:, with some {COLOURS})?\."
    rf"|the rest of the image is mostly {COLOUR}\."
    rf"|{COLOUR} (?:covers|extends over) .+\.|{COLOURS} areas (?:lie|are mixed) .+\."
    rf"|{SHARE} of {WHOLE} (?:is|are) .+\."
    rf"|{COLOUR}(?:, {COLOUR})* and {COLOUR} each make up {SHARE} of .+\."
    rf"|there (?:is|are) {SEEN}.*\."
    rf"|{COLOURS} surfaces (?:dominate|fill) .+\."
    rf"|(?:most of the surfaces look|the surfaces are mostly) {COLOUR}.*\."
    rf"|the surface is {COLOUR} nearly everywhere\.|the main colours?(?: of {WHOLE})? (?:is|are) .+\."
    rf"|{SPOTS} stands? out on .+\.|(?:.+, )?{SPOTS} stands? out against .+\."
    r"|nothing is annotated in this image\."
)
