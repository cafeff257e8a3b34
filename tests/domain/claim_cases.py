"""Sixty sentences beside the source that they cite, made by hand: ten each of six sorts."""

from typing import Final

PACK: Final = (
    "The Ridgeline 45 pack weighs 1,240 grams and costs £189. It was first sewn on 14 March 2011 in Walkley. "
    "The workshop repaired 6,340 items in 2025, employs 12 people and answers within three days."
)
STORE: Final = (
    "The Leeds store opens on Saturday 16 May 2026 at 10:00. It has 240 square metres on two floors. "
    "The fit-out cost £1.2 million, and 31% of the timber was reclaimed."
)
TALK: Final = (
    "“We never wanted a cheaper pack, we wanted one that lasts,” said Maya Lindqvist, founder of Acme Outdoor. "
    "“It took eleven prototypes before the zip held,” said Tom Okafor, head of design. "
    "“Nobody should throw away a jacket because of a zip,” said Priya Raman."
)
REPORT: Final = (
    "Acme Outdoor had sales of $38.4 million in the year to January 2026, 62% of it online. It used 0.4 kg of carbon "
    "dioxide a repair, and plans 3 more stores by 2028. Hannah Weiss of the University of Leeds led the study."
)
INTERVIEW: Final = (
    "MAYA LINDQVIST: The stores were closed for 112 days. We turned the sewing room over to gowns.\n"
    "BEN WHITLOCK: I answered four hundred letters by hand that spring."
)

RIGHT: Final = (
    (PACK, "The pack weighs 1240 g and costs £189."),
    (PACK, "First sewn on March 14, 2011, the pack is made in Walkley."),
    (PACK, "The workshop's twelve people repaired 6,340 items in 2025."),
    (STORE, "The Leeds store opens on May 16, 2026, and has 240 square meters."),
    (STORE, "The fit-out cost £1,200,000, and 31 percent of the timber was reclaimed."),
    (TALK, "“We never wanted a cheaper pack,” Lindqvist said, “we wanted one that lasts.”"),
    (TALK, '"It took eleven prototypes before the zip held," said Tom Okafor.'),
    (REPORT, "Sales were $38.4 million in the year to January 2026, according to Acme Outdoor."),
    (REPORT, "Hannah Weiss led the study, and three more stores are planned by 2028."),
    (INTERVIEW, "“The stores were closed for 112 days,” said Maya Lindqvist."),
)
INVENTED: Final = (
    (PACK, "“Every pack leaves our workshop with a smile,” said Maya Lindqvist."),
    (STORE, "“This is the proudest moment of my whole career,” said store manager Ann Cole."),
    (TALK, "“Customers tell us daily how much they love the new colours,” said Tom Okafor."),
    (TALK, "“Our competitors are years behind us on this,” said Maya Lindqvist."),
    (REPORT, "“We will be in every city before the decade ends,” said Hannah Weiss."),
    (INTERVIEW, "“Those were the hardest weeks of the company,” said Ben Whitlock."),
    ("The jacket is sewn in Porto.", "The jacket is sewn in Porto by 45 people."),
    ("The jacket is sewn in Porto.", "The jacket has been sewn in Porto since 3 May 2019."),
    ("The company makes packs and tents.", "The company sold 12,000 packs."),
    ("The zip can be replaced.", "The zip can be replaced in 25 minutes."),
)
ALTERED: Final = (
    (TALK, "“We always wanted a cheaper pack, we wanted one that lasts,” said Maya Lindqvist."),
    (TALK, "“We wanted a cheaper pack, we wanted one that lasts,” said Maya Lindqvist."),
    (TALK, "“It took seven prototypes before the zip held,” said Tom Okafor."),
    (TALK, "“Nobody should throw away a coat because of a zip,” said Priya Raman."),
    (INTERVIEW, "“The stores were closed for 112 weeks,” said Maya Lindqvist."),
    (STORE, "The fit-out cost $1.2 million."),
    (STORE, "The Leeds store opens on Sunday, May 17, 2026."),
    (PACK, "The pack weighs 1,240 kilograms."),
    (PACK, "It was first sewn on 14 March 2012."),
    (REPORT, "Sales were $38.4 billion in the year to January 2026."),
)
MISATTRIBUTED: Final = (
    (TALK, "“We never wanted a cheaper pack, we wanted one that lasts,” said Tom Okafor."),
    (TALK, "“It took eleven prototypes before the zip held,” said Maya Lindqvist, founder."),
    (TALK, "“Nobody should throw away a jacket because of a zip,” said Tom Okafor."),
    (TALK, "Maya Lindqvist said: “Nobody should throw away a jacket because of a zip.”"),
    (TALK, "“It took eleven prototypes before the zip held,” Priya Raman explained."),
    (INTERVIEW, "“The stores were closed for 112 days,” said Ben Whitlock."),
    (INTERVIEW, "“I answered four hundred letters by hand that spring,” said Maya Lindqvist."),
    (INTERVIEW, "“We turned the sewing room over to gowns,” added Ben Whitlock."),
    (TALK, "“We never wanted a cheaper pack,” Raman said, “we wanted one that lasts.”"),
    (TALK, "According to Tom Okafor, “nobody should throw away a jacket because of a zip.”"),
)
OFF_BY_ONE: Final = (
    (PACK, "The pack weighs 1,241 grams."),
    (PACK, "The pack costs £188."),
    (PACK, "The workshop repaired 6,341 items in 2025."),
    (PACK, "The workshop employs 13 people."),
    (PACK, "It answers within four days."),
    (STORE, "It has 241 square metres on two floors."),
    (STORE, "It has 240 square metres on three floors."),
    (STORE, "Of the timber, 32% was reclaimed."),
    (REPORT, "Online sales made up 61% of the total."),
    (REPORT, "The company plans 4 more stores by 2028."),
)
STITCHED: Final = (
    (TALK, "“We never wanted a cheaper pack, it took eleven prototypes,” said Maya Lindqvist."),
    (TALK, "“It took eleven prototypes because of a zip,” said Tom Okafor."),
    (TALK, "“We never wanted a cheaper pack because of a zip,” said Maya Lindqvist."),
    (TALK, "“Nobody should throw away a jacket, we wanted one that lasts,” said Priya Raman."),
    (TALK, "“It took eleven prototypes,” said Tom Okafor, “we wanted one that lasts.”"),
    (TALK, "“We wanted one that lasts,” said Maya Lindqvist, “we never wanted a cheaper pack.”"),
    (INTERVIEW, "“The stores were closed by hand that spring,” said Maya Lindqvist."),
    (INTERVIEW, "“We turned the sewing room, I answered four hundred letters,” said Maya Lindqvist."),
    (INTERVIEW, "“I answered four hundred letters over to gowns,” said Ben Whitlock."),
    (INTERVIEW, "“The stores were closed,” said Maya Lindqvist, “four hundred letters by hand.”"),
)
