"""Sixty more, from other trades and in other forms of quotation."""

from typing import Final

DAIRY: Final = (
    "Brackenridge Dairy will invest €14.5 million in its Cork plant, creating 85 jobs by the third quarter of 2027. "
    "Output rises from 220,000 to 310,000 litres a day. "
    "\u2018This is the largest bet that my family has ever placed,\u2019 "
    "said managing director Aoife Ní Bhriain. \u2018And we\u2019re placing it here, not abroad.\u2019"
)
CLINIC: Final = (
    "In the trial, 412 patients took the tablet and 208 a placebo. Pain fell by 37% within six weeks, against 12% in "
    'the control group. "We saw relief that lasted through the night," Dr. Samuel Osei, the principal investigator, '
    'told a conference in Accra on Thursday 18 June 2026. "What surprised us was how few people dropped out," added '
    "co-author Lucía Fernández."
)
SOFTWARE: Final = (
    "Lanternfish, founded in 2016 by Priyanka Rao and Daniel Eklund, raised $27 million in a Series B led by "
    "Northgate. It serves more than 1,900 customers in 34 countries and employs 160 people. "
    "Rao: “Nobody buys software to admire "
    "it; they buy it to go home at five.” "
    "Eklund: “We turned down two offers that were higher, and I would do so again.”"
)
COUNCIL: Final = (
    "Notes of the meeting of 9 March 2026\n"
    "CLLR JANE ABBOT: The bridge will not close before the school holidays. We owe parents that much.\n"
    "MARK TILLEY: Contractors need eleven weeks, and the bill has risen from £4.2m to £5.1m.\n"
    "CLLR JANE ABBOT: Then we will find the money elsewhere, because the bus lanes stay.\n"
)
RACE: Final = (
    "The Fellside Half drew 3,418 runners on Sunday, 5 October 2025. Nadia Karim won in 1 hour 12 minutes, two minutes "
    "ahead of Eva Strand. “I had nothing left at the last stile,” said Karim, “but the crowd carried me over it.” "
    "Race director Colm Byrne said: “We will cap entries at 3,500 next year. The hill cannot take more.”"
)

