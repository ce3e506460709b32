# /// script
# requires-python = ">=3.10"
# dependencies = ["reportlab==4.*", "font-source-sans-pro==0.0.1"]
# ///
"""Makes inspection-report.pdf, the sample document. The building, the people and the firm do not exist."""

from pathlib import Path

import font_source_sans_pro as sans
from reportlab.graphics.shapes import Drawing, Line, Polygon, Rect, String
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Spacer, Table

TITLE = "Fire and Building Safety Inspection"
SUBJECT = "Lanternfish House, 14 Lanternfish Lane, Port Ember"
FIRM = "Quillfeather Survey Partnership"
NUMBER = "QSP-0417"

INK, ACCENT, PALE, GREY = HexColor("#1d2733"), HexColor("#14606b"), HexColor("#e6f0f1"), HexColor("#66717d")
RED, AMBER = HexColor("#b3372f"), HexColor("#c98a1b")

FONTS = {
    "Body": sans.SourceSansPro,
    "Body-Bold": sans.SourceSansProSemibold,
    "Body-Italic": sans.SourceSansProIt,
}

BODY = ParagraphStyle(
    "body", fontName="Body", fontSize=11.5, leading=17, textColor=INK, spaceAfter=9, alignment=TA_JUSTIFY
)
HEAD = ParagraphStyle(
    "head", fontName="Body-Bold", fontSize=18, leading=23, textColor=ACCENT, spaceBefore=4, spaceAfter=10
)
SUB = ParagraphStyle("sub", fontName="Body-Bold", fontSize=13, leading=17, textColor=INK, spaceBefore=10, spaceAfter=5)
SMALL = ParagraphStyle(
    "small", fontName="Body-Italic", fontSize=9, leading=12, textColor=GREY, spaceBefore=4, spaceAfter=10
)
ITEM = ParagraphStyle("item", parent=BODY, leftIndent=14, bulletIndent=2, spaceAfter=4)


def body(*texts):
    return [Paragraph(text, BODY) for text in texts]


def items(*texts):
    return [Paragraph(text, ITEM, bulletText="•") for text in texts]


def table(header, rows, widths):
    style = [
        ("FONT", (0, 0), (-1, 0), "Body-Bold", 9.5),
        ("FONT", (0, 1), (-1, -1), "Body", 9.5),
        ("TEXTCOLOR", (0, 0), (-1, 0), white),
        ("TEXTCOLOR", (0, 1), (-1, -1), INK),
        ("BACKGROUND", (0, 0), (-1, 0), ACCENT),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, PALE]),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#b9c6c8")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
    ]
    return Table([header, *rows], [width * mm for width in widths], style=style, hAlign="LEFT")


def plan():
    """The typical floor: two stairs, a corridor between them, rooms on both sides."""
    drawing = Drawing(460, 195)

    def box(x, y, width, height, fill=white, stroke=INK, weight=1.0):
        drawing.add(Rect(x, y, width, height, fillColor=fill, strokeColor=stroke, strokeWidth=weight))

    def label(x, y, text, size=8.5, color=INK, bold=False):
        font = "Body-Bold" if bold else "Body"
        drawing.add(String(x, y, text, fontName=font, fontSize=size, fillColor=color, textAnchor="middle"))

    box(10, 20, 440, 165, HexColor("#f8fafa"), INK, 1.6)
    for number in range(5):
        box(70 + number * 64, 115, 64, 70)
        box(70 + number * 64, 20, 64, 60)
        label(102 + number * 64, 147, f"Room {number * 2 + 1}")
        label(102 + number * 64, 47, f"Room {number * 2 + 2}")
    for x, name in ((10, "Stair A"), (390, "Stair B")):
        box(x, 20, 60, 165, PALE)
        for step in range(9):
            drawing.add(Line(x + 12, 34 + step * 7, x + 48, 34 + step * 7, strokeColor=GREY, strokeWidth=0.6))
        label(x + 30, 150, name, 10, ACCENT, bold=True)
    label(230, 94, "Corridor, 1.5 m wide", 8.5, GREY)
    for tip, tail in ((76, 150), (384, 310)):
        drawing.add(Line(tail, 97, tip, 97, strokeColor=ACCENT, strokeWidth=1.4))
        back = 6 if tip < tail else -6
        points = [tip, 97, tip + back, 100.5, tip + back, 93.5]
        drawing.add(Polygon(points, fillColor=ACCENT, strokeColor=ACCENT))
    for x, name, color in ((70, "FD-03", AMBER), (390, "FD-07", RED)):
        drawing.add(Line(x, 86, x, 108, strokeColor=color, strokeWidth=3.5))
        label(x + (22 if x < 200 else -22), 84, name, 8, color, bold=True)
    label(230, 6, "Arrows show the way to the nearest stair.", 8, GREY)
    return drawing


