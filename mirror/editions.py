"""The tables of words behind names.py, mostly how the end of a title tells its edition or format.

Each word stands as it is written; names.py folds it before it compares.
"""

import re

# A bracket that has one is an edition whatever else it says, "(3am Edition)", unless its music is another.
EDITIONS = """
    edition edición edição edizione editie édition издание sonderedition bonusedition jubiläumsedition
    jubiläumsausgabe sonderausgabe ausgabe auflage reissue reissued reedición réédition переиздание
"""

# The same, and all of them are called "soundtrack". A score is another record than the songs, so not among them.
SOUNDTRACKS = """
    soundtrack soundtracks ost bso sonora originale originalsoundtrack サウンドトラック саундтрек 原声带
"""

# Another recording, so neither an edition nor a soundtrack of the first.
OTHER_MUSIC = """
    live remix remixes remixed mixes mix dub acoustic acústico unplugged instrumental instrumentals karaoke tribute
    demo demos rarities outtakes sides session sessions orchestral symphonic piano taylors cover covers christmas
    lullaby vs vol volume part pt
"""

# Tell an edition behind every separator: "Legend: Deluxe".
EXTRAS = """
    deluxe luxe デラックス エディション 디럭스 делюкс expanded bonus anniversary anniversaire aniversario юбилейное
    repress remaster remasters remastering remastered remasterizado remasterizada remasterisé remasterisée
    remasterisiert rimasterizzato リマスター ремастер score motionpicture
    初回限定盤 初回生産限定盤 初回盤 通常盤 限定盤 完全生産限定盤 期間生産限定盤 生産限定盤 完全限定盤
    豪華盤 特別盤 豪华版 豪華版 特别版 特別版 限量版
"""

# Tell a format, in brackets and behind " - ", as shops write it: "Hyph Mngo - Single".
FORMATS = "ep single lp mono stereo explicit disc disk cd dvd sacd vinyl"

# Tell an edition in brackets only; elsewhere they may well be the title: "Beethoven: Complete".
MARKS = """
    complete special limited collectors clean edited censored amended legacy us usa uk japan japanese european
    import standard promo digipak enhanced cassette extended ultimate definitive limitada limitée international
    exclusive
"""

# Tell nothing by themselves, but may stand beside a word that does.
BESIDE = """
    album a an and the of from with by in to for de du des la le el y et und e di da del mit
    super version versions versión versione versão fassung track tracks titel pistas
    fifth tenth fifteenth twentieth thirtieth fortieth fiftieth mini
    first second one two three four five i ii iii iv issue digital digitally newly hd hi res bit khz gram
    original オリジナル music film movie picture series tv television video game american canadian
    australian german french spanish italian korean asian itunes apple spotify amazon target
    walmart bandcamp platinum gold silver diamond coloured colored black red blue white clear double
    triple box set pack maxi tour fan premium especial spéciale speciale limitata limitierte coleccionista
    collector erweiterte banda bande colonna trilha blu ray parental advisory inch year años anos
    jahre ans
"""

# A bracket that begins so names guests.
CREDITS = "feat ft featuring"

# Which cut of a song it is, which does not tell when the song came out first.
TAKES = re.compile(
    r"[ ]*(?:[-–][ ]|[(\[])[ ]*(?:album|single|radio|original|lp|7\"|12\")[ ](?:version|edit|mix)[ ]*[)\]]?[ ]*$",
    re.IGNORECASE,
)

# The last words of a title without any sign before them, so only the unmistakable ones.
BARE = re.compile(
    r"""[ ,](
        \d+(?:st|nd|rd|th)[ ] anniversary
        | (?:\d+(?:st|nd|rd|th)[ ])?
        (?:(?:super|deluxe|expanded|special|limited|collector'?s|anniversary|remastered)[ ])+ edition
        | (?:super[ ])? deluxe (?:[ ]version)?
        | (?:(?:digitally|newly)[ ])? remastered (?:[ ](?:19|20)\d\d)? (?:[ ]version)?
        | (?:(?:19|20)\d\d[ ])? remaster (?:[ ](?:19|20)\d\d)?
        | (?:original[ ]motion[ ]picture[ ]|original[ ])? soundtrack
        | EP | (?-i:OST)
    )[ .!]*$""",
    re.IGNORECASE | re.VERBOSE,
)
BARE_ENDS = ("anniversary", "edition", "deluxe", "version", "remaster", "remastered", "soundtrack", "ep", "ost")

# What counts parts, and the one form for each.
COUNTED = {"part": "part", "pt": "part", "volume": "vol", "vol": "vol", "book": "book"}
COUNTED |= dict.fromkeys(["number", "no", "nr"], "no")

ROMAN = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
SPELT = """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
DIGITS = {word: str(n) for words in (ROMAN, SPELT) for n, word in enumerate(words.split(), start=1)}
NUMERALS = frozenset(ROMAN.split()) - {"i"}  # which is a word more often than a number

# What begins the guests of a credit, and what joins the names in it.
GUESTS = re.compile(r"[ (\[](?:(?:feat|ft|featuring)\b|w/)|[(\[]with ", re.IGNORECASE)
JOINTS = re.compile(r" ?[,;](?!\d) ?(?:(?:&|and) )?| (?:[&+/-]|and|x|vs\.?|with|con|und|et|e|y) ", re.IGNORECASE)