RIGHT: Final = (
    (DAIRY, "Brackenridge Dairy is to spend EUR 14.5m on its plant in Cork, with 85 new jobs by Q3 2027."),
    (DAIRY, "“And we\u2019re placing it here, not abroad,” Ní Bhriain said."),
    (CLINIC, "Of the patients, 412 took the tablet; pain fell by 37 percent within 6 weeks."),
    (CLINIC, "“What surprised us was how few people dropped out,” said Fernández, a co-author of the study."),
    (
        SOFTWARE,
        "Daniel Eklund, who co-founded Lanternfish in 2016, said: “We turned down two offers that were higher.”",
    ),
    (SOFTWARE, "Lanternfish raised $27,000,000 and has more than 1900 customers in thirty-four countries."),
    (COUNCIL, "“The bus lanes stay,” said Councillor Jane Abbot."),
    (COUNCIL, "At the meeting on March 9, 2026, Mark Tilley put the bill at £5.1 million, up from £4.2 million."),
    (RACE, "“I had nothing left at the last stile, but the crowd carried me over it,” said winner Nadia Karim."),
    (RACE, "The half marathon of Oct. 5, 2025, drew 3,418 runners, and organisers will cap entries at 3,500."),
)
INVENTED: Final = (
    (DAIRY, "\u2018Our farmers deserve a partner for life,\u2019 said Aoife Ní Bhriain."),
    (DAIRY, "“Proud day!” said managing director Aoife Ní Bhriain."),
    (CLINIC, "Dr. Samuel Osei called it “a turning point for everybody who lives with chronic pain”."),
    (CLINIC, "“We expect approval by Christmas,” Osei told reporters."),
    (SOFTWARE, "“This round lets us double down on what customers love,” said co-founder Priyanka Rao."),
    (SOFTWARE, '"We are only getting started," said Daniel Eklund.'),
    (COUNCIL, "“Residents have been heard loud and clear,” said Cllr Jane Abbot."),
    (RACE, "Colm Byrne said: “It was the best race in our history.”"),
    (RACE, "„I trained in the Alps all summer,“ said Nadia Karim."),
    (RACE, "“Running is a gift, said Eva Strand."),
)
ALTERED: Final = (
    (DAIRY, "\u2018This is the smallest bet that my family has ever placed,\u2019 said Aoife Ní Bhriain."),
    (DAIRY, "The dairy will invest $14.5 million in Cork."),
    (DAIRY, "The jobs come by the second quarter of 2027."),
    (CLINIC, "“We saw relief that lasted through the day,” said Dr. Samuel Osei."),
    (CLINIC, "The results were shown in Accra on Friday, June 18, 2026."),
    (SOFTWARE, "“Everybody buys software to admire it; they buy it to go home at five,” said Rao."),
    (COUNCIL, "“The bridge will close before the school holidays,” said Jane Abbot."),
    (COUNCIL, "“Contractors need eleven months, and the bill has risen,” said Mark Tilley."),
    (RACE, "“I had something left at the last stile,” said Nadia Karim."),
    (RACE, "The race was run on Oct. 12, 2025."),
)
MISATTRIBUTED: Final = (
    (DAIRY, "\u2018This is the largest bet that my family has ever placed,\u2019 said finance director Brian Walsh."),
    (CLINIC, "“We saw relief that lasted through the night,” said co-author Lucía Fernández."),
    (CLINIC, "“What surprised us was how few people dropped out,” the principal investigator, Samuel Osei, said."),
    (SOFTWARE, "“Nobody buys software to admire it,” said co-founder Daniel Eklund."),
    (SOFTWARE, "Rao added: “We turned down two offers that were higher, and I would do so again.”"),
    (COUNCIL, "“We owe parents that much,” said Mark Tilley."),
    (COUNCIL, "“Contractors need eleven weeks,” Councillor Abbot warned, Jane Abbot said."),
    (RACE, "“We will cap entries at 3,500 next year,” said Nadia Karim, who won the race."),
    (RACE, "According to race director Colm Byrne, “the crowd carried me over it.”"),
    (RACE, "“The hill cannot take more.” — Eva Strand"),
)
OFF_BY_ONE: Final = (
    (DAIRY, "The plant creates 86 jobs."),
    (DAIRY, "Output rises to 311,000 litres a day."),
    (CLINIC, "In the trial, 411 patients took the tablet."),
    (CLINIC, "Pain fell by 36% within six weeks."),
    (CLINIC, "Pain fell by 37% within seven weeks."),
    (SOFTWARE, "It serves customers in 35 countries."),
    (SOFTWARE, "Lanternfish raised $28 million."),
    (COUNCIL, "The bill has risen to £5.2 million."),
    (RACE, "The race drew 3,419 runners."),
    (RACE, "Karim won in 1 hour 13 minutes."),
)
STITCHED: Final = (
    (DAIRY, "“This is the largest bet that my family has ever placed, not abroad,” said Aoife Ní Bhriain."),
    (CLINIC, "“We saw relief that lasted through how few people dropped out,” said Samuel Osei."),
    (CLINIC, "“What surprised us was relief that lasted through the night,” said Lucía Fernández."),
    (SOFTWARE, "“Nobody buys software to admire it, and I would do so again,” said Priyanka Rao."),
    (SOFTWARE, "“They buy it to go home at five,” said Rao, “nobody buys software to admire it.”"),
    (COUNCIL, "“The bridge will not close because the bus lanes stay,” said Jane Abbot."),
    (COUNCIL, "“We owe parents that much,” said Jane Abbot, “because the bus lanes stay.”"),
    (COUNCIL, "“Contractors need eleven weeks before the school holidays,” said Mark Tilley."),
    (RACE, "“I had nothing left at the last stile. We will cap entries at 3,500 next year,” said Nadia Karim."),
    (RACE, "“The hill cannot take more,” said Colm Byrne, “but the crowd carried me over it.”"),
)