def story():
    yield Spacer(1, 22 * mm)
    yield Paragraph(f"Report {NUMBER}", ParagraphStyle("number", parent=SUB, textColor=GREY))
    yield Paragraph(TITLE, ParagraphStyle("title", parent=HEAD, fontSize=27, leading=33))
    yield Paragraph(SUBJECT, ParagraphStyle("subject", parent=SUB, fontSize=14, leading=19, spaceAfter=16))
    facts = [
        ["Building owner", "Port Ember Harbour Trust"],
        ["Inspected on", "9 and 10 March 2026"],
        ["Inspectors", "Ines Calloway and Tobias Wren"],
        ["Prepared by", FIRM],
        ["Next inspection", "September 2026"],
    ]
    style = [
        ("FONT", (0, 0), (0, -1), "Body-Bold", 10.5),
        ("FONT", (1, 0), (1, -1), "Body", 10.5),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#b9c6c8")),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
    ]
    yield Table(facts, [42 * mm, 90 * mm], style=style, hAlign="LEFT")
    yield Spacer(1, 12 * mm)
    yield Paragraph("Summary", HEAD)
    yield from body(
        "Lanternfish House is in fair condition, and its two stairs give every floor two independent ways out. The "
        "inspection found 21 defects. Three of them affect the escape routes and must be put right within "
        "fourteen days; the others can be dealt with during normal maintenance.",
        "The most urgent matter is the fire door to Stair B on level 2, which no longer closes by itself. The blocked "
        "roof outlet above the east wing is the most likely to cause further damage if it is left until winter.",
    )
    yield Spacer(1, 8 * mm)
    yield Paragraph(
        "This is a sample document. The building, its owner, the firm and all people named here are invented.", SMALL
    )
    yield PageBreak()

    yield Paragraph("1 The building and the inspection", HEAD)
    yield from body(
        "Lanternfish House was built in 1974 as a seamen's hostel and was converted into offices in 2003. It has four "
        "storeys above a basement plant room, a reinforced concrete frame and brick cladding. About 140 people work "
        "in the building on a usual day.",
        "The inspectors walked every floor, operated each fire door three times, and measured the escape routes. The "
        "roof was inspected from the parapet after two days of rain. No walls or ceilings were opened, and the lift "
        "shaft was not entered.",
    )
    yield Spacer(1, 3 * mm)
    yield plan()
    yield Paragraph("Figure 1. Plan of levels 1 to 3, with the two fire doors that need attention on level 2.", SMALL)
    yield Paragraph("How the findings are graded", SUB)
    yield table(
        ["Grade", "Meaning", "To be put right within"],
        [
            ["A", "Affects the safety of people leaving the building", "14 days"],
            ["B", "Will become unsafe or cause damage if left", "3 months"],
            ["C", "Wear that normal maintenance should deal with", "12 months"],
        ],
        [20, 95, 45],
    )
    yield PageBreak()

    yield Paragraph("2 Egress", HEAD)
    yield from body(
        "Each floor has two means of egress, Stair A at the west end and Stair B at the east end. The longest travel "
        "distance measured was 31 metres, from Room 9 on level 3 to Stair A, which is within the 35 metres that the "
        "fire strategy allows.",
        "The corridor is 1.5 metres wide on all levels. On level 1 its clear width is reduced to 0.85 metres by two "
        "filing cabinets and a photocopier outside Room 4. These must be removed, because the fire strategy requires "
        "a clear width of at least 1.2 metres along the whole egress route.",
    )
    yield Paragraph("Exit signs and lighting", SUB)
    yield from body(
        "All exit signs are in place and legible except the one above the basement door, which is missing. A new "
        "illuminated sign must be installed there. The emergency lighting was tested for one hour: 46 of 48 luminaires "
        "stayed lit. The two that failed, at the level 3 landing of Stair B and in the basement corridor, should be "
        "given new batteries.",
    )
    yield Paragraph("Final exits", SUB)
    yield from body(
        "The final exit from Stair A opens freely in the direction of travel. The final exit from Stair B is fitted "
        "with a push bar that sticks and needs a force of 140 newtons to release. The push bar must be repaired or "
        "replaced so that a child or an older person can open the door.",
        "Outside the final exit from Stair B, bicycles were chained to the railings on both days and left a gap of "
        "only 0.6 metres. The owner should provide a bicycle stand elsewhere and mark the area as a keep-clear zone.",
    )
    yield PageBreak()

    yield Paragraph("3 Stairs", HEAD)
    yield from body(
        "Both stairs are of cast concrete with terrazzo treads and are enclosed by walls of at least one hour's fire "
        "resistance. Stair A is 1.2 metres wide and Stair B is 1.1 metres wide between handrails. The capacity of the "
        "two stairs together is sufficient for the present number of occupants.",
    )
    yield Paragraph("Stair A", SUB)
    yield from body(
        "The nosings of the treads between level 1 and level 2 are worn, and three of them are loose. The loose "
        "nosings must be refixed, as they are a trip hazard on the main escape stair. The handrail on the wall side "
        "ends 400 millimetres before the last tread at ground level and should be extended past it.",
    )
    yield Paragraph("Stair B", SUB)
    yield from body(
        "A diagonal crack about 2 millimetres wide runs across the soffit of the landing at level 3. It shows no sign "
        "of recent movement, but a structural engineer should examine it and fit a crack gauge. Cardboard boxes and a "
        "rolled carpet were stored under the lowest flight. Nothing that burns shall be kept in a protected stair, and "
        "the boxes and the carpet must be removed.",
        "The self-closing smoke vent at the head of Stair B opened on the first test and failed on the second. Its "
        "actuator should be replaced and the vent tested every month thereafter.",
    )
    yield Paragraph("Measured dimensions", SUB)
    yield table(
        ["Dimension", "Stair A", "Stair B", "Required"],
        [
            ["Clear width", "1.20 m", "1.10 m", "1.00 m"],
            ["Rise of a step", "172 mm", "175 mm", "150 to 180 mm"],
            ["Going of a step", "270 mm", "265 mm", "at least 250 mm"],
            ["Height of handrail", "920 mm", "905 mm", "900 to 1000 mm"],
        ],
        [50, 35, 35, 40],
    )
    yield PageBreak()

    yield Paragraph("4 Fire doors", HEAD)
    yield from body(
        "Nine fire doors separate the stairs and the plant room from the rest of the building. A fire door protects "
        "people only if it closes fully by itself and if its seals are complete. Five of the nine doors passed; the "
        "others are listed in the table with the work that each of them needs.",
    )
    yield Spacer(1, 2 * mm)
    yield table(
        ["Door", "Place", "Condition", "Work needed", "Grade"],
        [
            ["FD-01", "Stair A, ground level", "Passed", "None", "–"],
            ["FD-02", "Stair A, level 1", "Passed", "None", "–"],
            ["FD-03", "Stair A, level 2", "Smoke seal missing at head", "Replace the seal", "B"],
            ["FD-04", "Stair A, level 3", "Passed", "None", "–"],
            ["FD-05", "Stair B, ground level", "Gap of 6 mm at threshold", "Fit a drop seal", "B"],
            ["FD-06", "Stair B, level 1", "Passed", "None", "–"],
            ["FD-07", "Stair B, level 2", "Does not close by itself", "Replace the closer", "A"],
            ["FD-08", "Stair B, level 3", "Passed", "None", "–"],
            ["FD-09", "Basement plant room", "Vision panel cracked", "Replace the glass", "B"],
        ],
        [17, 40, 47, 38, 16],
    )
    yield Paragraph("Table 1. Fire doors, as found on 9 March 2026.", SMALL)
    yield from body(
        "Door FD-07 stops about 15 degrees before the frame because its hydraulic closer has lost its oil. Until the "
        "closer is replaced, the door must be checked at the start of every working day and kept shut. On level 2 the "
        "inspectors also found door FD-03 held open with a wedge. Wedges shall not be used on fire doors; if the door "
        "has to stand open during the day, a magnetic hold-open device linked to the fire alarm should be installed.",
        "The vision panel of door FD-09 has a crack across its lower corner. The panel must be replaced with "
        "fire-resisting glass of the same rating, and the installer shall certify the work.",
    )
    yield PageBreak()

    yield Paragraph("5 Roof drainage", HEAD)
    yield from body(
        "The flat roof is covered with a bituminous membrane laid in 2003 and drains to six outlets inside the "
        "parapet. Four outlets were clear. The outlet above the east wing is blocked with leaves and moss, and water "
        "stood 40 millimetres deep over an area of about 18 square metres. The outlet must be cleared now, and leaf "
        "guards should be fitted to all six outlets.",
        "The sixth outlet, beside the lift motor room, drains slowly. Its downpipe should be flushed and surveyed with "
        "a camera before the end of the summer.",
    )
    yield Paragraph("Membrane and flashings", SUB)
    yield from body(
        "The membrane is blistered in two places near the blocked outlet. The blisters are not yet open, but they "
        "should be cut out and patched when the roof is dry. The lead flashing along the south parapet has slipped "
        "over a length of 3 metres and must be refixed and sealed.",
        "There is no overflow in the parapet. If the outlets are blocked during heavy rain, water can rise to the "
        "sills of the roof lights. The owner should provide two overflow openings, each at least 150 millimetres wide, "
        "50 millimetres above the level of the membrane.",
    )
    yield Paragraph("Signs of leakage inside", SUB)
    yield from body(
        "Below the blocked outlet, the ceiling of Room 10 on level 3 is stained over an area of about half a square "
        "metre. The moisture meter read 24 percent at the stain and 11 percent elsewhere. The ceiling should be "
        "dried and checked again one month after the outlet has been cleared.",
    )
    yield PageBreak()

    yield Paragraph("6 Next steps", HEAD)
    yield from body(
        "The three findings of grade A are the door FD-07, the push bar at the final exit from Stair B, and the loose "
        "nosings on Stair A. The owner must report to the inspectors in writing when these have been put right, and "
        "not later than 24 March 2026.",
        "Until then the following measures apply:",
    )
    yield from items(
        "The caretaker shall check both stairs and all final exits every morning and keep a record.",
        "No event with more than 60 visitors shall be held above the ground level.",
        "The staff must be told which doors are defective and how to leave the building.",
    )
    yield Paragraph("Limits of this report", SUB)
    yield from body(
        "This report describes what could be seen on the two days of the inspection. Hidden parts of the building were "
        "not examined, and the electrical installation and the sprinkler tank are the subject of separate reports. "
        "Costs have not been estimated.",
    )
    yield Paragraph("Signed", SUB)
    yield from body("Ines Calloway, lead inspector. Tobias Wren, inspector. Port Ember, 17 March 2026.")


