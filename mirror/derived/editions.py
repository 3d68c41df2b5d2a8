"""The vocabulary of names.py, mostly words at the end of a title that name its edition or format.

Words are listed as people write them; names.py folds them before comparing.
"""

import re

ARTICLES = frozenset(["the", "a", "an"])

# A bracket with one of these is an edition whatever else it says, "(3am Edition)", unless it names other music.
EDITIONS = """
    edition edición edição edizione editie édition издание sonderedition bonusedition jubiläumsedition
    jubiläumsausgabe sonderausgabe ausgabe auflage reissue reissued rerelease rereleased
    reedición réédition переиздание
"""

# The same; all of them count as "soundtrack". A score is another record than the songs, so it is not listed.
SOUNDTRACKS = """
    soundtrack soundtracks ost bso sonora originale originalsoundtrack サウンドトラック サウンドトラック集
    саундтрек 原声带
"""

# Names another recording, so neither an edition nor a soundtrack of the first.
OTHER_MUSIC = """
    live remix remixes remixed mixes mix dub acoustic acústico unplugged instrumental instrumentals karaoke tribute
    demo demos rarities outtakes sides session sessions orchestral symphonic piano taylors cover covers christmas
    lullaby vs vol volume part pt rework reworks reworked rerecorded sped slowed reverb nightcore chiptune lofi
    acapella acappella cappella concert konzert concierto vivo acústica acústicas acustico unreleased
    ライブ ライヴ リミックス アコースティック カラオケ インストゥルメンタル 演唱会 演唱會 现场 現場
    伴奏 리믹스 라이브 ремикс ремиксы концерт концертное акустика
"""

# Name an edition after any separator: "Legend: Deluxe".
AFTER_SEPARATORS = """
    deluxe luxe デラックス エディション 디럭스 делюкс expanded bonus anniversary anniversaire aniversario юбилейное
    repress remaster remasters remastering remastered remasterizado remasterizada remasterisé remasterisée
    remasterisiert rimasterizzato リマスター ремастер score motionpicture inspired
    初回限定盤 初回生産限定盤 初回盤 通常盤 限定盤 完全生産限定盤 期間生産限定盤 生産限定盤 完全限定盤
    豪華盤 特別盤 豪华版 豪華版 特别版 特別版 限量版
"""

# Name a format, in brackets and after " - ", as shops write it: "Hyph Mngo - Single".
FORMATS = "ep single lp mono stereo explicit disc disk cd dvd sacd vinyl"

# Name an edition in brackets only; elsewhere they may be the title itself: "Beethoven: Complete".
IN_BRACKETS = """
    complete special limited collectors clean edited censored amended legacy us usa uk japan japanese european
    import standard promo digipak enhanced cassette extended ultimate definitive limitada limitée international
    exclusive
"""

# Mean nothing by themselves, but may accompany a word that does.
FILLERS = """
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

# A bracket that begins with one of these names guests.
FEATURING = "feat ft featuring"

# Names a cut of a song. All cuts count as the song, whose first release is what matters.
# A run of spaces is tried from its start only, and is read by one part: otherwise long runs take quadratic time.
CUTS = re.compile(
    r"""(?<![ ])[ ]*(?:[-–][ ]|[(\[])[ ]*
    (?:album|single|radio|original|lp|7"|12")[ ](?:version|edit|mix)[ ]*(?:[)\]][ ]*)?$""",
    re.IGNORECASE | re.VERBOSE,
)

# The last words of a title without punctuation before them: only the unmistakable ones.
BARE_ENDING = re.compile(
    r"""[ ,](
        \d+(?:st|nd|rd|th)[ ] anniversary
        | (?:\d+(?:st|nd|rd|th)[ ])?
        (?:(?:super|deluxe|expanded|special|limited|collector'?s|anniversary|remastered)[ ])+ edition
        | (?:super[ ])? deluxe (?:[ ]version)?
        | (?:(?:digitally|newly)[ ])? remastered (?:[ ](?:19|20)\d\d)? (?:[ ]version)?
        | (?:(?:19|20)\d\d[ ])? remaster (?:[ ](?:19|20)\d\d)?
        | (?:original[ ]motion[ ]picture[ ]|original[ ])? soundtrack
        | (?:orijinaru-)?saundotoratku(?:ji)?
        | music[ ]from[ ]and[ ]inspired[ ]by
        | EP | (?-i:OST)
    )[ .!]*$""",
    re.IGNORECASE | re.VERBOSE,
)
LAST_WORDS = ("anniversary", "edition", "deluxe", "version", "remaster", "remastered", "soundtrack", "ep", "ost")
LAST_PHRASES = ("saundotoratku", "saundotoratkuji", "inspired by")

# Words before the number of a part, each with its one form.
PART_WORDS = {"part": "part", "pt": "part", "volume": "vol", "vol": "vol", "book": "book"}
PART_WORDS |= dict.fromkeys(["number", "no", "nr"], "no") | {"volumen": "vol"}

ROMAN = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
SPELT = """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
SPELT_IN_SPANISH = "uno dos tres cuatro cinco seis siete ocho nueve diez"  # "Café del Mar, volumen dos"
DIGITS = {word: str(n) for words in (ROMAN, SPELT) for n, word in enumerate(words.split(), start=1)}
DIGITS_OF_PARTS = DIGITS | {word: str(n) for n, word in enumerate(SPELT_IN_SPANISH.split(), start=1)}
NUMERALS = frozenset(ROMAN.split()) - {"i"}  # which is a word more often than a number

# Introduces the guests of a credit, and joins the names in it.
GUESTS = re.compile(r"[ (\[](?:(?:feat|ft|featuring)\b|w/)|[(\[]with ", re.IGNORECASE)
JOINERS = re.compile(
    r" ?(?:(?<!\d),|,(?!\d)|[;|\\]+) ?(?:(?:&|and) )?"
    r"| (?:[&+/-]+|and|x|vs\.?|versus|meets|presents|pres\.|with|con|und|et|e|y|och|og|en) ",
    re.IGNORECASE,
)
JOINING_WITHOUT_SPACES = frozenset("&+/")
# Those that are other signs in ASCII, and what separates several names in a file's tags.
JOINING_SIGNS = "·・･•∙‧⋅×✕\0\n\x1e\x1f"

# What YouTube, in its languages, shops and file names add to an artist.
ARTIST_ADDITIONS = re.compile(
    r"""[ ]?-[ ]?(?:topic|tema|thema|theme|topico|topitku|JuJe|ZhuTi)$
    | [ ._-]?vevo$
    | ^official[ ](?=\S)
    | [ ]?[(\[]?offi?cial(?:[ ](?:artist|band|music|youtube))?(?:[ ](?:channel|page|site|website|profile))?[)\]]?$
    | [ ]?-?[ ]?[(\[](?:[a-z\d-]{2,40}\.){1,3}[a-z]{2,4}[)\]]$
    | [ ](?:-[ ]|(?=www\.))(?:[a-z\d-]{2,40}\.){1,3}[a-z]{2,4}$
    | ^[(\[](?:[a-z\d-]{2,40}\.){1,3}[a-z]{2,4}[)\]][ -]{0,3}(?=\S)""",
    re.IGNORECASE | re.VERBOSE,
)
# With one of these beside an artist's name somebody else plays the artist's music.
OTHER_PERFORMERS = """
    tribute tributo homenaje hommage karaoke cover covers covered covering lullaby lullabies plays performs
    performed salute homage nightcore chiptune lofi cappella acapella acappella
"""
