"""The vocabulary of pieces.py: words of what is added to titles, and of what tells of other music.

In lower-case ASCII, without apostrophes, full stops and the hyphen of "re-" and "pre-".
"""


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A piece with one of these was added, whatever else it says.
SIGNS = _words_of("""
    edition reissue reissued rerelease rereleased remaster remastered remasters remastering repress pressing
    bonus deluxe expanded retail digipak digipack longbox slipcase jewelcase jewelbox promo advance upload uploaded
    official records netlabel catalogue cd cds cdr dvd dvda sacd mfsl mofi hdcd xrcd bscd shm flac alac wav eac mp
    aac ogg kbps khz dsd dts mqa vinyl lp web itunes bandcamp qobuz tidal deezer spotify youtube beatport amazon
    atmos dolby surround quad quadraphonic needledrop pbthal hdtracks hires disc disk discs disks limited ltd
    import rip ripped vbr lossless explicit lyric lyrics visualizer visualiser booklet clean preorder anniversary
    obi torrent scans dmd dualdisc rdio napster emusic msn zune amazonmp promotional prerelease leak leaked proper
    """)
# A piece of nothing but these, signs and fillers was added too.
KNOWN = SIGNS | _words_of("""
    non version verison ver std album original standard full us usa uk eu jp international copy digital download
    stereo mono hybrid audio track tracks set release released stream streaming exclusive hq hd mastered master log
    cue artwork press cassette tape
    """)
FILLERS = _words_of("""
    a an the and of with in en new box gold hi res bit incl including plus only pa row int intl special spatial
    reality europe european america american japan japanese germany german france french italy italian australia
    australian canada canadian spain brazil mexico korea korean russia china sweden holland first case jewel
    immersion experience mini paper sleeve free self online internet music studio masters video apple opus ed uncut
    uncensored
    """)
# Labels of one word, which could be anything else in a bracket. One of more words is recognised by their number.
LABELS = _words_of("""
    warp merck kompakt hyperdub motown nonesuch matador epitaph roadrunner ipecac kranky ghostly anticon ostgut
    ecm emi rca rykodisc earache napalm telarc chandos naxos hyperion decca polydor philips verve elektra geffen
    parlophone hefty morr capitol columbia sony magnatune jamendo monotonik
    """)
COMPILATIONS = _words_of("best greatest hits very collection collected essential anthology history")
# A piece with one of these tells of other music, as do those of every title (see is_other_music).
OTHER_MUSIC = _words_of("""
    remixed mixed unmixed mixtape rmx edits rework reworks reworked reworking revisited reimagined
    reconstructed reconstruction redux reloaded reprise rerecorded recorded recording reinterpreted
    reinterpretations interpretations variations versions renditions deconstructed stripped naked raw chopped
    screwed slowed sped nightcore chiptune lofi cappella acapella acapellas acappella vocal vocals beats
    orchestrated commentary interview interviews audiobook documentary cast broadway musical
    theatre theater tour bbc radio broadcast concert peel festival unreleased lost leftovers extras bside bsides
    alternate alternative early rehearsal rehearsals tapes companion sequel prequel prologue epilogue single
    singles ep maxi bootleg medley dj megamix dubs dubbed volumes parts chapter chapters act season episode
    phase book saga split side repackage edit movie espanol ingles deutsch francais italiano
    guitar solo backing capella arrangement arrangements arranged reimagining home segunda segundo parte teil
    partie deel tome kapitel chapitre capitulo zweiter zweite deuxieme seconda secondo horspiel
    publico strings band take
    """)
FILM_MUSIC = _words_of("film score sampler")
AT_CONCERTS = _words_of("concert tour festival recorded bbc radio broadcast theatre theater")
JOINING = _words_of(
    "with and plus by for from at in vs meets version verison ver album songs music cond conducted conductor feat"
)
IN_ENGLISH = {
    "philharmoniker": "philharmonic",
    "philharmonie": "philharmonic",
    "orchester": "orchestra",
    "orchestre": "orchestra",
    "orkest": "orchestra",
    "symphonieorchester": "symphony",
    "wiener": "vienna",
    "berliner": "berlin",
    "munchner": "munich",
    "moskauer": "moscow",
    "londoner": "london",
}
NO_NAMES = _words_of("version verison ver")
COUNTS = _words_of("one two three four five six ii iii iv v vi vii viii ix x xi xii xiii xiv xv")
COUNTED = _words_of(
    "cd cds cdr bscd xrcd disc disk discs disks dvd lp vinyl bit khz kbps flac mp track tracks bonus"
)
MISSPELLED = ("deluxe", "edition", "remaster", "remastered", "expanded", "anniversary", "reissue", "limited")