def furniture(canvas, document):
    width, height = A4
    canvas.saveState()
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(0.8)
    canvas.line(25 * mm, 18 * mm, width - 25 * mm, 18 * mm)
    canvas.setFont("Body", 8.5)
    canvas.setFillColor(GREY)
    if document.page > 1:
        canvas.drawString(25 * mm, height - 17 * mm, f"{TITLE} · Lanternfish House")
        canvas.drawRightString(width - 25 * mm, height - 17 * mm, f"Report {NUMBER}")
    canvas.drawString(25 * mm, 13 * mm, FIRM)
    canvas.drawRightString(width - 25 * mm, 13 * mm, f"Page {document.page} of 7")
    canvas.restoreState()


def main():
    for name, path in FONTS.items():
        # The package names OpenType files; their TrueType twins lie beside them.
        pdfmetrics.registerFont(TTFont(name, str(Path(path).with_suffix(".ttf"))))
    target = Path(__file__).with_suffix(".pdf")
    # invariant: the same bytes each time.
    document = BaseDocTemplate(str(target), pagesize=A4, title=f"{TITLE}: {SUBJECT}", author=FIRM, invariant=1)
    frame = Frame(25 * mm, 22 * mm, A4[0] - 50 * mm, A4[1] - 46 * mm, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=furniture))
    document.build(list(story()))


if __name__ == "__main__":
    main()
